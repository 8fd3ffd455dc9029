import type { Config } from '@kneepoint/platform';
import type { FastifyInstance } from 'fastify';

/** Tells clients how one logs in, without being asked who they are: which issuer, and as which of its clients. */
export function registerAuthRoute(app: FastifyInstance, { identity: { auth, oidc } }: Pick<Config, 'identity'>): void {
  const answer =
    oidc === undefined ? { auth } : { auth, issuer: oidc.issuer, clientId: oidc.clientId, audience: oidc.audience };
  app.get('/auth', () => answer);
}
