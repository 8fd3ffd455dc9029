import { unwrapResolverError } from '@apollo/server/errors';
import { Failure } from '@kneepoint/failures';
import type { Logger } from '@kneepoint/platform';
import type { GraphQLFormattedError } from 'graphql';

/**
 * What a client sees of an error: a Failure with its code, where and fix; a mistake in the query as GraphQL says it; anything
 * else only as INTERNAL, with the cause in the log.
 */
export function createErrorFormatter(log: Logger) {
  return (formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError => {
    const cause = unwrapResolverError(error);
    if (cause instanceof Failure && cause.code !== 'INTERNAL') {
      const { message, ...extensions } = cause.toJSON();
      return { ...formatted, message, extensions };
    }
    const code = formatted.extensions?.code;
    if (cause === error && code !== 'INTERNAL_SERVER_ERROR') {
      return {
        message: formatted.message,
        ...(formatted.locations ? { locations: formatted.locations } : {}),
        // Only Apollo gives every mistake a code; over WebSocket there is none.
        extensions: { code: code ?? 'GRAPHQL_VALIDATION_FAILED' },
      };
    }
    log.error({ err: cause, path: formatted.path }, 'a resolver failed');
    return {
      message: 'The server failed to answer this; its log says why.',
      ...(formatted.path ? { path: formatted.path } : {}),
      extensions: { code: 'INTERNAL' },
    };
  };
}
