import { Failure } from '@kneepoint/failures';
import { launchRun, type RunRequest } from '@kneepoint/platform';
import type { Context } from '../context.ts';
import type { Run } from '../schema/run.ts';
import { toRun } from './runs.ts';

const KEY = /^[\w.:-]{1,200}$/;

/** Launches a run; what was asked for is kept without the key, which names the request and is no part of it. */
export async function launch(
  { db, principal }: Pick<Context, 'db' | 'principal'>,
  request: RunRequest,
  idempotencyKey?: string,
): Promise<Run> {
  const { idempotencyKey: _key, ...input } = request.input as { idempotencyKey?: string };
  // Nested inputs are instances of their classes, which the database does not take for plain objects.
  const plain = JSON.parse(JSON.stringify(input)) as object;
  const key = isAbsent(idempotencyKey) ? {} : { idempotencyKey: requireKey(idempotencyKey) };
  return toRun(await launchRun(db, { ...request, input: plain, createdBy: principal.name, ...key }));
}

/** GraphQL clients may write null for a field that they leave out. */
export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

function requireKey(key: string): string {
  if (KEY.test(key)) return key;
  throw new Failure('NAME_INVALID', `"${key.slice(0, 80)}" is not an idempotency key`, {
    where: 'idempotencyKey',
    fix: 'Pass 1 to 200 letters, digits and . : _ -, such as a UUID.',
  });
}
