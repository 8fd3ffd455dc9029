import { type ServiceParts, startWorker, type Worker } from '@kneepoint/platform';
import { FINETUNE, QUANTIZE, TEACH } from '@kneepoint/workflow';
import { finetune } from './finetune.ts';
import { quantize } from './quantize.ts';
import { teach } from './teach.ts';
import { reportHandlers } from './report/handlers.ts';

/** Takes trainings, teachers' answers, whole numbers, benchmarks and reports from the queue. One at a time: training and timing use every core. */
export function startTrainer(options: ServiceParts): Promise<Worker> {
  return startWorker({
    ...options,
    service: FINETUNE.service,
    concurrency: 1,
    handlers: {
      [FINETUNE.kind]: finetune(options),
      [TEACH.kind]: teach(options),
      [QUANTIZE.kind]: quantize(options),
      ...reportHandlers(options),
    },
  });
}
