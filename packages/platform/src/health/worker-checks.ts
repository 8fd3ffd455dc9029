import type { ServiceParts } from '../service-parts.ts';
import type { Worker } from '../work/start-worker.ts';
import { NotReady, type ReadinessChecks } from './readiness.ts';

/**
 * What a worker must be able to do to be of use: reach the database, and hold what it has claimed. Bus and store are not in it: restarting or
 * setting aside a worker mends neither, and `kneepoint_dependency_up` tells of them.
 */
export function workerChecks({ db }: Pick<ServiceParts, 'db'>, worker: Worker): ReadinessChecks {
  return {
    database: () => db.health(),
    heartbeat: () => {
      const { heartbeatAgeSeconds, leaseSeconds, state } = worker.status();
      if (state === 'stopping') return Promise.reject(new NotReady('the worker is stopping'));
      if (heartbeatAgeSeconds === null || heartbeatAgeSeconds < leaseSeconds) return Promise.resolve();
      return Promise.reject(new NotReady(`no heartbeat for ${Math.round(heartbeatAgeSeconds)} s`));
    },
  };
}

/** What a process stands on, for its metrics. */
export function dependencyChecks({ db, bus, store }: Pick<ServiceParts, 'db' | 'bus' | 'store'>): ReadinessChecks {
  return { database: () => db.health(), bus: () => bus.health(), artifacts: () => store.health() };
}
