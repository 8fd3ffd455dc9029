import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfig } from './read-config.ts';
import { redactUrl } from './redact-url.ts';

describe('readConfig', () => {
  test('an empty environment is the embedded mode in ./.kneepoint', () => {
    const dataDir = resolve('.kneepoint');
    expect(readConfig({})).toEqual({
      databaseUrl: `pglite://${dataDir}/database`,
      artifactsUrl: `file://${dataDir}/artifacts`,
      busUrl: 'memory:',
      dataDir,
      provider: 'cpu',
      memoryMb: 4_096,
      concurrency: 1,
      leaseSeconds: 30,
      host: '127.0.0.1',
      port: 4_000,
      origins: [],
      connections: 2_000,
      connectionsPerAddress: 1_500,
      auditDays: 400,
      gateway: {
        ...{ queryCost: 50_000, querySeconds: 10, answerMb: 8, queries: 16 },
        ...{ queriesPerMinute: 6_000, openRuns: 1_000 },
      },
      healthPort: 0,
      webhooks: { retryHours: 72, secretsKeys: [] },
      logLevel: 'info',
      outgoing: { names: new Set(), ranges: [] },
      identity: { auth: 'required', allowAnybody: false },
      bus: { ackWaitMs: 30_000 },
      store: { cacheDir: `${dataDir}/cache` },
    });
  });

  test('every production setting arrives where it is used', () => {
    const config = readConfig({
      DATABASE_URL: 'postgres://kp:secret@db:5432/kp',
      ARTIFACTS_URL: 's3://minio:9000/artifacts',
      ARTIFACTS_PUBLIC_URL: 'https://artifacts.example.org',
      MINIO_ACCESS_KEY: 'access',
      MINIO_SECRET_KEY: 'secret',
      BUS_URL: 'nats://a:4222,nats://b:4222',
      NATS_CREDENTIALS: '/run/nats.creds',
      NATS_CA_FILE: '/run/ca.pem',
      KNEEPOINT_DATA_DIR: '/var/lib/kneepoint',
      KNEEPOINT_PROVIDER: 'cuda',
      KNEEPOINT_MEMORY_MB: '8192',
      KNEEPOINT_CONCURRENCY: '2',
      KNEEPOINT_LEASE_SECONDS: '60',
      KNEEPOINT_SIGNING_KEY: '0123456789abcdef',
      KNEEPOINT_PUBLIC_URL: 'https://kneepoint.example.org/prefix',
      KNEEPOINT_ORIGINS: 'https://Dashboard.example.org:443,http://localhost:5173',
      HOST: '0.0.0.0',
      PORT: '80',
      HEALTH_PORT: '9100',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      LOG_LEVEL: 'debug',
    });
    expect(config).toMatchObject({
      databaseUrl: 'postgres://kp:secret@db:5432/kp',
      artifactsUrl: 's3://minio:9000/artifacts',
      busUrl: 'nats://a:4222,nats://b:4222',
      provider: 'cuda',
      memoryMb: 8_192,
      leaseSeconds: 60,
      concurrency: 2,
      host: '0.0.0.0',
      port: 80,
      healthPort: 9_100,
      tracesEndpoint: 'http://collector:4318',
      publicUrl: 'https://kneepoint.example.org/prefix',
      origins: ['https://dashboard.example.org', 'http://localhost:5173'],
      logLevel: 'debug',
      identity: { auth: 'required', allowAnybody: false },
      bus: { credentials: '/run/nats.creds', tls: { caFile: '/run/ca.pem' } },
      store: {
        cacheDir: '/var/lib/kneepoint/cache',
        publicUrl: 'https://artifacts.example.org',
        signingKey: '0123456789abcdef',
        accessKey: 'access',
        secretKey: 'secret',
      },
    });
  });

  test('a variable that is set but empty counts as not set', () => {
    expect(readConfig({ BUS_URL: '', PORT: '', KNEEPOINT_SIGNING_KEY: '' })).toEqual(readConfig({}));
  });

  test.each([
    ['DATABASE_URL', 'mysql://root:hunter2@db/kp'],
    ['ARTIFACTS_URL', 'file://relative'],
    ['ARTIFACTS_PUBLIC_URL', 'https://host/path'],
    ['BUS_URL', 'memory:extra'],
    ['KNEEPOINT_PROVIDER', 'gpu'],
    ['KNEEPOINT_MEMORY_MB', '12'],
    ['KNEEPOINT_CONCURRENCY', '1.5'],
    ['KNEEPOINT_SIGNING_KEY', 'short'],
    ['KNEEPOINT_AUTH', 'maybe'],
    ['KNEEPOINT_ADMIN_TOKEN', 'short'],
    ['KNEEPOINT_OIDC_ROLES', 'everyone=owner'],
    ['KNEEPOINT_ORIGINS', 'everywhere'],
    ['KNEEPOINT_ORIGINS', 'https://host/path'],
    ['PORT', '70000'],
    ['PORT', 'http'],
    ['KNEEPOINT_OUTGOING_ALLOW', '10.0.0.0/40'],
    ['LOG_LEVEL', 'loud'],
  ])('%s = %s is refused by name, without repeating the value', (name, value) => {
    const read = (): unknown => readConfig({ [name]: value });
    expect(read).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', where: name }));
    expect(read).toThrow(new RegExp(`^${name} (is not|has fewer)`));
    expect(read).not.toThrow(new RegExp(value));
  });

  test('an issuer of tokens is named with whom they must be for', () => {
    const issuer = { KNEEPOINT_OIDC_ISSUER: 'https://login.example.org' };
    expect(() => readConfig(issuer)).toThrow(expect.objectContaining({ where: 'KNEEPOINT_OIDC_AUDIENCE' }));
    const { oidc } = readConfig({
      ...issuer,
      KNEEPOINT_OIDC_AUDIENCE: 'kp',
      KNEEPOINT_OIDC_ROLES: 'ml=operator',
    }).identity;
    expect(oidc).toEqual({
      ...{ issuer: 'https://login.example.org', audience: 'kp', clientId: 'kp' },
      ...{ projectClaim: 'kneepoint_project', roleClaim: 'kneepoint_role' },
      // A group that happens to be called admin is none.
      roles: { ml: 'operator' },
    });
  });

  test('all that is wrong is said at once', () => {
    expect(() => readConfig({ PORT: 'x', LOG_LEVEL: 'y' })).toThrow(/PORT .*; LOG_LEVEL /);
  });
});

test.each([
  ['postgres://kp:s3cret@db:5432/kp?sslmode=require', 'postgres://db:5432/kp'],
  ['postgres://kp:s3@cret@db/kp', 'postgres://db/kp'],
  ['nats://u:s3cret@a:4222,nats://u:s3cret@b:4222', 'nats://a:4222,nats://b:4222'],
  ['s3://A:s3cret@minio:9000/bucket?public=https://x', 's3://minio:9000/bucket'],
  ['memory:', 'memory:'],
])('%s is shown without its secrets', (url, shown) => expect(redactUrl(url)).toBe(shown));
