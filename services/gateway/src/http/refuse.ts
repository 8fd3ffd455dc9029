import { type FailureJson, FAILURES } from '@kneepoint/failures';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RETRY_AFTER_SECONDS, STATUSES } from './statuses.ts';
import { failureOf } from '../domain/tell-failure.ts';

type Refusal = FailureJson & { readonly retryable: boolean };

/** Answers what never came as far as a handler, or that one threw: as JSON, with a code; as an answer of GraphQL where GraphQL is served. */
export function answerRefusals(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = failureOf(error);
    if (known !== null) return refuse(request, reply, STATUSES[known.code] ?? 400, known);
    const { statusCode = 500, message } = error;
    if (statusCode < 500)
      return refuse(request, reply, statusCode, { code: 'REQUEST_INVALID', message, retryable: false });
    request.log.error({ err: error, path: pathOf(request) }, 'a request failed');
    return refuse(request, reply, 500, {
      code: 'INTERNAL',
      message: 'The server failed to answer this; its log says why.',
      retryable: FAILURES.INTERNAL.retryable,
    });
  });
  app.setNotFoundHandler((request, reply) =>
    refuse(request, reply, 404, {
      code: 'ROUTE_UNKNOWN',
      message: `nothing is served at this path by ${request.method}`,
      fix: FAILURES.ROUTE_UNKNOWN.cure,
      retryable: false,
    }),
  );
}

/** The path without its query, which may hold a signature. */
export function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0]!;
}

function refuse(request: FastifyRequest, reply: FastifyReply, status: number, refusal: Refusal): FastifyReply {
  const { message, ...extensions } = { ...refusal, requestId: request.id };
  if (status === 503 || status === 429) reply.header('retry-after', RETRY_AFTER_SECONDS);
  // Nobody is to go on sending a body that is not read.
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (!request.raw.readableEnded && (encoding ?? length ?? '0') !== '0') reply.header('connection', 'close');
  const isGraphql = pathOf(request) === '/graphql';
  return reply.code(status).send(isGraphql ? { errors: [{ message, extensions }] } : { message, ...extensions });
}
