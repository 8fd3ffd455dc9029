import { Failure } from '@kneepoint/failures';
import { PART_NAMES, splitRows, TEST, TRAIN, VALIDATION } from './split.ts';

/** A split that comes with the data, by row of the data set: TRAIN, VALIDATION, TEST or LEFT_OUT. */
export type GivenParts = Uint8Array;

/**
 * The given part of each of some rows. A part that the data set lacks altogether, validation or test, is drawn from the
 * training rows by seed, a quarter of them, whole groups together; a part that these rows merely do not reach is refused.
 * Throws REGRESSION_SPLIT_IMPOSSIBLE, and what `splitRows` throws.
 */
export function completeSplit(
  given: GivenParts,
  rows: Int32Array,
  { groups, seed, trial }: { groups?: Int32Array | undefined; seed: number; trial: number },
): Uint8Array {
  const parts = rows.map((row) => given[row] as number);
  const whole = [TRAIN, VALIDATION, TEST].map((part) => given.includes(part));
  const local = Uint8Array.from(parts);
  const missing = [VALIDATION, TEST].filter((part) => !whole[part]);
  if (missing.length > 0) {
    const training = Int32Array.from(local.keys()).filter((i) => local[i] === TRAIN);
    const own = groups === undefined ? {} : { groups: training.map((i) => groups[i] as number) };
    const drawn = splitRows({ rows: training.length, seed, trial, ...own });
    training.forEach((i, k) => {
      if (missing.includes(drawn[k] as number)) local[i] = drawn[k] as number;
    });
  }
  for (const part of [TRAIN, VALIDATION, TEST]) {
    if (local.includes(part)) continue;
    throw new Failure(
      'REGRESSION_SPLIT_IMPOSSIBLE',
      `the data set's own split has no labelled ${PART_NAMES[part]} row`,
      {
        fix: 'label images of that part, or let the split be drawn by seed',
      },
    );
  }
  return local;
}

/** Whether nothing of a given split is left to be drawn: every trial is then the same. */
export function isComplete(given: GivenParts): boolean {
  return [TRAIN, VALIDATION, TEST].every((part) => given.includes(part));
}
