import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { available } from '../../../../test/support/available.ts';
import { startPostgres } from '../../../../test/support/postgres.ts';
import { MemoryBus } from '../bus/memory-bus.ts';
import type { Database } from '../database/database.ts';
import { isUnavailable } from '../database/database-failure.ts';
import { openDatabase } from '../database/open-database.ts';
import { openStore } from '../store/open-store.ts';
import { launchRun } from './launch-run.ts';
import { startDispatcher } from './start-dispatcher.ts';
import { startReconciler } from './start-reconciler.ts';
import { startWorker } from './start-worker.ts';
import { isRunTerminal } from './states.ts';
import { gate, log, plan } from './contract/world.ts';

describe.runIf(available('postgres'))('a database that goes away', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kneepoint-outage-'));
  const bus = new MemoryBus({ retryDelaysMs: [50] });
  const started = gate();
  const finish = gate();
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let db: Database;
  let stop: () => Promise<void>;
  let count = 0;

  beforeAll(async () => {
    server = await startPostgres();
    const settings = await openDatabase(server.url);
    // The test server trades safety for speed; here it must keep what it has committed when it is killed.
    await settings.prisma.$executeRaw`ALTER ROLE kneepoint SET synchronous_commit = on`;
    await settings.close();
    db = await openDatabase(server.url);
    const store = await openStore(`file://${folder}`, { cacheDir: join(folder, 'cache') });
    const parts = [startDispatcher(db, bus, { log, everyMs: 50 }), startReconciler(db, bus, { log, everyMs: 100 })];
    const worker = await startWorker({
      ...{ db, bus, store, log, service: 'outage', leaseSeconds: 60, progressEveryMs: 50, dispatch: false },
      handlers: {
        work: async ({ progress }) => {
          started.open();
          progress({ done: (count += 1) });
          await finish.promise;
          return { output: { count } };
        },
      },
    });
    stop = async () => {
      await worker.stop();
      await Promise.all(parts.map((part) => part.stop()));
    };
  });
  afterAll(async () => {
    await stop();
    await db.close();
    await bus.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('while a step is finished gets that result when it is back, and the work is not done twice', async () => {
    const run = await launchRun(db, { kind: 'TEST', input: {}, steps: [plan('outage')] });
    await started.promise;
    await server.signal('SIGKILL');
    const error: unknown = await db.prisma.run.count().catch((thrown: unknown) => thrown);
    expect(isUnavailable(error)).toBe(true);
    await expect(db.health()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    finish.open();
    await new Promise((resolve) => setTimeout(resolve, 700));
    await server.start();
    for (;;) {
      const { state } = await db.prisma.run.findUniqueOrThrow({ where: { id: run.id } }).catch((thrown: unknown) => {
        if (isUnavailable(thrown)) return { state: 'RUNNING' };
        throw thrown;
      });
      if (isRunTerminal(state)) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const step = await db.prisma.step.findFirstOrThrow({ where: { runId: run.id } });
    expect(step).toMatchObject({ state: 'SUCCEEDED', attempt: 1, output: { count: 1 } });
    await expect(db.health()).resolves.toBeUndefined();
  });
});
