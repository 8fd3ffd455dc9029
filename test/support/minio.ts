import { mkdirSync } from 'node:fs';
import { program } from './available.ts';
import { type RunningService, startServer } from './server-process.ts';

const ACCESS = 'kneepoint';
const SECRET = 'kneepoint-secret';

/** MinIO on one folder; the url names a bucket that does not exist yet. */
export function startMinio(bucket = 'artifacts'): Promise<RunningService> {
  return startServer({
    name: 'minio',
    program: program('minio'),
    arguments: (folder, port) => ['server', folder, '--address', `127.0.0.1:${port}`, '--quiet'],
    url: (port) => `s3://${ACCESS}:${SECRET}@127.0.0.1:${port}/${bucket}`,
    prepare: (folder) => mkdirSync(folder, { recursive: true }),
    environment: {
      MINIO_ROOT_USER: ACCESS,
      MINIO_ROOT_PASSWORD: SECRET,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
      GOMEMLIMIT: '512MiB',
    },
    ready: async (port) => {
      const response = await fetch(`http://127.0.0.1:${port}/minio/health/ready`);
      if (!response.ok) throw new Error(`health ${response.status}`);
    },
  });
}
