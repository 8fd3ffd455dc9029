import {
  type DocumentNode,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  parse,
  specifiedRules,
  validate,
  type ValidationRule,
} from 'graphql';
import { makeHandler } from 'graphql-ws/use/@fastify/websocket';
import type { Context } from '../context.ts';

export interface SocketOptions {
  readonly schema: GraphQLSchema;
  readonly createContext: () => Context;
  /** Limits on top of GraphQL's own rules. */
  readonly rules: readonly ValidationRule[];
  readonly maxTokens: number;
  readonly formatError: (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;
}

/** GraphQL over WebSocket (graphql-transport-ws) under the same limits, and with the same errors, as over HTTP. */
export function createSocketHandler({ schema, createContext, rules, maxTokens, formatError }: SocketOptions) {
  const format = (errors: readonly GraphQLError[]): GraphQLFormattedError[] =>
    errors.map((error) => formatError(error.toJSON(), error));
  const read = (query: string): DocumentNode | readonly GraphQLError[] => {
    try {
      const document = parse(query, { maxTokens });
      const errors = validate(schema, document, [...specifiedRules, ...rules]);
      return errors.length > 0 ? errors : document;
    } catch (error) {
      // The parser and the limits throw; left alone, that would end the whole connection.
      if (error instanceof GraphQLError) return [error];
      throw error;
    }
  };
  return makeHandler({
    context: createContext,
    onSubscribe: (_socket, _id, { query, operationName, variables }) => {
      const document = read(query);
      return 'kind' in document ? { schema, document, operationName, variableValues: variables } : document;
    },
    onNext: (_socket, _id, _payload, _args, result) =>
      result.errors ? { data: result.data ?? null, errors: format(result.errors) } : undefined,
    onError: (_socket, _id, _payload, errors) => format(errors),
  });
}
