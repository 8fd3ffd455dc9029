import type { KneepointClient } from './client.ts';
import { KneepointError } from './errors.ts';
import type { RunFieldsFragment } from './generated/graphql.ts';
import { watchRun, RUN, type WatchOptions } from './watch-run.ts';

export interface WaitOptions extends WatchOptions {
  /** Called with each state. */
  readonly onState?: ((run: RunFieldsFragment) => void) | undefined;
}

/** Follows a run until it has succeeded. Throws its failure, RUN_ENDED, and what `watchRun` throws. */
export async function waitForRun(
  client: KneepointClient,
  id: string,
  { onState, ...options }: WaitOptions,
): Promise<RunFieldsFragment> {
  let last: RunFieldsFragment | undefined;
  for await (const run of watchRun(client, id, RUN, options)) {
    last = run;
    onState?.(run);
  }
  return succeeded(last!);
}

/** A run that has ended, if it succeeded. Throws its failure, RUN_ENDED. */
export function succeeded<Run extends Pick<RunFieldsFragment, 'id' | 'state' | 'failure'>>(run: Run): Run {
  const { id, state, failure } = run;
  if (state === 'SUCCEEDED') return run;
  if (failure === null) throw new KneepointError('RUN_ENDED', `the run ended as ${state}`, { where: id });
  const { code, message, where, fix, retryable } = failure;
  throw new KneepointError(code, message, { where, fix, retryable });
}
