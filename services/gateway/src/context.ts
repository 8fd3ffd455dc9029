import type { ArtifactStore, Bus, Config, Database, Logger } from '@kneepoint/platform';
import type { Loaders } from './domain/loaders.ts';
import type { Principal } from './identity/principal.ts';

/** What every resolver works with; loaders live for one request, the rest for the process. */
export interface Services {
  readonly db: Database;
  readonly bus: Bus;
  readonly store: ArtifactStore;
  readonly log: Logger;
  readonly config: Config;
  /** Whether a registration may name a path on this machine: only where the server and its user are one (embedded mode). */
  readonly allowLocalPaths: boolean;
}

export interface Context extends Services {
  readonly principal: Principal;
  readonly loaders: Loaders;
}
