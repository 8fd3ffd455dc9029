import { setTimeout as sleep } from 'node:timers/promises';
import { isUnavailable } from '../database/database-failure.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/** Repeats what can be repeated while the database does not answer, with growing pauses, until `limitMs` are over. */
export async function untilAnswered<T>(ask: () => Promise<T>, limitMs: number): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 2)) {
    try {
      return await ask();
    } catch (error) {
      if (!isUnavailable(error) || performance.now() + pause > deadline) throw error;
      await sleep(pause);
    }
  }
}
