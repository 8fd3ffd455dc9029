import { z } from 'zod';
import { LOG_LEVELS } from '../log/create-logger.ts';
import { parseAllowed } from '../outgoing/addresses.ts';
import { DEFAULT_LEASE_SECONDS } from '../work/lease.ts';

export const PROVIDERS = ['cpu', 'cuda', 'auto'] as const;

const text = z.string().min(1, 'is empty');
const path = text;
const url = (pattern: RegExp, example: string) => text.regex(pattern, `is not like ${example}`);
const whole = (from: number, to: number) =>
  z
    .string()
    .regex(/^\d+$/, `is not a whole number from ${from} to ${to}`)
    .transform(Number)
    .refine((value) => value >= from && value <= to, `is not a whole number from ${from} to ${to}`);
const choice = <const T extends readonly string[]>(options: T) =>
  z.enum(options, { error: () => `is not one of ${options.join(', ')}` });

/** Every variable that Kneepoint reads. The rest of the code takes a `Config`, never the environment. */
export const SETTINGS = z.object({
  /** `postgres://user:password@host:5432/database`, or `pglite://` and a folder. */
  DATABASE_URL: url(
    /^(pglite|postgres|postgresql):\/\/./,
    'postgres://user@host/database or pglite:///folder',
  ).optional(),
  /** `s3://ACCESS:SECRET@host:9000/bucket`, `s3://host/bucket?identity=aws` where AWS lends keys, or `file://` and an absolute folder. */
  ARTIFACTS_URL: url(/^(file:\/\/\/|s3:\/\/).+/, 's3://host:9000/bucket or file:///folder').optional(),
  /** The object store as browsers reach it, where that differs from `ARTIFACTS_URL`. */
  ARTIFACTS_PUBLIC_URL: url(/^https?:\/\/[^/]+\/?$/, 'https://artifacts.example.org').optional(),
  /** Keys of the object store, where they are not in `ARTIFACTS_URL`. */
  MINIO_ACCESS_KEY: text.optional(),
  MINIO_SECRET_KEY: text.optional(),
  /** `nats://host:4222`, several separated by commas, or `memory:`. */
  BUS_URL: url(/^(memory:$|(nats|tls):\/\/.+)/, 'nats://host:4222 or memory:').default('memory:'),
  /** NATS credentials file (`.creds`). */
  NATS_CREDENTIALS: path.optional(),
  /** NATS encryption: authority, certificate and key, PEM files. Any of them makes encryption a must. */
  NATS_CA_FILE: path.optional(),
  NATS_CERT_FILE: path.optional(),
  NATS_KEY_FILE: path.optional(),
  /** Folder for everything that the embedded mode keeps, and for caches. */
  KNEEPOINT_DATA_DIR: path.default('./.kneepoint'),
  /** Where networks run. `cuda` fails without a GPU; `auto` takes one when there is one, and says so. */
  KNEEPOINT_PROVIDER: choice(PROVIDERS).default('cpu'),
  /** Most memory that one compute process may take, in MB. */
  KNEEPOINT_MEMORY_MB: whole(256, 1_048_576).default(4_096),
  /** Steps that one worker process works on at once. */
  KNEEPOINT_CONCURRENCY: whole(1, 256).default(1),
  /**
   * Seconds without a sign of life after which a worker is taken for dead and its step is given to another. The bus waits as long for
   * a word about a job, and twice as long may a step be untaken or a cancelation unheard before it is seen to. The same for all processes.
   */
  KNEEPOINT_LEASE_SECONDS: whole(2, 3_600).default(DEFAULT_LEASE_SECONDS),
  /** Secret that signs download and upload addresses of a folder store. Default: a fresh one at each start. */
  KNEEPOINT_SIGNING_KEY: z.string().min(16, 'has fewer than 16 characters').optional(),
  /** The gateway as users reach it, with the path that a proxy puts before its own. Default: `http://HOST:PORT`. */
  KNEEPOINT_PUBLIC_URL: url(
    /^https?:\/\/[^?#]*[^/?#]$/,
    'https://kneepoint.example.org or https://example.org/kneepoint',
  ).optional(),
  /**
   * Other origins whose pages may ask the gateway, separated by commas. Pages of the gateway itself and of KNEEPOINT_PUBLIC_URL always may;
   * all others never.
   */
  KNEEPOINT_ORIGINS: url(
    /^https?:\/\/[^/?#,\s]+(,https?:\/\/[^/?#,\s]+)*$/,
    'https://dashboard.example.org,https://example.org:8443',
  )
    .refine((list) => list.split(',').every((origin) => URL.canParse(origin)), 'has an origin that is no address')
    .optional(),
  /** Most connections that the gateway holds at once; more are closed unanswered. */
  KNEEPOINT_CONNECTIONS: whole(16, 1_000_000).default(2_000),
  /** How many of them one address may have; of version 6 all that share the first half of it. Default: three of four. */
  KNEEPOINT_CONNECTIONS_PER_ADDRESS: whole(1, 1_000_000).optional(),
  /** Address and port that the gateway listens on. Port 0 takes a free one. */
  HOST: text.default('127.0.0.1'),
  PORT: whole(0, 65_535).default(4_000),
  /** Port on which a process tells of itself: /healthz, /readyz, /metrics. 0: none. The gateway has all but the metrics on PORT, too. */
  HEALTH_PORT: whole(0, 65_535).default(0),
  /** OpenTelemetry collector that takes traces by OTLP over HTTP. Default: nothing is traced. */
  OTEL_EXPORTER_OTLP_ENDPOINT: url(/^https?:\/\/.+$/, 'http://collector:4318').optional(),
  /**
   * Whether the gateway asks who asks: `required`, or `none`. Without identities it listens on loopback alone, unless
   * KNEEPOINT_ALLOW_ANYBODY says a second time that anybody who reaches it may do anything.
   */
  KNEEPOINT_AUTH: choice(['required', 'none']).default('required'),
  KNEEPOINT_ALLOW_ANYBODY: choice(['true', 'false']).default('false'),
  /** Token of an administrator of every project, to begin with: a secret of 32 characters or more. */
  KNEEPOINT_ADMIN_TOKEN: text.regex(/^[\x21-\x7e]{32,512}$/, 'is not 32 characters or more without spaces').optional(),
  /** OpenID provider whose bearer tokens are accepted, as its tokens name it, and what they must be for. */
  KNEEPOINT_OIDC_ISSUER: url(/^https?:\/\/[^?#]+$/, 'https://login.example.org').optional(),
  KNEEPOINT_OIDC_AUDIENCE: text.optional(),
  /** The provider's public client for `kneepoint login --device`. Default: the audience. */
  KNEEPOINT_OIDC_CLIENT_ID: text.optional(),
  /** Where its keys are. Default: what its discovery document says. */
  KNEEPOINT_OIDC_JWKS_URL: url(/^https?:\/\/.+$/, 'https://login.example.org/keys').optional(),
  /** Claims with the name of a project, or several, and with a role, or several. */
  KNEEPOINT_OIDC_PROJECT_CLAIM: text.default('kneepoint_project'),
  KNEEPOINT_OIDC_ROLE_CLAIM: text.default('kneepoint_role'),
  /** What values of the role's claim mean, no others then meaning anything: `ml-admins=admin,everyone=viewer`. */
  KNEEPOINT_OIDC_ROLES: text
    .regex(
      /^[^=,]+=(viewer|operator|admin)(,[^=,]+=(viewer|operator|admin))*$/,
      'is not like ml-admins=admin,everyone=viewer',
    )
    .optional(),
  /** Fields that the answer to one GraphQL operation may have, as far as the operation says; see docs/operations.md. */
  KNEEPOINT_QUERY_COST: whole(1_000, 100_000_000).default(50_000),
  /** Seconds that an operation may take, and MB that its answer may have. */
  KNEEPOINT_QUERY_SECONDS: whole(1, 3_600).default(10),
  KNEEPOINT_ANSWER_MB: whole(1, 1_024).default(8),
  /** Operations that a gateway works on at once; eight times as many wait, more are told to come again. */
  KNEEPOINT_QUERIES: whole(1, 10_000).default(16),
  /** What one client may ask for in a minute: an operation counts one, and one more for each thousand fields. 0: any number. */
  KNEEPOINT_QUERIES_PER_MINUTE: whole(0, 100_000_000).default(6_000),
  /** Runs of one project that have not ended; more are not launched until some have. */
  KNEEPOINT_OPEN_RUNS: whole(1, 1_000_000).default(1_000),
  /** Days after which `kneepoint gc` forgets who did what. */
  KNEEPOINT_AUDIT_DAYS: whole(1, 36_500).default(400),
  /**
   * What requests to addresses that users name may reach though it is not public: host names, addresses and ranges, separated by commas.
   */
  KNEEPOINT_OUTGOING_ALLOW: text
    .refine((list) => parseAllowed(list) !== undefined, 'is not like hooks.internal,10.1.0.0/16')
    .optional(),
  /**
   * Seals secrets that the database has to keep so that they can be used, such as those that sign webhooks: 32 characters or more. Several,
   * separated by commas: the first one seals, all of them open.
   */
  KNEEPOINT_SECRETS_KEY: text
    .regex(/^[\x21-\x2b\x2d-\x7e]{32,}(,[\x21-\x2b\x2d-\x7e]{32,})*$/, 'is not 32 characters or more without spaces')
    .optional(),
  /** Hours for which a webhook's receiver may be away before it is turned off, and an event given up. */
  KNEEPOINT_WEBHOOK_HOURS: whole(1, 720).default(72),
  LOG_LEVEL: choice(LOG_LEVELS).default('info'),
});

export type Provider = (typeof PROVIDERS)[number];
export type Settings = z.infer<typeof SETTINGS>;
