import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { available } from '../../../test/support/available.ts';
import { makeCertificate } from '../../../test/support/certificate.ts';
import { startMinio } from '../../../test/support/minio.ts';
import { startNats } from '../../../test/support/nats.ts';
import { startPostgres } from '../../../test/support/postgres.ts';

const SCRIPT = fileURLToPath(new URL('./testing/connect-all.ts', import.meta.url));

it.skipIf(!available('postgres', 'minio', 'nats-server'))(
  'every connection trusts the authority that NODE_EXTRA_CA_CERTS names, and without it says what to name',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kneepoint-trust-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const tls = makeCertificate(folder);
    const [postgres, minio, nats] = await Promise.all([
      startPostgres({ tls }),
      startMinio('artifacts', { tls }),
      startNats({ tls }),
    ]);
    onTestFinished(async () => void (await Promise.all([postgres, minio, nats].map((server) => server.stop()))));
    const paths: string[] = [];
    const collector = createServer(
      { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) },
      (request, response) => {
        paths.push(request.url ?? '');
        request.resume().on('end', () => response.end('{}'));
      },
    ).listen(0, '127.0.0.1');
    onTestFinished(() => void collector.close());
    await once(collector, 'listening');

    const connect = async (more: NodeJS.ProcessEnv): Promise<Readonly<Record<string, string>>> => {
      const env = {
        ...{ PATH: process.env['PATH'], NODE_ENV: 'test' },
        DATABASE_URL: `${postgres.url}?sslmode=verify-full`,
        ARTIFACTS_URL: minio.url,
        BUS_URL: nats.url.replace('nats:', 'tls:'),
        KNEEPOINT_DATA_DIR: folder,
        OTEL_EXPORTER_OTLP_ENDPOINT: `https://127.0.0.1:${(collector.address() as AddressInfo).port}`,
        ...more,
      };
      const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', SCRIPT], { env });
      return JSON.parse(stdout) as Readonly<Record<string, string>>;
    };
    const [strange, trusted] = await Promise.all([connect({}), connect({ NODE_EXTRA_CA_CERTS: tls.authorityFile })]);
    expect(trusted).toEqual({ database: 'open', store: 'open', bus: 'open', fetch: 'open' });
    expect(paths).toEqual(['/', '/v1/traces']);
    const fix = /: name the host as its certificate does, and let NODE_EXTRA_CA_CERTS name the file/;
    expect(strange['database']).toMatch(new RegExp(`^DATABASE_UNAVAILABLE${fix.source}`));
    expect(strange['store']).toMatch(new RegExp(`^STORE_MISCONFIGURED${fix.source}`));
    expect(strange['bus']).toMatch(new RegExp(`^BUS_MISCONFIGURED${fix.source}`));
    expect(strange['fetch']).toMatch(/certificate/);
  },
);
