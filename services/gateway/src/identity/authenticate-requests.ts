import { Failure } from '@kneepoint/failures';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Rate } from '../limits/rate.ts';
import type { Authenticator } from './authenticator.ts';
import { readCredentials } from './credentials.ts';
import type { Principal } from './principal.ts';

const principals = new WeakMap<FastifyRequest, Principal>();

/** Lets only known principals ask GraphQL over HTTP. The page needs none, and sockets say who they are in their first message. */
export function authenticateRequests(app: FastifyInstance, authenticator: Authenticator, rate: Rate): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.url !== '/graphql' || request.ws || wantsPage(request)) return;
    // Should it be refused, this says how to ask.
    reply.header('www-authenticate', 'Bearer');
    try {
      principals.set(request, await authenticator.authenticate(readCredentials(request.headers)));
    } catch (error) {
      const { code, message } = Failure.from(error);
      request.log.info({ code, reason: message, address: request.ip }, 'nobody was let in');
      throw error;
    }
    reply.removeHeader('www-authenticate');
    // Reading a document costs time, whatever comes of it.
    await rate(principalOf(request), 1);
  });
}

export function principalOf(request: FastifyRequest): Principal {
  const principal = principals.get(request);
  if (principal === undefined) throw new Error('a request was answered before anybody asked who sent it');
  return principal;
}

/** A browser that navigates here gets the editor; a GraphQL client asks for JSON. */
export function wantsPage({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && headers.accept?.includes('text/html') === true;
}
