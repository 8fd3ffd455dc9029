import { inSpan, type TraceHeaders } from '@kneepoint/platform';
import type { FastifyInstance } from 'fastify';

/** Gives every GraphQL request a span, as part of the caller's trace where it sends a `traceparent`: a launched run then belongs to it. */
export function traceRequests(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    // a socket stays open for hours, which is no request: its operations have spans of their own
    if (request.routeOptions.url !== '/graphql' || request.headers.upgrade !== undefined) return done();
    void inSpan(`${request.method} /graphql`, { parent: traceOf(request.headers) }, () => {
      const answered = new Promise<void>((resolve) => reply.raw.once('close', resolve));
      // what follows runs within the span
      done();
      return answered;
    });
  });
}

/** The caller's trace context, as far as it sent one. */
export function traceOf({ traceparent, tracestate }: Readonly<Record<string, unknown>>): TraceHeaders {
  return {
    ...(typeof traceparent === 'string' ? { traceparent } : {}),
    ...(typeof tracestate === 'string' ? { tracestate } : {}),
  };
}
