import type { Bus } from './bus/bus.ts';
import type { Config } from './config/read-config.ts';
import type { Database } from './database/database.ts';
import type { Logger } from './log/create-logger.ts';
import type { ArtifactStore } from './store/artifact-store.ts';

/** What every service is started with; whoever opened them closes them. */
export interface ServiceParts {
  readonly db: Database;
  readonly bus: Bus;
  readonly store: ArtifactStore;
  readonly log: Logger;
  readonly config: Config;
}
