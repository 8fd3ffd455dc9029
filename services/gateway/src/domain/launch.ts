import { Failure } from '@kneepoint/failures';
import { launchRun, type RunRequest } from '@kneepoint/platform';
import type { Context } from '../context.ts';
import type { Run } from '../schema/run.ts';
import type { RunDetailsInput } from '../schema/run-details.ts';
import { requireDetails } from './run-details.ts';
import { isAbsent } from './absent.ts';
import { toRun } from './runs.ts';

const KEY = /^[\w.:-]{1,200}$/;

/** What every input has besides what is to be done. */
interface Asked {
  readonly idempotencyKey?: string | null;
  readonly run?: RunDetailsInput | null;
}

/** Launches a run; what was asked for is kept without the key and what is said of the run, which are no part of what is computed. */
export async function launch(
  { db, principal, config }: Pick<Context, 'db' | 'principal' | 'config'>,
  request: Omit<RunRequest, 'input'> & { readonly input: Asked },
): Promise<Run> {
  const { idempotencyKey, run, ...input } = request.input;
  // Nested inputs are instances of their classes, which the database does not take for plain objects.
  const plain = JSON.parse(JSON.stringify(input)) as object;
  const key = isAbsent(idempotencyKey) ? {} : { idempotencyKey: requireKey(idempotencyKey) };
  const details = isAbsent(run) ? {} : requireDetails(run);
  const bound = { mostOpen: config.gateway.openRuns };
  return toRun(
    await launchRun(db, { ...request, ...bound, input: plain, ...details, createdBy: principal.name, ...key }),
  );
}

/** What a run says that it is about. */
export function namesOf(tasks: readonly { readonly name: string }[]): readonly string[] {
  return tasks.map(({ name }) => name);
}

function requireKey(key: string): string {
  if (KEY.test(key)) return key;
  throw new Failure('NAME_INVALID', `"${key.slice(0, 80)}" is not an idempotency key`, {
    where: 'idempotencyKey',
    fix: 'Pass 1 to 200 letters, digits and . : _ -, such as a UUID.',
  });
}
