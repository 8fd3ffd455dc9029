import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { available } from '../../../../../test/support/available.ts';
import { startPostgres } from '../../../../../test/support/postgres.ts';
import type { Bus } from '../../bus/bus.ts';
import { MemoryBus } from '../../bus/memory-bus.ts';
import type { Database } from '../../database/database.ts';
import type { Run, Step } from '../../database/generated/client.ts';
import { openDatabase } from '../../database/open-database.ts';
import { createLogger } from '../../log/create-logger.ts';
import type { ArtifactStore } from '../../store/artifact-store.ts';
import { openStore } from '../../store/open-store.ts';
import { contentKey } from '../content-key.ts';
import type { StepPlan } from '../plan.ts';
import { startDispatcher } from '../start-dispatcher.ts';
import { startWorker, type Worker, type WorkerOptions } from '../start-worker.ts';
import { isRunTerminal } from '../states.ts';

/** Both engines, for `describe.each`; a missing PostgreSQL is reported and left out. */
export const ENGINES: readonly { engine: string; start: () => Promise<{ url: string; stop: () => Promise<void> }> }[] =
  [
    { engine: 'PGlite', start: () => Promise.resolve({ url: 'pglite://:memory:', stop: () => Promise.resolve() }) },
    ...(available('postgres') ? [{ engine: 'PostgreSQL', start: startPostgres }] : []),
  ];

export const log = createLogger({ service: 'test', level: 'silent' });

/** A database that a whole list of promises shares; each suite begins with it empty and a bus of its own. */
export class World {
  db!: Database;
  bus!: Bus;
  store!: ArtifactStore;
  /** Of the database. */
  url!: string;
  readonly #closing: (() => Promise<unknown>)[] = [];
  readonly #undo: (() => Promise<unknown>)[] = [];

  async open(start: (typeof ENGINES)[number]['start']): Promise<void> {
    const server = await start();
    this.url = server.url;
    const folder = await mkdtemp(join(tmpdir(), 'kneepoint-work-'));
    this.db = await openDatabase(server.url);
    this.store = await openStore(`file://${folder}`, { cacheDir: join(folder, 'cache') });
    this.#closing.push(
      () => rm(folder, { recursive: true, force: true }),
      () => server.stop(),
      () => this.db.close(),
    );
  }

  /** To be called before each suite. */
  async renew(): Promise<void> {
    await this.#undoAll(this.#undo);
    await this.db.prisma.run.deleteMany();
    await this.db.prisma.outbox.deleteMany();
    const bus = new MemoryBus({ retryDelaysMs: [20] });
    this.bus = bus;
    this.later(() => bus.close());
  }

  /** Undone in reverse order when the suite is over. */
  later(undo: () => Promise<unknown>): void {
    this.#undo.push(undo);
  }

  async worker(
    options: Partial<WorkerOptions> & Pick<WorkerOptions, 'service' | 'handlers'>,
    others: { db?: Database; bus?: Bus } = {},
  ): Promise<Worker> {
    const { db, bus, store } = this;
    const fast = { leaseSeconds: 20, progressEveryMs: 30, abortGraceMs: 300, retryDelayMs: 20 };
    const worker = await startWorker({ db, bus, store, log, ...fast, dispatch: false, ...others, ...options });
    this.later(() => worker.stop({ graceMs: 500 }));
    return worker;
  }

  dispatch(): void {
    const dispatcher = startDispatcher(this.db, this.bus, { log, everyMs: 25 });
    this.later(() => dispatcher.stop());
  }

  async ended(runId: string, timeoutMs = 15_000): Promise<Run> {
    return this.until(
      () => this.db.prisma.run.findUniqueOrThrow({ where: { id: runId } }),
      (run) => isRunTerminal(run.state),
      timeoutMs,
    );
  }

  async until<T>(read: () => Promise<T>, wanted: (value: T) => boolean, timeoutMs = 15_000): Promise<T> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const value = await read();
      if (wanted(value)) return value;
      if (performance.now() > deadline) throw new Error(`not reached: ${JSON.stringify(value)}`);
      await sleep(15);
    }
  }

  steps(runId: string): Promise<Step[]> {
    return this.db.prisma.step.findMany({ where: { runId }, orderBy: { position: 'asc' } });
  }

  step(runId: string): Promise<Step> {
    return this.db.prisma.step.findFirstOrThrow({ where: { runId }, orderBy: { position: 'asc' } });
  }

  async close(): Promise<void> {
    await this.#undoAll(this.#undo);
    await this.#undoAll(this.#closing);
  }

  async #undoAll(steps: (() => Promise<unknown>)[]): Promise<void> {
    for (const undo of steps.splice(0).reverse()) await undo();
  }
}

/** A step whose key nobody else has, unless one is given. */
export function plan(service: string, overrides: Partial<StepPlan> = {}): StepPlan {
  const key = contentKey('test', 1, { unique: randomUUID() });
  return { ref: 'only', kind: 'work', service, name: 'a step', key, input: {}, dependsOn: [], ...overrides };
}

/** A promise with its handle outside. */
export function gate<T = void>(): { promise: Promise<T>; open: (value: T) => void } {
  let open: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => (open = resolve));
  return { promise, open };
}
