import type { Context, Services } from './context.ts';
import { createLoaders, forOneRequest, type Loaders } from './domain/loaders.ts';
import { ProjectRuns } from './domain/project-runs.ts';
import type { Principal } from './identity/principal.ts';

/** What those who work in one project have in common. */
type Shared = Pick<Context, 'db' | 'loaders' | 'projectRuns'>;

export interface Contexts {
  forRequest(principal: Principal, requestId: string): Context;
  /** For subscriptions, whose every event must find what is new. */
  forSubscription(principal: Principal, requestId: string): Context;
}

/** Makes what resolvers work with: the database and the loaders are those of the principal's project, so that nothing else can be reached. */
export function createContexts({ localToken: _localToken, ...services }: Services): Contexts {
  /** Those who work in one project read together. */
  const shared = new Map<string, Shared>();
  const sharedBy = ({ id }: Principal['project']): Shared => {
    const known = shared.get(id);
    if (known !== undefined) return known;
    const db = services.db.forProject(id);
    const made = { db, loaders: createLoaders({ db }), projectRuns: new ProjectRuns({ db, bus: services.bus }) };
    shared.set(id, made);
    return made;
  };
  const context = (principal: Principal, requestId: string, loaders?: Loaders): Context => ({
    ...services,
    ...sharedBy(principal.project),
    ...(loaders === undefined ? {} : { loaders }),
    ...{ principal, requestId },
    everything: principal.everywhere ? services.db : null,
    // The files of this machine are no project's.
    allowLocalPaths: services.allowLocalPaths && principal.everywhere,
    log: services.log.child({ request: requestId }),
  });
  return {
    forRequest: (principal, requestId) =>
      context(principal, requestId, forOneRequest(sharedBy(principal.project).loaders)),
    forSubscription: (principal, requestId) => context(principal, requestId),
  };
}
