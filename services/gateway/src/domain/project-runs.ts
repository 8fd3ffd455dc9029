import { type Bus, type Database, isRunTerminal, RUN_STATES } from '@kneepoint/platform';
import { Outage } from './outage.ts';
import type { RunRow } from './runs.ts';

/** How long a lost event can hide a change. */
const POLL_MS = 2000;
/** Events of so long are one read. */
const GATHER_MS = 100;
/** Runs that have not ended and are looked at again for lost events: the newest. */
const MOST_ACTIVE = 5000;
/** Runs whose last number is remembered, so that nobody is told the same twice. */
const MOST_KNOWN = 20_000;
const BATCH = 1000;

export const ACTIVE: readonly string[] = RUN_STATES.filter((state) => !isRunTerminal(state));

export interface RunListener {
  /** The row of a run after a change, each with a higher number than the one before. */
  changed(row: RunRow): void;
  failed(error: unknown): void;
}

/**
 * What changes among the runs of one project, read once for all who watch: events of the bus say which run to look at, and whoever misses one
 * hears of it by a look at those that have not ended. The database is that of the project, so what belongs to another is never found.
 */
export class ProjectRuns {
  readonly #db: Database;
  readonly #bus: Bus;
  readonly #listeners = new Set<RunListener>();
  readonly #known = new Map<string, number>();
  readonly #outage = new Outage();
  #told = new Set<string>();
  #active = new Set<string>();
  #stop: Promise<() => Promise<void>> | null = null;
  #gathering: NodeJS.Timeout | null = null;

  constructor({ db, bus }: { readonly db: Database; readonly bus: Bus }) {
    this.#db = db;
    this.#bus = bus;
  }

  /** Tells of every change from now on, until what it gives is called. */
  async watch(listener: RunListener): Promise<() => Promise<void>> {
    this.#listeners.add(listener);
    const started = (this.#stop ??= this.#start());
    const leave = async (): Promise<void> => {
      if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
      const stop = this.#stop;
      this.#stop = null;
      await (
        await stop
      )?.();
    };
    try {
      await started;
    } catch (error) {
      // Whoever comes next tries anew; somebody may have done so already.
      if (this.#stop === started) this.#stop = null;
      this.#listeners.delete(listener);
      throw error;
    }
    return leave;
  }

  async #start(): Promise<() => Promise<void>> {
    this.#known.clear();
    this.#active = new Set();
    // Before the look, so that nothing begins and ends between the two.
    const unsubscribe = await this.#bus.subscribe('events.run.*', (_payload, subject) => {
      this.#told.add(subject.slice(subject.lastIndexOf('.') + 1));
      this.#gathering ??= setTimeout(() => void this.#read(), GATHER_MS);
    });
    const end = async (): Promise<void> => {
      if (this.#gathering) clearTimeout(this.#gathering);
      this.#gathering = null;
      this.#told = new Set();
      await unsubscribe();
    };
    try {
      // What is there already is no news.
      for (const { id, seq } of await this.#lookAtActive()) this.#know(id, seq);
    } catch (error) {
      await end();
      throw error;
    }
    const timer = setInterval(() => void this.#poll(), POLL_MS).unref();
    return () => {
      clearInterval(timer);
      return end();
    };
  }

  async #read(): Promise<void> {
    this.#gathering = null;
    await this.#tell(this.#takeTold());
  }

  #takeTold(): readonly string[] {
    const ids = [...this.#told];
    this.#told = new Set();
    return ids;
  }

  async #poll(): Promise<void> {
    try {
      const before = this.#active;
      const rows = await this.#lookAtActive();
      const ended = [...before].filter((id) => !this.#active.has(id));
      const changed = rows.filter(({ id, seq }) => seq > (this.#known.get(id) ?? -1)).map(({ id }) => id);
      await this.#tell([...ended, ...changed, ...this.#takeTold()]);
    } catch (error) {
      this.#failed(error);
    }
  }

  async #lookAtActive(): Promise<readonly { readonly id: string; readonly seq: number }[]> {
    const rows = await this.#db.prisma.run.findMany({
      where: { state: { in: [...ACTIVE] } },
      orderBy: { createdAt: 'desc' },
      take: MOST_ACTIVE,
      select: { id: true, seq: true },
    });
    this.#outage.over();
    this.#active = new Set(rows.map(({ id }) => id));
    return rows;
  }

  async #tell(ids: readonly string[]): Promise<void> {
    let from = 0;
    try {
      for (; from < ids.length; from += BATCH) {
        const id = { in: ids.slice(from, from + BATCH) };
        const rows = await this.#db.prisma.run.findMany({ where: { id }, omit: { input: true } });
        for (const row of rows) {
          if (row.seq <= (this.#known.get(row.id) ?? -1)) continue;
          this.#know(row.id, row.seq);
          for (const listener of this.#listeners) listener.changed(row);
        }
        this.#outage.over();
      }
    } catch (error) {
      // The next poll reads them.
      for (const id of ids.slice(from)) this.#told.add(id);
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (this.#outage.passes(error)) return;
    for (const listener of this.#listeners) listener.failed(error);
  }

  #know(id: string, seq: number): void {
    if (seq < (this.#known.get(id) ?? -1)) return;
    this.#known.delete(id);
    this.#known.set(id, seq);
    if (this.#known.size <= MOST_KNOWN) return;
    const [oldest] = this.#known.keys();
    this.#known.delete(oldest!);
  }
}
