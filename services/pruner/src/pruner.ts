import {
  type ArtifactStore,
  type Bus,
  type Config,
  type Database,
  type Logger,
  startWorker,
  type Worker,
} from '@kneepoint/platform';
import { PRUNE } from '@kneepoint/workflow';
import { prune } from './prune.ts';

export interface PrunerOptions {
  readonly db: Database;
  readonly bus: Bus;
  readonly store: ArtifactStore;
  readonly log: Logger;
  readonly config: Config;
}

/** Takes prunings from the queue. One at a time: proof, responses and latency use every core. */
export function startPruner(options: PrunerOptions): Promise<Worker> {
  return startWorker({
    ...options,
    service: PRUNE.service,
    concurrency: 1,
    handlers: { [PRUNE.kind]: prune(options) },
  });
}
