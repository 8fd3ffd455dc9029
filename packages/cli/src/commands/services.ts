import { Failure } from '@kneepoint/failures';
import type { Config, ServiceParts } from '@kneepoint/platform';
import type { Command } from 'commander';
import { toEnvironment } from '../client/connect.ts';
import { interruptSignal } from '../interrupt.ts';
import { print } from '../output.ts';
import { aborted } from './up.ts';

const GRACE_MS = 25_000;

/** Each is loaded only by the process that runs it. */
const WORKERS = {
  extractor: async () => (await import('@kneepoint/extractor-service')).startExtractor,
  regressor: async () => (await import('@kneepoint/regressor-service')).startRegressor,
  pruner: async () => (await import('@kneepoint/pruner-service')).startPruner,
  trainer: async () => (await import('@kneepoint/trainer-service')).startTrainer,
};

/** `gateway`, `extractor`, `regressor`, `pruner`, `trainer`: one service in this process, for a team that runs each by itself. */
export function registerServices(program: Command): void {
  for (const name of ['gateway', 'extractor', 'regressor', 'pruner', 'trainer'] as const) {
    program
      .command(name)
      .description(`run the ${name} alone; DATABASE_URL, BUS_URL and ARTIFACTS_URL say what it shares with the others`)
      .option('--port <n>', 'port of the gateway (default: 4000)')
      .option(
        '--health-port <n>',
        'port on which the process answers /healthz, /readyz and /metrics (default: 0, none)',
      )
      .option('--data-dir <folder>', 'where caches and work in progress are kept (default: ./.kneepoint)')
      .option('--provider <name>', 'execution provider: cpu, cuda or auto')
      .option('--memory-mb <n>', 'memory that one child process may use')
      .action(async ({ healthPort, ...options }: { port?: string; healthPort?: string; dataDir?: string }) => {
        const { readConfig } = await import('@kneepoint/platform');
        const environment = toEnvironment(options);
        await serve(
          name,
          readConfig(healthPort === undefined ? environment : { ...environment, HEALTH_PORT: healthPort }),
        );
      });
  }
}

/**
 * Runs until SIGTERM or Ctrl-C, then takes no more work, lets running steps save a checkpoint, hands them back and ends with 0. Whatever
 * opened last is closed first, also when the start fails half-way.
 */
async function serve(name: 'gateway' | keyof typeof WORKERS, config: Config): Promise<void> {
  requireShared(config);
  const { createLogger, logProcess, openBus, openDatabase, openStore, startTracing } =
    await import('@kneepoint/platform');
  const log = createLogger({ service: name, level: config.logLevel });
  logProcess(log);
  const interrupt = interruptSignal();
  const closers: (() => Promise<unknown>)[] = [() => Promise.resolve(interrupt.release())];
  try {
    closers.push(await startTracing(name, config.tracesEndpoint));
    // What an operation asks holds a connection no longer than it may take, nor one that nobody waits for any more much longer.
    const bounded = name === 'gateway' ? { statementMs: 2000 * config.gateway.querySeconds } : {};
    const db = await openDatabase(config.databaseUrl, bounded);
    closers.push(() => db.close());
    const store = await openStore(config.artifactsUrl, config.store);
    const bus = await openBus(config.busUrl, { ...config.bus, name: `kneepoint-${name}` });
    closers.push(() => bus.close());
    closers.push(...(await start(name, { db, bus, store, log, config })));
    log.info('ready');
    print(`${name} is ready`);
    await aborted(interrupt.signal);
    log.info('stopping; running steps are handed back');
  } finally {
    while (closers.length > 0) await closers.pop()!();
  }
}

/** Starts a service, and for a worker its health server; gives how to stop them, in the order of opening. */
async function start(
  name: 'gateway' | keyof typeof WORKERS,
  parts: ServiceParts,
): Promise<readonly (() => Promise<unknown>)[]> {
  if (name === 'gateway') {
    const { startGateway } = await import('@kneepoint/gateway-service');
    const gateway = await startGateway({ ...parts, allowLocalPaths: false });
    return [() => gateway.close()];
  }
  const { dependencyChecks, startHealthServer, workerChecks } = await import('@kneepoint/platform');
  const worker = await (await WORKERS[name]())(parts);
  const { host, healthPort: port } = parts.config;
  const stop = () => worker.stop({ graceMs: GRACE_MS });
  if (port === 0) return [stop];
  try {
    const health = await startHealthServer({
      ...{ host, port, log: parts.log },
      ...{ checks: workerChecks(parts, worker), dependencies: dependencyChecks(parts) },
    });
    parts.log.info({ url: health.url }, 'health server listens');
    // it answers while the worker stops: alive, and not ready
    return [() => health.close(), stop];
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What lives inside one process cannot be shared with another: better a sentence now than jobs that never arrive. */
function requireShared(config: Config): void {
  const embedded = [
    ['BUS_URL', config.busUrl, 'memory:', 'nats://host:4222'],
    ['DATABASE_URL', config.databaseUrl, 'pglite:', 'postgres://user:password@host/database'],
    ['ARTIFACTS_URL', config.artifactsUrl, 'file:', 's3://access:secret@host:9000/bucket'],
  ].filter(([, url, scheme]) => url!.startsWith(scheme!));
  if (embedded.length === 0) return;
  throw new Failure(
    'CONFIG_NOT_SHARED',
    `${embedded.map(([name]) => name).join(', ')} lead to what only one process can use`,
    {
      where: embedded[0]![0]!,
      fix: `Set ${embedded.map(([name, , , example]) => `${name}=${example}`).join(' ')}, or run everything in one process with \`kneepoint up\`.`,
    },
  );
}
