import { type ServiceParts, startWorker, type Worker } from '@kneepoint/platform';
import { PRUNE, TRUNCATE } from '@kneepoint/workflow';
import { prune } from './prune.ts';
import { truncate } from './truncate.ts';

/** Takes prunings and truncations from the queue. One at a time: proof, responses and latency use every core. */
export function startPruner(options: ServiceParts): Promise<Worker> {
  return startWorker({
    ...options,
    service: PRUNE.service,
    concurrency: 1,
    handlers: { [PRUNE.kind]: prune(options), [TRUNCATE.kind]: truncate(options) },
  });
}
