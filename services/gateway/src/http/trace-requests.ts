import { inSpan } from '@kneepoint/platform';
import type { FastifyInstance } from 'fastify';

/** Gives every GraphQL request a span, as part of the caller's trace where it sends a `traceparent`: a launched run then belongs to it. */
export function traceRequests(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    // a socket stays open for hours, which is no request
    if (request.routeOptions.url !== '/graphql' || request.headers.upgrade !== undefined) return done();
    const { traceparent, tracestate } = request.headers;
    const parent = {
      ...(typeof traceparent === 'string' ? { traceparent } : {}),
      ...(typeof tracestate === 'string' ? { tracestate } : {}),
    };
    void inSpan(`${request.method} /graphql`, { parent }, () => {
      const answered = new Promise<void>((resolve) => reply.raw.once('close', resolve));
      // what follows runs within the span
      done();
      return answered;
    });
  });
}
