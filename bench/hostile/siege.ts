import { Failure } from '@kneepoint/failures';
import { TaskPool } from '@kneepoint/runtime';
import type { Attempt, Reception } from './attempt.task.ts';
import type { SubjectName } from './subjects.ts';

const TASK = new URL('./attempt.task.ts', import.meta.url);

/** A file that took longer has to be looked at. */
const SLOW_MS = 5000;

export interface SiegeOptions {
  readonly subject: SubjectName;
  readonly seeds: readonly number[];
  readonly folders?: readonly string[];
  readonly processes?: number;
  /** Resident memory of one process, MB. */
  readonly memoryMb?: number;
  /** With the start of a process, which a busy machine may take long for. */
  readonly timeoutMs?: number;
}

export interface SiegeReport {
  readonly files: number;
  readonly seconds: number;
  /** Files by outcome: `accepted`, or the code of the rejection. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** What must not be: no code, or a time over five seconds. */
  readonly wrong: readonly Wrong[];
  /** Processes that ended by themselves or ran over their memory; each file got a code all the same. */
  readonly deaths: readonly Wrong[];
  readonly slowestMs: number;
}

export interface Wrong {
  readonly seed: number;
  readonly what: string;
}

/** Neighbouring seeds. */
export const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

/**
 * Brings spoiled files to the door of their subject, each in a disposable process as the importer uses it, but one that stays
 * for the next file when nothing went wrong.
 */
export async function siege(options: SiegeOptions): Promise<SiegeReport> {
  const { subject, seeds, folders = [], processes = 2, memoryMb = 1024, timeoutMs = 60_000 } = options;
  const pool = new TaskPool<Attempt, Reception>(TASK, { size: processes, memoryMb, timeoutMs });
  const outcomes: Record<string, number> = {};
  const [wrong, deaths]: [Wrong[], Wrong[]] = [[], []];
  let [slowestMs, next] = [0, 0];
  const started = performance.now();
  const receive = async (seed: number): Promise<string> => {
    try {
      const { code, stack, ms } = await pool.run({ subject, seed, folders });
      slowestMs = Math.max(slowestMs, ms);
      if (stack !== undefined) wrong.push({ seed, what: stack });
      if (ms > SLOW_MS) wrong.push({ seed, what: `${code ?? 'accepted'} after ${ms} ms` });
      return code ?? 'accepted';
    } catch (error) {
      const { code, message } = Failure.from(error);
      if (code === 'INTERNAL' || code === 'RUNTIME_TIMEOUT') wrong.push({ seed, what: message });
      else deaths.push({ seed, what: `${code}: ${message}` });
      return code;
    }
  };
  const serve = async (): Promise<void> => {
    for (let seed = seeds[next++]; seed !== undefined; seed = seeds[next++]) {
      const outcome = await receive(seed);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
  };
  try {
    await Promise.all(Array.from({ length: processes }, serve));
  } finally {
    await pool.close();
  }
  return { files: seeds.length, seconds: (performance.now() - started) / 1000, outcomes, wrong, deaths, slowestMs };
}
