import type { Config } from '@kneepoint/platform';
import type { FastifyInstance } from 'fastify';

/** It changes with the gateway's settings alone. */
const CACHE = 'public, max-age=300';

/** Tells clients how one logs in, without being asked who they are: which issuer, and as which of its clients. */
export function registerAuthRoute(app: FastifyInstance, { identity: { auth, oidc } }: Pick<Config, 'identity'>): void {
  const answer =
    oidc === undefined ? { auth } : { auth, issuer: oidc.issuer, clientId: oidc.clientId, audience: oidc.audience };
  app.get('/auth', (_request, reply) => reply.header('cache-control', CACHE).send(answer));
}
