import { cancelRun, retryRun } from '@kneepoint/platform';
import type { Context } from '../context.ts';
import type { Run } from '../schema/run.ts';
import { requireRun, toRun } from './runs.ts';

export async function cancel({ db, bus }: Context, id: string): Promise<Run> {
  const run = await requireRun({ db }, id);
  return toRun(await cancelRun(db, bus, run.id));
}

/** A new run over the same steps: those whose results exist are found by their keys. */
export async function retry({ db }: Context, id: string): Promise<Run> {
  const run = await requireRun({ db }, id);
  return toRun(await retryRun(db, run.id));
}
