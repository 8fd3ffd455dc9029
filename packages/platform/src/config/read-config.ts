import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Failure } from '@kneepoint/failures';
import type { NatsConnectOptions } from '../bus/nats-connection.ts';
import type { BusSettings } from '../bus/settings.ts';
import type { LogLevel } from '../log/create-logger.ts';
import { type Allowed, NOTHING_ALLOWED, parseAllowed } from '../outgoing/addresses.ts';
import type { StoreOptions } from '../store/open-store.ts';
import { type IdentityConfig, toIdentity } from './identity.ts';
import { type Provider, type Settings, SETTINGS } from './settings.ts';

/** What a process needs to know to run; complete, checked, with absolute paths. */
export interface Config {
  readonly databaseUrl: string;
  readonly artifactsUrl: string;
  readonly busUrl: string;
  /** Absolute. */
  readonly dataDir: string;
  readonly provider: Provider;
  /** Most memory of one compute process, in MB. */
  readonly memoryMb: number;
  /** Steps at once in one worker process. */
  readonly concurrency: number;
  /** How long a silent worker keeps its step. */
  readonly leaseSeconds: number;
  readonly host: string;
  readonly port: number;
  /** Where users reach the gateway, when it is not `http://host:port`. */
  readonly publicUrl?: string;
  /** Other origins whose pages may ask the gateway, as `Origin` names them. */
  readonly origins: readonly string[];
  /** Most connections of the gateway, and of one address. */
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** For how long it is kept who did what. */
  readonly auditDays: number;
  /** Where a process tells of itself; 0: nowhere. */
  readonly healthPort: number;
  /** Collector of traces, for `startTracing`. */
  readonly tracesEndpoint?: string;
  readonly logLevel: LogLevel;
  /** For `guardedRequest`. */
  readonly outgoing: Allowed;
  readonly webhooks: {
    /** Seal the secrets of webhooks; the first one is used for new ones. None: they are kept as they are. */
    readonly secretsKeys: readonly string[];
    /** For how long a receiver may be away. */
    readonly retryHours: number;
  };
  /** Who may ask the gateway. */
  readonly identity: IdentityConfig;
  /** What the gateway gives at most. */
  readonly gateway: {
    readonly queryCost: number;
    readonly querySeconds: number;
    readonly answerMb: number;
    readonly queries: number;
    readonly queriesPerMinute: number;
    /** Of a project, at a time. */
    readonly openRuns: number;
  };
  /** For `openBus`. */
  readonly bus: Pick<NatsConnectOptions, 'credentials' | 'tls'> & Pick<BusSettings, 'ackWaitMs'>;
  /** For `openStore`; the gateway adds `baseUrl`. */
  readonly store: Pick<StoreOptions, 'cacheDir' | 'publicUrl' | 'signingKey' | 'accessKey' | 'secretKey'>;
}

/** One address, be it a proxy, never has every connection. */
const SHARE_OF_ADDRESS = 0.75;

/**
 * Reads the environment; what is not set gets the embedded mode's default. Empty counts as not set.
 * Throws CONFIG_INVALID naming the variable, never its value: it may be a secret.
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = SETTINGS.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
    throw new Failure('CONFIG_INVALID', problems.join('; '), {
      where: String(parsed.error.issues[0]?.path[0] ?? 'environment'),
      fix: 'correct the variables named, or unset them for the defaults of the embedded mode',
    });
  }
  return toConfig(parsed.data);
}

function toConfig(settings: Settings): Config {
  const dataDir = resolve(settings.KNEEPOINT_DATA_DIR);
  const tls = present({
    caFile: settings.NATS_CA_FILE,
    certFile: settings.NATS_CERT_FILE,
    keyFile: settings.NATS_KEY_FILE,
  });
  return {
    databaseUrl: settings.DATABASE_URL ?? `pglite://${join(dataDir, 'database')}`,
    artifactsUrl: settings.ARTIFACTS_URL ?? pathToFileURL(join(dataDir, 'artifacts')).href,
    busUrl: settings.BUS_URL,
    dataDir,
    provider: settings.KNEEPOINT_PROVIDER,
    memoryMb: settings.KNEEPOINT_MEMORY_MB,
    concurrency: settings.KNEEPOINT_CONCURRENCY,
    leaseSeconds: settings.KNEEPOINT_LEASE_SECONDS,
    host: settings.HOST,
    port: settings.PORT,
    origins: (settings.KNEEPOINT_ORIGINS?.split(',') ?? []).map((origin) => new URL(origin).origin),
    connections: settings.KNEEPOINT_CONNECTIONS,
    connectionsPerAddress:
      settings.KNEEPOINT_CONNECTIONS_PER_ADDRESS ?? Math.floor(settings.KNEEPOINT_CONNECTIONS * SHARE_OF_ADDRESS),
    auditDays: settings.KNEEPOINT_AUDIT_DAYS,
    healthPort: settings.HEALTH_PORT,
    logLevel: settings.LOG_LEVEL,
    outgoing: parseAllowed(settings.KNEEPOINT_OUTGOING_ALLOW) ?? NOTHING_ALLOWED,
    webhooks: {
      secretsKeys: settings.KNEEPOINT_SECRETS_KEY?.split(',') ?? [],
      retryHours: settings.KNEEPOINT_WEBHOOK_HOURS,
    },
    identity: toIdentity(settings),
    gateway: {
      queryCost: settings.KNEEPOINT_QUERY_COST,
      querySeconds: settings.KNEEPOINT_QUERY_SECONDS,
      answerMb: settings.KNEEPOINT_ANSWER_MB,
      queries: settings.KNEEPOINT_QUERIES,
      queriesPerMinute: settings.KNEEPOINT_QUERIES_PER_MINUTE,
      openRuns: settings.KNEEPOINT_OPEN_RUNS,
    },
    bus: {
      ackWaitMs: settings.KNEEPOINT_LEASE_SECONDS * 1000,
      ...present({
        credentials: settings.NATS_CREDENTIALS,
        tls: Object.keys(tls).length === 0 ? undefined : tls,
      }),
    },
    store: {
      cacheDir: join(dataDir, 'cache'),
      ...present({
        publicUrl: settings.ARTIFACTS_PUBLIC_URL,
        signingKey: settings.KNEEPOINT_SIGNING_KEY,
        accessKey: settings.MINIO_ACCESS_KEY,
        secretKey: settings.MINIO_SECRET_KEY,
      }),
    },
    ...present({
      publicUrl: settings.KNEEPOINT_PUBLIC_URL,
      tracesEndpoint: settings.OTEL_EXPORTER_OTLP_ENDPOINT,
    }),
  };
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Members without a value left out, so that a default is not overwritten by nothing. */
function present<T extends object>(members: T): Present<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>;
}
