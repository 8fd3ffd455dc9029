import { Failure } from '@kneepoint/failures';
import type { Context } from '../context.ts';
import type { Run } from '../schema/run.ts';
import { Bell } from './bell.ts';
import { NEWEST_FIRST } from './pages.ts';
import { ACTIVE } from './project-runs.ts';
import { matches, type RunConditions, whereOf } from './run-filter.ts';
import { type RunRow, toRun } from './runs.ts';

/** Runs with which a subscription begins. */
const MOST_AT_FIRST = 100;
/** Runs that have changed and that a client has not taken yet: of each only the last state is kept. */
const MOST_WAITING = 1000;
const WAIT_MS = 60_000;

/**
 * The runs of a project that meet conditions: those that have not ended first, the newest hundred, oldest of them first; then whatever changes,
 * as it is after the change. Each run's seq grows; states that a slow client has not taken give way to later ones of the same run.
 * Throws SUBSCRIPTION_OVERRUN where a client leaves too many unread.
 */
export function watchRuns(
  { db, projectRuns }: Pick<Context, 'db'> & { readonly projectRuns: Pick<Context['projectRuns'], 'watch'> },
  conditions: RunConditions,
): AsyncGenerator<Run> {
  const bell = new Bell();
  const waiting = new Map<string, RunRow>();
  let left = false;
  let failure: Error | undefined;
  const fail = (error: unknown): void => {
    failure ??= error instanceof Error ? error : new Error(String(error));
    bell.ring();
  };
  const put = (row: RunRow): void => {
    if ((waiting.get(row.id)?.seq ?? -1) >= row.seq) return;
    waiting.set(row.id, row);
    if (waiting.size > MOST_WAITING) fail(overrun());
    bell.ring();
  };
  const states = (async function* (): AsyncGenerator<Run> {
    const changed = (row: RunRow): void => {
      if (matches(conditions, row)) put(row);
    };
    const leave = await projectRuns.watch({ changed, failed: fail });
    try {
      const first = await db.prisma.run.findMany({
        where: { AND: [whereOf(conditions), { state: { in: [...ACTIVE] } }] },
        orderBy: NEWEST_FIRST,
        take: MOST_AT_FIRST,
        omit: { input: true },
      });
      // Only these can have been read before an event tells of the same state.
      const seen = new Map(first.map(({ id, seq }) => [id, seq]));
      for (const row of first.reverse()) yield toRun(row);
      while (!left) {
        bell.reset();
        if (failure !== undefined) throw failure;
        const [next] = waiting.values();
        if (next === undefined) {
          await bell.rung(WAIT_MS);
          continue;
        }
        waiting.delete(next.id);
        if (next.seq <= (seen.get(next.id) ?? -1)) continue;
        seen.delete(next.id);
        yield toRun(next);
      }
    } finally {
      await leave();
    }
  })();
  // A generator hears of `return` only at its next yield, which a project where nothing changes never reaches: so it is woken.
  const end = states.return.bind(states);
  states.return = (value) => {
    left = true;
    bell.ring();
    return end(value);
  };
  return states;
}

function overrun(): Failure {
  return new Failure('SUBSCRIPTION_OVERRUN', `more than ${MOST_WAITING} runs have changed that were not taken`, {
    where: 'runsUpdated',
    fix: 'Subscribe again, with a filter or a smaller selection, and read what comes.',
  });
}
