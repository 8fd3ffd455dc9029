import type { ApolloServerPlugin } from '@apollo/server';
import { operationDuration, requestDuration } from '@kneepoint/platform';
import type { FastifyInstance } from 'fastify';
import type { GraphQLFormattedError } from 'graphql';
import type { Context } from '../context.ts';

/** Observes every request that was answered. A socket is none: it stays open for hours. */
export function measureRequests(app: FastifyInstance): void {
  app.addHook('onResponse', (request, { statusCode, elapsedTime }, done) => {
    // Paths hold ids: what is counted is the pattern that they matched.
    const route = request.routeOptions.url ?? 'none';
    if (request.headers.upgrade === undefined) {
      requestDuration.observe({ route, status: String(statusCode) }, elapsedTime / 1000);
    }
    done();
  });
}

/** Observes every operation over HTTP. */
export function measureOperations(): ApolloServerPlugin<Context> {
  return {
    requestDidStart() {
      const end = operationDuration.startTimer({ transport: 'http' });
      return Promise.resolve({
        willSendResponse({ operation, response: { body } }) {
          end({
            type: operation?.operation ?? 'none',
            code: codeOf(body.kind === 'single' ? body.singleResult.errors : undefined),
          });
          return Promise.resolve();
        },
      });
    },
  };
}

/** The code by which an operation is counted. */
export function codeOf(errors: readonly Pick<GraphQLFormattedError, 'extensions'>[] | undefined): string {
  if (errors?.[0] === undefined) return 'OK';
  const code = errors[0].extensions?.code;
  return typeof code === 'string' ? code : 'INTERNAL';
}
