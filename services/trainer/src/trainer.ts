import { type ServiceParts, startWorker, type Worker } from '@kneepoint/platform';
import { FINETUNE } from '@kneepoint/workflow';
import { finetune } from './finetune.ts';
import { reportHandlers } from './report/handlers.ts';

/** Takes trainings, benchmarks and reports from the queue. One at a time: training and timing use every core. */
export function startTrainer(options: ServiceParts): Promise<Worker> {
  return startWorker({
    ...options,
    service: FINETUNE.service,
    concurrency: 1,
    handlers: {
      [FINETUNE.kind]: finetune(options),
      ...reportHandlers(options),
    },
  });
}
