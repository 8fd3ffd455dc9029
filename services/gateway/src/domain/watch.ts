import { isRunTerminal } from '@kneepoint/platform';
import type { Context } from '../context.ts';
import type { Run } from '../schema/run.ts';
import { Bell } from './bell.ts';
import { Outage } from './outage.ts';
import { type RunRow, toRun } from './runs.ts';

/** How long a lost event can hide a change. */
const POLL_MS = 2000;

/**
 * The states of a run as they come: the present one first, then one for each higher seq, the terminal one last. Events only
 * wake the reader; what is yielded is always the row, so nothing is lost when an event is. A database that is away for a moment is waited for.
 * The loaders must remember nothing.
 */
export function watchRun({ loaders, bus }: Pick<Context, 'loaders' | 'bus'>, { id }: RunRow): AsyncGenerator<Run> {
  const bell = new Bell();
  const outage = new Outage();
  let left = false;
  const states = (async function* (): AsyncGenerator<Run> {
    const unsubscribe = await bus.subscribe(`events.run.${id}`, () => bell.ring());
    try {
      let seen = -1;
      while (!left) {
        bell.reset();
        const row = await loaders.runs.load(id).catch((error: unknown) => {
          if (outage.passes(error)) return undefined;
          throw error;
        });
        if (row === null || left) return;
        if (row !== undefined) {
          outage.over();
          if (row.seq > seen) {
            seen = row.seq;
            yield toRun(row);
          }
          if (isRunTerminal(row.state)) return;
        }
        // All who watch look at the same moments, so that their reads are one.
        await bell.rung(POLL_MS - (Date.now() % POLL_MS));
      }
    } finally {
      await unsubscribe();
    }
  })();
  // A generator hears of `return` only at its next yield, which a run that does not change never reaches: so it is woken.
  const end = states.return.bind(states);
  states.return = (value) => {
    left = true;
    bell.ring();
    return end(value);
  };
  return states;
}
