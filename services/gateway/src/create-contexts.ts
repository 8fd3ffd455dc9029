import type { Context, Services } from './context.ts';
import { createLoaders, forOneRequest, type Loaders } from './domain/loaders.ts';
import type { Principal } from './identity/principal.ts';

export interface Contexts {
  forRequest(principal: Principal, requestId: string): Context;
  /** For subscriptions, whose every event must find what is new. */
  forSubscription(principal: Principal, requestId: string): Context;
}

/** Makes what resolvers work with: the database and the loaders are those of the principal's project, so that nothing else can be reached. */
export function createContexts({ localToken: _localToken, ...services }: Services): Contexts {
  /** Those who work in one project read together. */
  const shared = new Map<string, Loaders>();
  const loadersOf = ({ id }: Principal['project']): Loaders => {
    const loaders = shared.get(id) ?? createLoaders({ db: services.db.forProject(id) });
    shared.set(id, loaders);
    return loaders;
  };
  const context = (principal: Principal, requestId: string, loaders: Loaders): Context => ({
    ...services,
    ...{ principal, requestId, loaders },
    db: services.db.forProject(principal.project.id),
    everything: principal.everywhere ? services.db : null,
    // The files of this machine are no project's.
    allowLocalPaths: services.allowLocalPaths && principal.everywhere,
    log: services.log.child({ request: requestId }),
  });
  return {
    forRequest: (principal, requestId) => context(principal, requestId, forOneRequest(loadersOf(principal.project))),
    forSubscription: (principal, requestId) => context(principal, requestId, loadersOf(principal.project)),
  };
}
