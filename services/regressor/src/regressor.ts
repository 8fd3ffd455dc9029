import { type ServiceParts, startWorker, type Worker } from '@kneepoint/platform';
import { TaskPool } from '@kneepoint/runtime';
import { REGRESS } from '@kneepoint/workflow';
import { layersAtOnce } from './layers-at-once.ts';
import { regress } from './regress.ts';
import type { RegressTaskInput, RegressTaskResult } from './tasks/regress.task.ts';

const TASK = new URL('./tasks/regress.task.ts', import.meta.url);
const TIMEOUT_MS = 3600_000;

/**
 * Takes regressions from the queue, as many at once as it has cores and memory for: each runs on one thread. A model has many layers and
 * each is quick, so the child processes stay warm between them.
 */
export async function startRegressor(options: ServiceParts): Promise<Worker> {
  const { config } = options;
  const concurrency = layersAtOnce(config);
  const pool = new TaskPool<RegressTaskInput, readonly RegressTaskResult[]>(TASK, {
    size: concurrency,
    memoryMb: config.memoryMb,
    timeoutMs: TIMEOUT_MS,
  });
  const worker = await startWorker({
    ...options,
    service: REGRESS.service,
    concurrency,
    handlers: { [REGRESS.kind]: regress(config, pool) },
  });
  return {
    ...worker,
    stop: async (limits) => {
      await worker.stop(limits);
      await pool.close();
    },
  };
}
