import type { AddressInfo } from 'node:net';
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify';
import { ApolloArmor } from '@escape.tech/graphql-armor';
import fastifyWebsocket from '@fastify/websocket';
import { startDispatcher, startReconciler } from '@kneepoint/platform';
import fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import type { Context, Services } from './context.ts';
import { createLiveLoaders, createLoaders } from './domain/loaders.ts';
import { registerArtifactRoutes } from './http/artifact-routes.ts';
import { createErrorFormatter } from './http/format-error.ts';
import { graphiqlPage } from './http/graphiql.ts';
import { registerHealthRoutes } from './http/health-routes.ts';
import { createSocketHandler } from './http/socket.ts';
import { traceRequests } from './http/trace-requests.ts';
import { ANYBODY } from './identity/principal.ts';
import { createSchema } from './schema/schema.ts';

export interface Gateway {
  /** Where clients reach it: http://host:port */
  readonly url: string;
  /** Finishes what is in flight, then closes. The database, bus and store stay open: whoever opened them closes them. */
  close(): Promise<void>;
}

const BODY_BYTES = 1 << 20;
/** Limits of one query: far above what the CLI and a dashboard ask, far below what hurts. */
const LIMITS = { depth: 14, tokens: 4000, aliases: 60, directives: 50, cost: 100_000 } as const;

/** Serves GraphQL over HTTP and WebSocket, and keeps published work flowing (dispatcher and reconciler). */
export async function startGateway(services: Services): Promise<Gateway> {
  const { db, bus, store, log, config } = services;
  const schema = createSchema();
  const createContext = (): Context => ({ ...services, principal: ANYBODY, loaders: createLoaders(services) });
  const liveContext: Context = { ...services, principal: ANYBODY, loaders: createLiveLoaders(services) };
  const formatError = createErrorFormatter(log);

  const app = fastify({ bodyLimit: BODY_BYTES });
  const armor = new ApolloArmor({
    maxDepth: { n: LIMITS.depth },
    maxTokens: { n: LIMITS.tokens },
    maxAliases: { n: LIMITS.aliases },
    maxDirectives: { n: LIMITS.directives },
    costLimit: { maxCost: LIMITS.cost },
    blockFieldSuggestion: { enabled: false },
  }).protect();
  const apollo = new ApolloServer<Context>({
    ...armor,
    schema,
    introspection: true,
    // Whoever started the gateway closes it. Apollo would send the signal again, and the second one ends the process at once.
    stopOnTerminationSignals: false,
    formatError,
    plugins: [
      ...armor.plugins,
      fastifyApolloDrainPlugin(app),
      // Nothing here says how long it may be cached, and the plugin would look at every field of every answer.
      ApolloServerPluginCacheControlDisabled(),
    ] as ApolloServerPlugin<Context>[],
  });
  await apollo.start();

  const page = graphiqlPage();
  await app.register(fastifyWebsocket, { options: { maxPayload: BODY_BYTES } });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const { statusCode = 500, message } = error;
    if (statusCode < 500) return reply.code(statusCode).send({ code: 'REQUEST_INVALID', message });
    log.error({ err: error, path: request.url }, 'a request failed');
    return reply.code(500).send({ code: 'INTERNAL', message: 'The server failed to answer this; its log says why.' });
  });
  endIdleConnectionsOnClose(app);
  traceRequests(app);
  registerHealthRoutes(app, services);
  registerArtifactRoutes(app, store);

  const handleGraphql = fastifyApolloHandler(apollo, { context: () => Promise.resolve(createContext()) });
  app.route({
    method: 'GET',
    url: '/graphql',
    // A browser that navigates here gets the editor; a GraphQL client asks for JSON.
    preHandler: async (request, reply) => {
      const wantsPage = request.headers.accept?.includes('text/html') === true;
      if (wantsPage) await reply.type('text/html; charset=utf-8').send(page);
    },
    handler: handleGraphql,
    wsHandler: createSocketHandler({
      schema,
      createContext,
      createLiveContext: () => liveContext,
      rules: armor.validationRules,
      maxTokens: LIMITS.tokens,
      formatError,
    }),
  });
  app.post('/graphql', handleGraphql);
  app.get('/', (_request, reply) => reply.redirect('/graphql'));

  await app.listen({ port: config.port, host: config.host });
  const dispatcher = startDispatcher(db, bus, { log });
  const reconciler = startReconciler(db, bus, { log, leaseSeconds: config.leaseSeconds });
  const { port } = app.server.address() as AddressInfo;
  const host = config.host === '0.0.0.0' || config.host === '::' ? 'localhost' : config.host;
  const url = `http://${host}:${port}`;
  log.info({ url: `${url}/graphql` }, 'gateway listens');

  return {
    url,
    close: async () => {
      await apollo.stop();
      await app.close();
      await Promise.all([dispatcher.stop(), reconciler.stop()]);
    },
  };
}

const IDLE_LOOK_MS = 50;

/**
 * A connection that is being answered when the server closes is kept alive afterwards, and Node ends only those that were idle
 * at that moment: without this, closing would wait for its time limit.
 */
function endIdleConnectionsOnClose(app: FastifyInstance): void {
  app.addHook('preClose', (done) => {
    const looking = setInterval(() => app.server.closeIdleConnections(), IDLE_LOOK_MS);
    app.server.once('close', () => clearInterval(looking));
    done();
  });
}
