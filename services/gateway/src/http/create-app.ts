import type { Config, Logger } from '@kneepoint/platform';
import fastifyCors from '@fastify/cors';
import fastifyHelmet from '@fastify/helmet';
import fastifyWebsocket from '@fastify/websocket';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { handleProtocols } from 'graphql-ws';
import { createAdmission } from './admission.ts';
import { boundConnections } from './bound-connections.ts';
import { answerRefusals, pathOf } from './refuse.ts';
import { REQUEST_ID_HEADER, requestIdOf } from './request-id.ts';

/** Largest body of a request but for uploads, and largest message over a socket, in bytes. */
const BODY_BYTES = 1 << 20;

/** Milliseconds for whoever sends slowly, or nothing: a connection costs memory for as long as it is there. */
export interface Patience {
  readonly headersMs: number;
  readonly bodyMs: number;
  readonly idleMs: number;
  readonly keepAliveMs: number;
}

const PATIENCE: Patience = {
  ...{ headersMs: 10_000, bodyMs: 30_000, idleMs: 120_000 },
  // Longer than the minute that load balancers keep theirs: the side that ends a connection first must not be the one that is asked.
  keepAliveMs: 65_000,
};
const PREFLIGHT_SECONDS = 600;

/**
 * The HTTP server with everything that holds for every request, before any route: its id in the log and in the answer, who may ask at all,
 * security headers, limits of time and size, and what a refusal looks like.
 */
export async function createApp(config: Config, log: Logger, patience = PATIENCE): Promise<FastifyInstance> {
  const prefix = publicPrefix(config);
  const logger: FastifyBaseLogger = log;
  const app = fastify({
    bodyLimit: BODY_BYTES,
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request' }),
    genReqId: ({ headers }) => requestIdOf(headers),
    // A proxy may strip the path of the public address, or leave it.
    rewriteUrl: ({ url = '/' }) => (prefix !== '' && isBelow(url, prefix) ? url.slice(prefix.length) || '/' : url),
    // A request may last as long as an upload; what it may not is stand still.
    requestTimeout: 0,
    connectionTimeout: patience.idleMs,
    keepAliveTimeout: patience.keepAliveMs,
    http: { headersTimeout: patience.headersMs, connectionsCheckingInterval: patience.headersMs / 4 },
  });
  boundConnections(app.server, config);
  answerRefusals(app);
  // Before anything that may refuse: it is what ends the connection of a socket that was refused.
  await app.register(fastifyWebsocket, { options: { maxPayload: BODY_BYTES, handleProtocols } });
  const admit = createAdmission(config);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header(REQUEST_ID_HEADER, request.id);
    admit(request.headers);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { statusCode: status, elapsedTime } = reply;
    request.log.debug(
      { method: request.method, path: pathOf(request), status, ms: Math.round(elapsedTime) },
      'answered',
    );
    done();
  });
  await app.register(fastifyHelmet, {
    // Nothing but the page loads anything, and that says what by itself.
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
    },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: config.publicUrl?.startsWith('https:') === true ? { maxAge: 365 * 24 * 3600 } : false,
  });
  if (config.origins.length > 0) {
    await app.register(fastifyCors, {
      origin: [...config.origins],
      methods: ['GET', 'HEAD', 'POST', 'PUT'],
      exposedHeaders: [REQUEST_ID_HEADER, 'retry-after'],
      maxAge: PREFLIGHT_SECONDS,
    });
  }
  boundBodies(app, patience.bodyMs);
  return app;
}

/** The path that users put before the gateway's own: `/kneepoint`, or nothing. */
export function publicPrefix({ publicUrl }: Pick<Config, 'publicUrl'>): string {
  return publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '');
}

function isBelow(url: string, prefix: string): boolean {
  return url.startsWith(prefix) && /^([/?]|$)/.test(url.slice(prefix.length));
}

/** A body that Fastify reads is small, so it has to be there soon; an upload, which is put, is read by its own route. */
function boundBodies(app: FastifyInstance, bodyMs: number): void {
  app.addHook('preParsing', (request, _reply, payload, done) => {
    if (request.method === 'POST') {
      const timer = setTimeout(() => request.raw.destroy(), bodyMs);
      const clear = (): void => clearTimeout(timer);
      payload.once('end', clear).once('close', clear);
    }
    done(null, payload);
  });
}
