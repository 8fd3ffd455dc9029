import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { available } from '../../../../test/support/available.ts';
import { startNats } from '../../../../test/support/nats.ts';
import { startPostgres } from '../../../../test/support/postgres.ts';
import type { Bus } from '../bus/bus.ts';
import { openBus } from '../bus/open-bus.ts';
import type { Database } from '../database/database.ts';
import { openDatabase } from '../database/open-database.ts';
import { openStore } from '../store/open-store.ts';
import { launchRun } from './launch-run.ts';
import { startDispatcher } from './start-dispatcher.ts';
import { startReconciler } from './start-reconciler.ts';
import { startWorker } from './start-worker.ts';
import { log, plan } from './contract/world.ts';
import { isRunTerminal } from './states.ts';

const fixture = fileURLToPath(new URL('crash.fixture.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'kneepoint-crash-'));
const storeUrl = `file://${join(folder, 'artifacts')}`;
const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts the fixture and resolves once it works on a step. */
async function working(...args: readonly string[]): Promise<{ child: ChildProcess; step: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', fixture, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  undo.push(() => kill(child, 'SIGKILL'));
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('started ')) return { child, step: line.slice('started '.length) };
  }
  throw new Error('the worker ended without having worked');
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  if (signal === 'SIGKILL') await once(child, 'exit');
}

/** Everything that finishes what the dead process left, in this process. */
async function recover(db: Database, bus: Bus, service: string): Promise<void> {
  const store = await openStore(storeUrl, { cacheDir: join(folder, 'cache') });
  const handlers = { work: () => Promise.resolve({ output: { by: 'second' } }) };
  const parts = [startDispatcher(db, bus, { log, everyMs: 50 }), startReconciler(db, bus, { log, everyMs: 100 })];
  const worker = await startWorker({ db, bus, store, log, service, handlers, dispatch: false });
  undo.push(...parts.map((part) => () => part.stop()), () => worker.stop());
}

async function ended(db: Database, id: string) {
  for (;;) {
    const run = await db.prisma.run.findUniqueOrThrow({
      where: { id },
      include: { steps: { include: { attempts: true } } },
    });
    if (isRunTerminal(run.state)) return run;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

describe('a process that is killed in the middle of a step', () => {
  it('embedded: is continued by the next start, without waiting for its lease', async () => {
    const url = `pglite://${join(folder, 'database')}`;
    const before = await openDatabase(url);
    const run = await launchRun(before, { kind: 'TEST', input: {}, steps: [plan('embedded')] });
    await before.close();
    const { child } = await working(url, 'memory:', storeUrl, 'embedded');
    await expect(openDatabase(url)).rejects.toMatchObject({ code: 'DATABASE_IN_USE' });
    await kill(child, 'SIGKILL');

    const db = await openDatabase(url);
    const bus = await openBus('memory:');
    undo.push(
      () => db.close(),
      () => bus.close(),
    );
    await recover(db, bus, 'embedded');
    const { state, steps } = await ended(db, run.id);
    expect(state).toBe('SUCCEEDED');
    expect(steps[0]!.attempts.map(({ outcome }) => outcome).sort()).toEqual(['LOST', 'SUCCEEDED']);
  });

  describe.runIf(available('postgres', 'nats-server'))('with PostgreSQL and NATS', () => {
    let database: Awaited<ReturnType<typeof startPostgres>>;
    let nats: Awaited<ReturnType<typeof startNats>>;

    beforeAll(async () => {
      [database, nats] = await Promise.all([startPostgres(), startNats()]);
    });
    afterAll(async () => {
      await Promise.all([database.stop(), nats.stop()]);
    });

    it.each(['SIGKILL', 'SIGSTOP'] as const)('is replaced once its lease is over (%s)', async (signal) => {
      const db = await openDatabase(database.url);
      const bus = await openBus(nats.url);
      undo.push(
        () => db.close(),
        () => bus.close(),
      );
      const service = `crash-${signal}`;
      const run = await launchRun(db, { kind: 'TEST', input: {}, steps: [plan(service)] });
      const { child, step } = await working(database.url, nats.url, storeUrl, service);
      await kill(child, signal);
      await recover(db, bus, service);
      const { state, steps } = await ended(db, run.id);
      expect(state).toBe('SUCCEEDED');
      expect(steps[0]).toMatchObject({ id: step, attempt: 2, output: { by: 'second' } });
      expect(await db.prisma.outbox.count()).toBe(0);
    });
  });
});
