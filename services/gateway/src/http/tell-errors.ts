import type { ApolloServerPlugin } from '@apollo/server';
import { Failure } from '@kneepoint/failures';
import { GraphQLError, type GraphQLFormattedError, OperationTypeNode } from 'graphql';
import type { Context } from '../context.ts';
import { isForTheLog } from '../domain/tell-failure.ts';
import { causeOf, formatError } from './format-error.ts';
import { requireShallow } from './json-depth.ts';
import { RETRY_AFTER_SECONDS, STATUSES } from './statuses.ts';

/** Puts the request's id into errors that go to a client; the log gets the cause of those that the client cannot help. */
export function signErrors(
  formatted: readonly GraphQLFormattedError[],
  errors: readonly unknown[],
  { log, requestId }: { readonly log: Pick<Context['log'], 'error'>; readonly requestId: string },
): GraphQLFormattedError[] {
  return formatted.map((told, index) => {
    if (isForTheLog(told.extensions?.code)) {
      log.error({ err: causeOf(errors[index]), path: told.path }, 'a resolver failed');
    }
    return { ...told, extensions: { ...told.extensions, requestId } };
  });
}

/** What a client of GraphQL over HTTP learns besides the answer: the request's id with each error, and the status of failures that concern it as a whole. */
export function answerHttp(): ApolloServerPlugin<Context> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation: ({ operation, request }) =>
          inform(() => {
            requireShallow(request);
            if (operation?.operation === OperationTypeNode.SUBSCRIPTION) throw needsSocket();
          }),
        willSendResponse({ operation, response: { body, http }, errors = [], contextValue }) {
          if (body.kind === 'single' && body.singleResult.errors !== undefined) {
            const isLost = http.status === 405 && operation?.operation === OperationTypeNode.SUBSCRIPTION;
            // Apollo says of what comes by GET only that it should not.
            const own = isLost ? [formatFailure(needsSocket())] : body.singleResult.errors;
            const told = signErrors(own, errors, contextValue);
            body.singleResult = { ...body.singleResult, errors: told };
            const status = told
              .map(({ extensions }) => STATUSES[String(extensions?.code)])
              .find((found) => found !== undefined);
            if (status !== undefined && !isLost) http.status = status;
            if (status === 503 || status === 429) http.headers.set('retry-after', String(RETRY_AFTER_SECONDS));
          }
          return Promise.resolve();
        },
      }),
  };
}

/** A failure that is met before execution, as Apollo lets a plugin tell of it. */
export async function inform(check: () => void | Promise<void>): Promise<void> {
  try {
    await check();
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    const http = { status: STATUSES[failure.code] ?? 400 };
    throw new GraphQLError(failure.message, { originalError: failure, extensions: { http } });
  }
}

function formatFailure(failure: Failure): GraphQLFormattedError {
  const error = new GraphQLError(failure.message, { originalError: failure });
  return formatError(error.toJSON(), error);
}

function needsSocket(): Failure {
  return new Failure('SUBSCRIPTION_NEEDS_SOCKET', 'a subscription is not served over plain HTTP', {
    fix: 'Open a WebSocket at the same path with the subprotocol graphql-transport-ws, or query the run from time to time.',
  });
}
