import type { IncomingHttpHeaders } from 'node:http';
import { inSpan, type TraceHeaders } from '@kneepoint/platform';
import {
  execute,
  type ExecutionArgs,
  getOperationAST,
  type GraphQLError,
  type GraphQLFormattedError,
  OperationTypeNode,
  subscribe,
} from 'graphql';
import type { OperationResult } from 'graphql-ws';
import { makeHandler } from 'graphql-ws/use/@fastify/websocket';
import type { Context } from '../context.ts';
import { type DocumentLimits, documentReader } from './read-document.ts';
import { traceOf } from './trace-requests.ts';

export interface SocketOptions extends DocumentLimits {
  readonly createContext: () => Context;
  /** For subscriptions, whose every event must find what is new. */
  readonly createLiveContext: () => Context;
  readonly formatError: (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;
}

/** An operation with the trace that it is part of. */
interface Operation extends ExecutionArgs {
  readonly parent: TraceHeaders;
}

/** GraphQL over WebSocket (graphql-transport-ws) under the same limits, and with the same errors and spans, as over HTTP. */
export function createSocketHandler({ createContext, createLiveContext, formatError, ...limits }: SocketOptions) {
  const format = (errors: readonly GraphQLError[]): GraphQLFormattedError[] =>
    errors.map((error) => formatError(error.toJSON(), error));
  const read = documentReader(limits);
  return makeHandler({
    onSubscribe: ({ extra }, _id, { query, operationName, variables, extensions }) => {
      const document = read(query);
      if (!('kind' in document)) return document;
      const isLive = getOperationAST(document, operationName)?.operation === OperationTypeNode.SUBSCRIPTION;
      const operation: Operation = {
        ...{ schema: limits.schema, document, operationName, variableValues: variables },
        contextValue: isLive ? createLiveContext() : createContext(),
        parent: parentOf(extensions, extra.request.headers),
      };
      return operation;
    },
    execute: (args) => traced(args as Operation, execute),
    // The span of a subscription ends when it has begun: what follows may take hours.
    subscribe: (args) => traced(args as Operation, subscribe),
    onNext: (_socket, _id, _payload, _args, result) =>
      result.errors ? { data: result.data ?? null, errors: format(result.errors) } : undefined,
    onError: (_socket, _id, _payload, errors) => format(errors),
  });
}

function traced(operation: Operation, run: (args: ExecutionArgs) => OperationResult): OperationResult {
  const { document, operationName, parent } = operation;
  const type = getOperationAST(document, operationName)?.operation;
  const attributes = type === undefined ? {} : { 'graphql.operation.type': type };
  return inSpan('WS /graphql', { parent, attributes }, async () => run(operation));
}

/** A browser cannot set headers on a socket, and one socket serves many traces: so an operation's own `extensions` come first. */
function parentOf(extensions: Record<string, unknown> | null | undefined, headers: IncomingHttpHeaders): TraceHeaders {
  const own = traceOf(extensions ?? {});
  return own.traceparent === undefined ? traceOf(headers) : own;
}
