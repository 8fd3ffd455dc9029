import type { ArtifactStore, Bus, Config, Database, Logger } from '@kneepoint/platform';
import type { Loaders } from './domain/loaders.ts';
import type { ProjectRuns } from './domain/project-runs.ts';
import type { Principal } from './identity/principal.ts';

/** What every resolver works with; loaders live for one request, the rest for the process. */
export interface Services {
  readonly db: Database;
  readonly bus: Bus;
  readonly store: ArtifactStore;
  readonly log: Logger;
  readonly config: Config;
  /** Whether a registration may name a path on this machine: only where the server and its user are one (embedded mode), and by no one of a project. */
  readonly allowLocalPaths: boolean;
  /** Lets in whoever sits at the machine of an embedded server, and the page that it serves there. */
  readonly localToken?: string;
}

/** The database is that of the principal's project: rows of others are not there. */
export interface Context extends Omit<Services, 'localToken'> {
  /** Tells this request apart from others: in its answer, in the log and in what is recorded of it. Each operation over a socket has its own. */
  readonly requestId: string;
  readonly principal: Principal;
  readonly loaders: Loaders;
  /** Changes of the project's runs, read once for all who watch them. */
  readonly projectRuns: ProjectRuns;
  /** The database with every project, for those whose role holds in all of them; null for everybody else. */
  readonly everything: Database | null;
}
