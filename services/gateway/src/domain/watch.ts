import type { Context } from '../context.ts';
import type { Run } from '../schema/run.ts';
import { type RunRow, TERMINAL_STATES, toRun } from './runs.ts';

/** How long a lost event can hide a change. */
const POLL_MS = 2000;

/**
 * The states of a run as they come: the present one first, then one for each higher seq, the terminal one last. Events only
 * wake the reader; what is yielded is always the row, so nothing is lost when an event is.
 */
export async function* watchRun({ db, bus }: Pick<Context, 'db' | 'bus'>, first: RunRow): AsyncGenerator<Run> {
  let wake: () => void = () => undefined;
  const unsubscribe = await bus.subscribe(`events.run.${first.id}`, () => wake());
  try {
    let seen = -1;
    for (;;) {
      const changed = new Promise<void>((resolve) => (wake = resolve));
      const row = await db.prisma.run.findUnique({ where: { id: first.id } });
      if (!row) return;
      if (row.seq > seen) {
        seen = row.seq;
        yield toRun(row);
      }
      if (TERMINAL_STATES.includes(row.state)) return;
      await Promise.race([changed, sleep(POLL_MS)]);
    }
  } finally {
    await unsubscribe();
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
