import type { ServiceParts } from '../service-parts.ts';
import type { Worker } from '../work/start-worker.ts';

/** What a worker must be able to do to be of use: reach its three servers, and hold what it has claimed. */
export function workerChecks(
  { db, bus, store }: Pick<ServiceParts, 'db' | 'bus' | 'store'>,
  worker: Worker,
): Readonly<Record<string, () => Promise<void>>> {
  return {
    database: () => db.health(),
    bus: () => bus.health(),
    artifacts: () => store.health(),
    heartbeat: () => {
      const { heartbeatAgeSeconds, leaseSeconds, state } = worker.status();
      if (state === 'stopping') return Promise.reject(new Error('the worker is stopping'));
      if (heartbeatAgeSeconds === null || heartbeatAgeSeconds < leaseSeconds) return Promise.resolve();
      return Promise.reject(new Error(`no heartbeat for ${Math.round(heartbeatAgeSeconds)} s`));
    },
  };
}
