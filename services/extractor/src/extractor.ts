import {
  type ArtifactStore,
  type Bus,
  type Config,
  type Database,
  type Logger,
  startWorker,
  type Worker,
} from '@kneepoint/platform';
import { EXTRACT, IMPORT_DATASET, IMPORT_MODEL } from '@kneepoint/workflow';
import { extract } from './handlers/extract.ts';
import { importDataset } from './handlers/import-dataset.ts';
import { importModel } from './handlers/import-model.ts';

export interface ExtractorOptions {
  readonly db: Database;
  readonly bus: Bus;
  readonly store: ArtifactStore;
  readonly log: Logger;
  readonly config: Config;
}

/** Takes imports and extractions from the queue. One at a time: the runtime uses every core by itself. */
export function startExtractor(options: ExtractorOptions): Promise<Worker> {
  return startWorker({
    ...options,
    service: EXTRACT.service,
    concurrency: 1,
    handlers: {
      [IMPORT_MODEL.kind]: importModel(options),
      [IMPORT_DATASET.kind]: importDataset(options),
      [EXTRACT.kind]: extract(options),
    },
  });
}
