import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@kneepoint/failures';
import type { Command } from 'commander';
import { note } from '../output.ts';
import { readNumber } from './numbers.ts';

const RETRY_MS = 1_000;

/**
 * `migrate`: what every service does at start, alone and with patience. A job or an init container runs it, so that services
 * start once their servers are there. Any number may run at once: the database is changed under a lock.
 */
export function registerMigrate(program: Command): void {
  program
    .command('migrate')
    .description('bring database, job queue and bucket to this version, waiting for servers that are still starting')
    .option('--wait <seconds>', 'how long all of them together may take', '60')
    .action(migrate);
}

async function migrate(options: { readonly wait: string }): Promise<void> {
  const { wait = 0 } = readNumber('wait', '--wait', options.wait, { code: 'CONFIG_INVALID' });
  const { openBus, openDatabase, openStore, readConfig } = await import('@kneepoint/platform');
  const config = readConfig(process.env);
  const deadline = performance.now() + wait * 1000;
  const attempt = { waitMs: 0, connectTimeoutMs: 0 };

  await (await answered(() => openDatabase(config.databaseUrl, attempt), deadline)).close();
  note('database is at this version');
  await (await answered(() => openBus(config.busUrl, { ...config.bus, ...attempt }), deadline)).close();
  note('job queue is there');
  await answered(() => openStore(config.artifactsUrl, config.store), deadline);
  note('bucket is there');
}

/** Opens as often as it takes; throws the last failure at the deadline, and one that time does not cure at once. */
async function answered<T>(open: () => Promise<T>, deadline: number): Promise<T> {
  for (;;) {
    try {
      return await open();
    } catch (error) {
      const passing = error instanceof Failure && error.retryable;
      if (!passing || performance.now() + RETRY_MS > deadline) throw error;
      await sleep(RETRY_MS);
    }
  }
}
