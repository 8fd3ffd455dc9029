import type { IncomingHttpHeaders } from 'node:http';
import { Failure } from '@kneepoint/failures';
import { inSpan, operationDuration, type TraceHeaders, watchSockets } from '@kneepoint/platform';
import type { FastifyInstance } from 'fastify';
import {
  type ExecutionArgs,
  getOperationAST,
  type GraphQLError,
  type GraphQLFormattedError,
  OperationTypeNode,
} from 'graphql';
import { CloseCode, type Context as SocketContext, type OperationResult } from 'graphql-ws';
import { makeHandler } from 'graphql-ws/use/@fastify/websocket';
import type { Context } from '../context.ts';
import type { Contexts } from '../create-contexts.ts';
import type { Authenticator } from '../identity/authenticator.ts';
import { unauthenticated } from '../identity/bearer.ts';
import { readSocketCredentials } from '../identity/credentials.ts';
import type { Principal } from '../identity/principal.ts';
import type { Sessions } from '../identity/sessions.ts';
import type { AdmitOperation } from '../limits/admit-operation.ts';
import type { Executor } from '../limits/executor.ts';
import type { Limits } from '../limits/limits.ts';
import type { Rate } from '../limits/rate.ts';
import { formatError } from './format-error.ts';
import { liveEvents } from './live-events.ts';
import { codeOf } from './measure-requests.ts';
import { type DocumentLimits, documentReader, refusalOf } from './read-document.ts';
import { SocketRoom } from './socket-room.ts';
import { signErrors } from './tell-errors.ts';
import { traceOf } from './trace-requests.ts';

export interface SocketOptions extends DocumentLimits {
  readonly contexts: Contexts;
  readonly authenticator: Authenticator;
  readonly sessions: Sessions;
  readonly admit: AdmitOperation;
  readonly rate: Rate;
  readonly executor: Executor;
  /** The executor of events: what changes reaches everybody who watches at once. */
  readonly events: Executor;
  readonly bounds: Limits['sockets'];
}

/** What is known of a socket besides itself: who it is for, once that was asked, and how to stop asking. */
type Known = {
  principal?: Principal;
  forget?: () => void;
};

/** An operation with the trace that it is part of. */
interface Operation extends ExecutionArgs {
  readonly contextValue: Context;
  readonly parent: TraceHeaders;
}

/** How long a client that is sent away may take to say goodbye. */
const GOODBYE_MS = 1_000;

/** GraphQL over WebSocket (graphql-transport-ws) under the same limits, and with the same errors and spans, as over HTTP. */
export function createSocketHandler(
  app: FastifyInstance,
  { contexts, authenticator, sessions, admit, rate, executor, events, bounds, ...limits }: SocketOptions,
) {
  const tell = (errors: readonly GraphQLError[], to: Parameters<typeof signErrors>[2]): GraphQLFormattedError[] =>
    signErrors(
      errors.map((error) => formatError(error.toJSON(), error)),
      errors,
      to,
    );
  const read = documentReader(limits);
  const open = new Set<SocketContext>();
  const room = new SocketRoom(bounds, open);
  const forget = watchSockets({ sockets: () => open.size, subscriptions: () => room.watching });
  let operations = 0;
  app.addHook('onClose', (_app, done) => {
    forget();
    done();
  });
  return makeHandler<Record<string, unknown>, Known>({
    onConnect: async (socket) => {
      open.add(socket);
      const { extra, connectionParams } = socket;
      const credentials = readSocketCredentials(connectionParams, extra.request.headers);
      const end = (reason: Failure): void => {
        // Until the client answers the goodbye, what it sends still arrives.
        delete extra.principal;
        extra.socket.close(closeCodeOf(reason), reason.code);
        setTimeout(() => extra.socket.terminate(), GOODBYE_MS).unref();
      };
      try {
        extra.principal = await authenticator.authenticate(credentials);
      } catch (error) {
        const failure = Failure.from(error);
        if (failure.code === 'INTERNAL') extra.request.log.error({ err: error }, 'a socket could not be authenticated');
        end(failure);
        return false;
      }
      // It may have gone meanwhile.
      if (open.has(socket)) extra.forget = sessions.add({ credentials, end });
      return true;
    },
    onClose: (socket) => {
      open.delete(socket);
      socket.extra.forget?.();
    },
    onSubscribe: async (socket, _id, { query, operationName, variables, extensions }) => {
      const { extra } = socket;
      const { principal } = extra;
      const unread = await refusalOf(async () => {
        // Before anything is waited for: those that come meanwhile would count.
        room.require(socket);
        if (principal === undefined) throw unauthenticated('the token is no longer valid');
        await rate(principal, 1);
      });
      if (unread !== null || principal === undefined) return [unread!];
      const document = read(query, { variables, extensions });
      if (!('kind' in document)) return document;
      const refused = await refusalOf(async () => {
        await admit({ document, operationName, variables }, principal);
      });
      if (refused !== null) return [refused];
      const isLive = getOperationAST(document, operationName)?.operation === OperationTypeNode.SUBSCRIPTION;
      const requestId = `${extra.request.id}.${(operations += 1)}`;
      const operation: Operation = {
        ...{ schema: limits.schema, document, operationName, variableValues: variables },
        contextValue: contexts[isLive ? 'forSubscription' : 'forRequest'](principal, requestId),
        parent: parentOf(extensions, extra.request.headers),
      };
      return operation;
    },
    execute: (args) => measured(args as Operation, executor),
    // The span of a subscription ends when it has begun: what follows may take hours.
    subscribe: (args) => measured(args as Operation, (operation) => liveEvents(operation, events)),
    onNext: ({ extra }, _id, _payload, args, result) => {
      room.requireRead(extra.socket);
      return result.errors
        ? { data: result.data ?? null, errors: tell(result.errors, (args as Operation).contextValue) }
        : undefined;
    },
    onError: ({ extra: { request } }, _id, _payload, errors) =>
      tell(errors, { requestId: request.id, log: request.log }),
  });
}

/** As the protocol has it; what passes is told apart from what stays refused, so that a client may come back. */
function closeCodeOf({ code }: Failure): CloseCode {
  if (code === 'FORBIDDEN') return CloseCode.Forbidden;
  return code === 'UNAUTHENTICATED' ? CloseCode.Unauthorized : CloseCode.InternalServerError;
}

function measured(operation: Operation, run: (args: ExecutionArgs) => OperationResult): OperationResult {
  const type = getOperationAST(operation.document, operation.operationName)?.operation ?? 'none';
  const end = operationDuration.startTimer({ transport: 'socket', type });
  return traced(operation, async (args) => {
    const result = await run(args);
    const errors = 'errors' in result ? result.errors?.map((error) => formatError(error.toJSON(), error)) : undefined;
    end({ code: codeOf(errors) });
    return result;
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
