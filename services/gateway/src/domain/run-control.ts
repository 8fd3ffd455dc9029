import { Failure } from '@kneepoint/failures';
import { cancelRun, describeRun, retryRun } from '@kneepoint/platform';
import type { Context } from '../context.ts';
import type { Run } from '../schema/run.ts';
import type { RunDetailsInput } from '../schema/run-details.ts';
import { requireDetails } from './run-details.ts';
import { requireRun, toRun } from './runs.ts';

const RETRYABLE: readonly string[] = ['FAILED', 'CANCELED', 'TIMED_OUT'];

export async function cancel({ db, bus, loaders }: Context, id: string): Promise<Run> {
  const run = await requireRun({ loaders }, id);
  return toRun(await cancelRun(db, bus, run.id));
}

/** A new run over the same steps: those whose results exist are found by their keys. */
export async function retry({ db, loaders, principal, config }: Context, id: string): Promise<Run> {
  const run = await requireRun({ loaders }, id);
  if (!RETRYABLE.includes(run.state)) {
    throw new Failure('RUN_NOT_RETRYABLE', `the run is ${run.state}`, {
      where: 'id',
      fix: 'Retry a run that is FAILED, CANCELED or TIMED_OUT.',
    });
  }
  return toRun(await retryRun(db, run.id, { createdBy: principal.name, mostOpen: config.gateway.openRuns }));
}

/** Says something else of a run: what is left out stays, null takes away. Throws RUN_UNKNOWN, RUN_DETAILS_INVALID. */
export async function updateRun({ db, bus, loaders }: Context, id: string, input: RunDetailsInput): Promise<Run> {
  const run = await requireRun({ loaders }, id);
  return toRun(await describeRun(db, bus, run.id, requireDetails(input, '')));
}
