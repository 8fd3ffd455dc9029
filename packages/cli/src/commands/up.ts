import type { Command } from 'commander';
import { toEnvironment } from '../client/connect.ts';
import { interruptSignal } from '../interrupt.ts';
import { note, print } from '../output.ts';

interface UpOptions {
  readonly port?: string;
  readonly dataDir?: string;
  readonly provider?: string;
  readonly memoryMb?: string;
}

export function registerUp(program: Command): void {
  program
    .command('up')
    .description('serve everything from this one process, on embedded defaults')
    .option('--port <n>', 'port of the gateway (default: 4000)')
    .option('--data-dir <folder>', 'where database and artifacts are kept (default: ./.kneepoint)')
    .option('--provider <name>', 'execution provider: cpu, cuda or auto')
    .option('--memory-mb <n>', 'memory that one child process may use')
    .action(async (options: UpOptions) => {
      const { createLogger, logProcess, readConfig, startTracing } = await import('@kneepoint/platform');
      const { startEmbedded } = await import('../embedded.ts');
      const config = readConfig(toEnvironment(options));
      const interrupt = interruptSignal();
      const stopTracing = await startTracing('kneepoint', config.tracesEndpoint);
      const log = createLogger({ service: 'kneepoint', level: config.logLevel });
      logProcess(log);
      const embedded = await startEmbedded(config, log, config.publicUrl);
      print(
        `Kneepoint serves ${embedded.url}/graphql, and a page for people at ${embedded.url}; data in ${config.dataDir}; Ctrl-C ends it.`,
      );
      await aborted(interrupt.signal);
      note('stopping; running steps go back to the queue');
      await embedded.close();
      await stopTracing();
      interrupt.release();
    });
}

export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    // A signal handler alone does not keep the process alive.
    const alive = setInterval(() => undefined, 60_000);
    signal.addEventListener('abort', () => {
      clearInterval(alive);
      resolve();
    });
  });
}
