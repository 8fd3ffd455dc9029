import type { Context, Services } from './context.ts';
import { createLiveLoaders, createLoaders, type Loaders } from './domain/loaders.ts';
import type { Principal } from './identity/principal.ts';

export interface Contexts {
  forRequest(principal: Principal, requestId: string): Context;
  /** For subscriptions, whose every event must find what is new. */
  forSubscription(principal: Principal, requestId: string): Context;
}

/** Makes what resolvers work with: the database and the loaders are those of the principal's project, so that nothing else can be reached. */
export function createContexts({ localToken: _localToken, ...services }: Services): Contexts {
  /** Those who watch runs of one project read together. */
  const live = new Map<string, Loaders>();
  const context = (principal: Principal, requestId: string, loaders: Loaders): Context => ({
    ...services,
    ...{ principal, requestId, loaders },
    db: services.db.forProject(principal.project.id),
    everything: principal.everywhere ? services.db : null,
    log: services.log.child({ request: requestId }),
  });
  return {
    forRequest: (principal, requestId) =>
      context(principal, requestId, createLoaders({ db: services.db.forProject(principal.project.id) })),
    forSubscription(principal, requestId) {
      const { id } = principal.project;
      const loaders = live.get(id) ?? createLiveLoaders({ db: services.db.forProject(id) });
      live.set(id, loaders);
      return context(principal, requestId, loaders);
    },
  };
}
