import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { program } from './available.ts';
import type { Certificate } from './certificate.ts';
import { type RunningService, startServer } from './server-process.ts';

const ACCESS = 'kneepoint';
const SECRET = 'kneepoint-secret';

/** MinIO on one folder; the url names a bucket that does not exist yet. With `tls` encrypted, and its url says so. */
export function startMinio(
  bucket = 'artifacts',
  { tls }: { readonly tls?: Certificate } = {},
): Promise<RunningService> {
  return startServer({
    name: 'minio',
    program: program('minio'),
    arguments: (folder, port) => [
      'server',
      folder,
      '--address',
      `127.0.0.1:${port}`,
      '--quiet',
      '--certs-dir',
      join(folder, '.certificates'),
    ],
    url: (port) => `s3://${ACCESS}:${SECRET}@127.0.0.1:${port}/${bucket}${tls === undefined ? '' : '?tls=true'}`,
    prepare: (folder) => {
      mkdirSync(join(folder, '.certificates'), { recursive: true });
      if (tls === undefined) return;
      copyFileSync(tls.certFile, join(folder, '.certificates', 'public.crt'));
      copyFileSync(tls.keyFile, join(folder, '.certificates', 'private.key'));
    },
    environment: {
      MINIO_ROOT_USER: ACCESS,
      MINIO_ROOT_PASSWORD: SECRET,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
      GOMEMLIMIT: '512MiB',
    },
    ready: async (port) => {
      if (tls !== undefined) return answersWith(tls, port);
      const response = await fetch(`http://127.0.0.1:${port}/minio/health/ready`);
      if (!response.ok) throw new Error(`health ${response.status}`);
    },
  });
}

/** `fetch` takes no authority of its own. */
async function answersWith({ authorityFile }: Certificate, port: number): Promise<void> {
  const path = '/minio/health/ready';
  const asking = request({ host: '127.0.0.1', port, path, ca: readFileSync(authorityFile), timeout: 1000 }).end();
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  response.resume();
  if (response.statusCode !== 200) throw new Error(`health ${response.statusCode}`);
}
