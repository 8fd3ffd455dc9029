import { Failure } from '@kneepoint/failures';
import type { Config } from '@kneepoint/platform';
import type { Command } from 'commander';
import { toEnvironment } from '../client/connect.ts';
import { interruptSignal } from '../interrupt.ts';
import { note } from '../output.ts';
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
      .option('--data-dir <folder>', 'where caches and work in progress are kept (default: ./.kneepoint)')
      .option('--provider <name>', 'execution provider: cpu, cuda or auto')
      .option('--memory-mb <n>', 'memory that one child process may use')
      .action(async (options: { port?: string; dataDir?: string }) => {
        const { readConfig } = await import('@kneepoint/platform');
        await serve(name, readConfig(toEnvironment(options)));
      });
  }
}

async function serve(name: 'gateway' | keyof typeof WORKERS, config: Config): Promise<void> {
  requireShared(config);
  const { createLogger, openBus, openDatabase, openStore } = await import('@kneepoint/platform');
  const log = createLogger({ service: name, level: config.logLevel });
  const interrupt = interruptSignal();
  const db = await openDatabase(config.databaseUrl);
  const store = await openStore(config.artifactsUrl, config.store);
  const bus = await openBus(config.busUrl, config.bus);
  const parts = { db, bus, store, log, config };
  const stop =
    name === 'gateway'
      ? await (
          await import('@kneepoint/gateway-service')
        )
          .startGateway({ ...parts, allowLocalPaths: false })
          .then((gateway) => () => gateway.close())
      : await (await WORKERS[name]())(parts).then((worker) => () => worker.stop({ graceMs: GRACE_MS }));
  log.info('ready');
  note(`${name} is ready`);
  await aborted(interrupt.signal);
  await stop();
  await bus.close();
  await db.close();
  interrupt.release();
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
