import { checkReadiness, metricsRegistry, watchBacklog } from '@kneepoint/platform';
import type { FastifyInstance } from 'fastify';
import type { Services } from '../context.ts';

/**
 * /healthz: the event loop turns. /readyz: every dependency answers, or 503 with the ones that do not. /metrics: what this process
 * and the queues tell Prometheus.
 */
export function registerHealthRoutes(app: FastifyInstance, { db, bus, store }: Services): void {
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const checks = { database: () => db.health(), bus: () => bus.health(), artifacts: () => store.health() };
    const { ready, report } = await checkReadiness(checks);
    return reply.code(ready ? 200 : 503).send(report);
  });
  app.get('/metrics', async (_request, reply) => {
    const text = await metricsRegistry.metrics();
    return reply.type(metricsRegistry.contentType).send(text);
  });
  const forget = watchBacklog(db);
  app.addHook('onClose', (_app, done) => {
    forget();
    done();
  });
}
