import { type ServiceParts, startWorker, type Worker } from '@kneepoint/platform';
import { EXTRACT, IMPORT_DATASET, IMPORT_MODEL, PACKAGE, REPRODUCTION } from '@kneepoint/workflow';
import { extract } from './handlers/extract.ts';
import { importDataset } from './handlers/import-dataset.ts';
import { importModel } from './handlers/import-model.ts';
import { packageNetwork } from './handlers/package-network.ts';
import { reproduction } from './handlers/reproduction.ts';

/** Takes imports, extractions and packages from the queue. One at a time: the runtime uses every core by itself. */
export function startExtractor(options: ServiceParts): Promise<Worker> {
  return startWorker({
    ...options,
    service: EXTRACT.service,
    concurrency: 1,
    handlers: {
      [IMPORT_MODEL.kind]: importModel(options),
      [IMPORT_DATASET.kind]: importDataset(options),
      [EXTRACT.kind]: extract(options),
      [PACKAGE.kind]: packageNetwork(options),
      [REPRODUCTION.kind]: reproduction(options),
    },
  });
}
