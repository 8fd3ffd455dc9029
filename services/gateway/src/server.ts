import type { AddressInfo } from 'node:net';
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify';
import { ApolloArmor } from '@escape.tech/graphql-armor';
import { startDeliveries, startDispatcher, startReconciler } from '@kneepoint/platform';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Context, Services } from './context.ts';
import { createContexts } from './create-contexts.ts';
import { composeWith } from './domain/cloud-event.ts';
import { registerArtifactRoutes } from './http/artifact-routes.ts';
import { compressAnswers } from './http/compress-answers.ts';
import { createApp, publicPrefix } from './http/create-app.ts';
import { formatError } from './http/format-error.ts';
import { graphiqlPage } from './http/graphiql.ts';
import { registerPageRoutes } from './http/page-routes.ts';
import { registerHealthRoutes } from './http/health-routes.ts';
import { executedBy, limitOperations } from './http/limit-operations.ts';
import { measureOperations, measureRequests } from './http/measure-requests.ts';
import { documentStore } from './http/read-document.ts';
import { createSocketHandler } from './http/socket.ts';
import { answerHttp } from './http/tell-errors.ts';
import { traceRequests } from './http/trace-requests.ts';
import { registerAuthRoute } from './identity/auth-route.ts';
import { authenticateRequests, principalOf, wantsPage } from './identity/authenticate-requests.ts';
import { Authenticator } from './identity/authenticator.ts';
import { pageCookie } from './identity/credentials.ts';
import { guardSchema } from './identity/guard-schema.ts';
import { isFromHere } from './identity/is-from-here.ts';
import { requireSafe } from './identity/require-safe.ts';
import { Sessions } from './identity/sessions.ts';
import { operationAdmission } from './limits/admit-operation.ts';
import { createExecutor } from './limits/executor.ts';
import { limitsOf } from './limits/limits.ts';
import { createRate } from './limits/rate.ts';
import { createSchema } from './schema/schema.ts';

export interface Gateway {
  /** Where clients reach it: http://host:port */
  readonly url: string;
  /** Finishes what is in flight, then closes. The database, bus and store stay open: whoever opened them closes them. */
  close(): Promise<void>;
}

/** Serves GraphQL over HTTP and WebSocket, and keeps published work flowing (dispatcher and reconciler). */
export async function startGateway(services: Services): Promise<Gateway> {
  const { db, bus, store, log, config, localToken } = services;
  requireSafe(services);
  const schema = guardSchema(createSchema());
  const contexts = createContexts(services);
  const authenticator = new Authenticator(services);
  const sessions = new Sessions(authenticator);

  const limits = limitsOf(config);
  const rate = createRate(limits.perMinute);
  const admit = operationAdmission(schema, limits, rate);
  const executor = createExecutor(limits);
  const events = createExecutor({ ...limits, ...limits.events });

  const app = await createApp(config, log);
  await compressAnswers(app);
  const armor = new ApolloArmor({
    maxDepth: { n: limits.document.depth },
    // Its own way makes a mistake of the client one of the server; the parser's does not.
    maxTokens: { enabled: false },
    maxAliases: { n: limits.document.aliases },
    maxDirectives: { n: limits.document.directives },
    // It knows no variables.
    costLimit: { enabled: false },
    blockFieldSuggestion: { enabled: false },
  }).protect();
  const apollo = new ApolloServer<Context>({
    ...armor,
    gateway: executedBy(executor, schema),
    introspection: true,
    parseOptions: { maxTokens: limits.document.tokens },
    documentStore: documentStore(),
    // Whoever started the gateway closes it. Apollo would send the signal again, and the second one ends the process at once.
    stopOnTerminationSignals: false,
    formatError,
    plugins: [
      ...armor.plugins,
      fastifyApolloDrainPlugin(app),
      answerHttp(),
      limitOperations(admit),
      measureOperations(),
      // Nothing here says how long it may be cached, and the plugin would look at every field of every answer.
      ApolloServerPluginCacheControlDisabled(),
    ] as ApolloServerPlugin<Context>[],
  });
  await apollo.start();

  const path = `${publicPrefix(config)}/graphql`;
  const page = graphiqlPage(path);
  endIdleConnectionsOnClose(app);
  traceRequests(app);
  measureRequests(app);
  authenticateRequests(app, authenticator, rate);
  registerAuthRoute(app, config);
  await registerHealthRoutes(app, services);
  registerArtifactRoutes(app, store);

  const handleGraphql = fastifyApolloHandler(apollo, {
    context: (request) => Promise.resolve(contexts.forRequest(principalOf(request), request.id)),
  });
  const cookieFor = (request: FastifyRequest): string | undefined =>
    localToken !== undefined && isFromHere(request, config) ? pageCookie(localToken, request.headers) : undefined;
  app.route({
    method: 'GET',
    url: '/graphql',
    preHandler: async (request, reply) => {
      if (!wantsPage(request) || request.ws) return;
      const cookie = cookieFor(request);
      if (cookie !== undefined) reply.header('set-cookie', cookie);
      await reply.type('text/html; charset=utf-8').header('content-security-policy', page.policy).send(page.html);
    },
    handler: handleGraphql,
    wsHandler: createSocketHandler(app, {
      schema,
      contexts,
      authenticator,
      sessions,
      rules: armor.validationRules,
      maxTokens: limits.document.tokens,
      ...{ admit, rate, executor, events, bounds: limits.sockets },
    }),
  });
  app.post('/graphql', handleGraphql);
  await registerPageRoutes(app, { store, editor: path, issuer: config.identity.oidc?.issuer, cookieFor });

  await app.listen({ port: config.port, host: config.host });
  const dispatcher = startDispatcher(db, bus, { log });
  const reconciler = startReconciler(db, bus, { log, leaseSeconds: config.leaseSeconds });
  const { port } = app.server.address() as AddressInfo;
  const url = `http://${reachable(config.host)}:${port}`;
  const deliveries = startDeliveries(db, {
    compose: composeWith(db, { publicUrl: config.publicUrl ?? null, url }),
    ...{ log, allowed: config.outgoing, secretsKeys: config.webhooks.secretsKeys },
    retryMs: config.webhooks.retryHours * 3600_000,
  });
  log.info({ url: `${url}/graphql` }, 'gateway listens');

  return {
    url,
    close: async () => {
      sessions.close();
      await apollo.stop();
      await app.close();
      await Promise.all([dispatcher.stop(), reconciler.stop(), deliveries.stop()]);
    },
  };
}

/** An address to ask for, of one to listen on. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
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
