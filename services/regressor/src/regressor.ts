import { availableParallelism } from 'node:os';
import {
  type ArtifactStore,
  type Bus,
  type Config,
  type Database,
  type Logger,
  startWorker,
  type Worker,
} from '@kneepoint/platform';
import { REGRESS } from '@kneepoint/workflow';
import { regress } from './regress.ts';

export interface RegressorOptions {
  readonly db: Database;
  readonly bus: Bus;
  readonly store: ArtifactStore;
  readonly log: Logger;
  readonly config: Config;
}

/** Takes regressions from the queue, as many at once as there are cores: each runs on one thread. */
export function startRegressor(options: RegressorOptions): Promise<Worker> {
  return startWorker({
    ...options,
    service: REGRESS.service,
    concurrency: availableParallelism(),
    handlers: { [REGRESS.kind]: regress(options) },
  });
}
