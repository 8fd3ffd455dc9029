import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { program } from './available.ts';
import { type RunningService, startServer } from './server-process.ts';

/** An MLflow server with its registry on SQLite, which hands on files itself. It takes long to start: one for a file of tests. */
export function startMlflow(): Promise<RunningService> {
  return startServer({
    name: 'mlflow',
    program: program('mlflow'),
    arguments: (folder, port) => [
      ...['server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1'],
      ...['--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`],
      ...['--artifacts-destination', join(folder, 'files')],
    ],
    prepare: (folder) => mkdirSync(folder, { recursive: true }),
    url: (port) => `http://127.0.0.1:${port}`,
    ready: async (port) => {
      const { status } = await fetch(`http://127.0.0.1:${port}/version`, { signal: AbortSignal.timeout(2_000) });
      if (status !== 200) throw new Error(`status ${status}`);
    },
    environment: {
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
      MLFLOW_DISABLE_TELEMETRY: 'true',
      DO_NOT_TRACK: 'true',
      PYTHONDONTWRITEBYTECODE: '1',
    },
    startMs: 120_000,
  });
}

/** The Python that MLflow's own client is in. */
export function mlflowPython(): string {
  return join(dirname(program('mlflow')), 'python');
}
