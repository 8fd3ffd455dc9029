import type { FastifyInstance } from 'fastify';
import type { Services } from '../context.ts';

/** /healthz: the event loop turns. /readyz: every dependency answers, or 503 with the ones that do not. */
export function registerHealthRoutes(app: FastifyInstance, { db, bus, store }: Services): void {
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const checks = { database: () => db.health(), bus: () => bus.health(), artifacts: () => store.health() };
    const results = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => {
        try {
          await check();
          return [name, 'ok'] as const;
        } catch (error) {
          return [name, error instanceof Error ? error.message : String(error)] as const;
        }
      }),
    );
    const ready = results.every(([, state]) => state === 'ok');
    return reply
      .code(ready ? 200 : 503)
      .send({ status: ready ? 'ready' : 'not ready', ...Object.fromEntries(results) });
  });
}
