import { unwrapResolverError } from '@apollo/server/errors';
import { Failure, FAILURES } from '@kneepoint/failures';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { failureOf } from '../domain/tell-failure.ts';

/**
 * What a client sees of an error: a Failure with its code, where and fix; a mistake in the query as GraphQL says it; anything
 * else only as INTERNAL. Each says whether the same request may succeed when it is repeated.
 */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const known = failureOf(causeOf(error));
  if (known !== null) {
    const { message, ...extensions } = known;
    return { ...formatted, message, extensions };
  }
  if (!isDefect(formatted, error)) {
    return {
      message: formatted.message,
      ...(formatted.locations ? { locations: formatted.locations } : {}),
      // Only Apollo gives every mistake a code; over WebSocket there is none.
      extensions: { code: formatted.extensions?.code ?? 'GRAPHQL_VALIDATION_FAILED', retryable: false },
    };
  }
  return {
    message: 'The server failed to answer this; its log says why.',
    ...(formatted.path ? { path: formatted.path } : {}),
    extensions: { code: 'INTERNAL', retryable: FAILURES.INTERNAL.retryable },
  };
}

/** Whether an error is one that nobody foresaw. */
function isDefect({ extensions }: GraphQLFormattedError, error: unknown): boolean {
  const cause = causeOf(error);
  if (failureOf(cause) !== null) return false;
  return cause !== error || extensions?.code === 'INTERNAL_SERVER_ERROR';
}

/** What a resolver, a plugin or the source of a subscription threw; the error itself where GraphQL made it. */
export function causeOf(error: unknown): unknown {
  if (!(error instanceof GraphQLError)) return error;
  const { originalError, nodes, path } = error;
  if (originalError === undefined || originalError instanceof GraphQLError) return error;
  const isWrapped = originalError instanceof Failure || (nodes === undefined && path === undefined);
  return isWrapped ? originalError : unwrapResolverError(error);
}
