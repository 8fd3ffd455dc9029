import { dependencyChecks, type HealthServer, readiness, startHealthServer, watchBacklog } from '@kneepoint/platform';
import type { FastifyInstance } from 'fastify';
import type { Services } from '../context.ts';

/** Milliseconds for which all who ask whether the gateway is ready get the same answer: anybody may, and each costs a statement. */
const KEPT_MS = 500;

/**
 * /healthz: the event loop turns. /readyz: the database answers, without which nothing can be; or 503. Both on the port that users reach,
 * for load balancers, and on HEALTH_PORT together with /metrics, which are not for users.
 */
export async function registerHealthRoutes(app: FastifyInstance, services: Services): Promise<void> {
  const { db, config, log } = services;
  const checks = { database: () => db.health() };
  const ready = kept(readiness(checks, log), KEPT_MS);
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const answer = await ready();
    return reply.code(answer.ready ? 200 : 503).send(answer.report);
  });
  const forget = watchBacklog(db);
  let health: HealthServer | undefined;
  if (config.healthPort !== 0) {
    const { host, healthPort: port } = config;
    health = await startHealthServer({ host, port, checks, dependencies: dependencyChecks(services), log });
    log.info({ url: health.url }, 'health server listens');
  }
  app.addHook('onClose', async () => {
    forget();
    await health?.close();
  });
}

/** What `look` last said, for so long; who asks while it looks waits for that. */
export function kept<Value>(look: () => Promise<Value>, milliseconds: number): () => Promise<Value> {
  let latest: Promise<Value> | undefined;
  return () => {
    if (latest !== undefined) return latest;
    const answer = look();
    latest = answer;
    const forget = (): void => void setTimeout(() => (latest = undefined), milliseconds).unref();
    answer.then(forget, forget);
    return answer;
  };
}
