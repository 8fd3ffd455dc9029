import { expect, test } from 'vitest';
import { completeSplit } from './given-split.ts';
import { splitTask } from './layer/family.ts';
import { LEFT_OUT, TEST, TRAIN, VALIDATION } from './split.ts';
import { failureOf } from './testing/failure-of.ts';

const all = (rows: number): Int32Array => Int32Array.from({ length: rows }, (_, i) => i);

test('a complete split is taken as it is, whatever the seed', () => {
  const given = Uint8Array.of(TEST, TRAIN, TRAIN, VALIDATION, TRAIN, LEFT_OUT);
  expect(completeSplit(given, all(6), { seed: 1, trial: 0 })).toEqual(given);
  expect(completeSplit(given, all(6), { seed: 9, trial: 2 })).toEqual(given);
});

test('a part that is missing is drawn from the training rows by seed, whole groups together, and nothing else moves', () => {
  const given = Uint8Array.from({ length: 80 }, (_, i) => (i < 60 ? TRAIN : VALIDATION));
  const groups = Int32Array.from({ length: 80 }, (_, i) => Math.floor(i / 4));
  const split = completeSplit(given, all(80), { seed: 3, trial: 0, groups });
  expect(split.subarray(60)).toEqual(given.subarray(60));
  const drawn = split.filter((part) => part === TEST).length;
  expect(drawn).toBeGreaterThanOrEqual(12);
  expect(drawn).toBeLessThanOrEqual(19);
  for (let row = 0; row < 60; row += 1) expect(split[row]).toBe(split[row - (row % 4)]);
  expect(completeSplit(given, all(80), { seed: 4, trial: 0, groups })).not.toEqual(split);
});

test('a task has the given parts of the rows that it labels, and is refused where it labels none of a part', () => {
  const given = Uint8Array.of(TRAIN, TRAIN, VALIDATION, TEST, TEST);
  const task = (labels: number[]) => ({
    spec: { name: 'age', type: 'continuous' as const, targets: ['age'] },
    labels: Float64Array.from(labels),
  });
  const request = { rows: 5, seed: 1, trial: 0, given };
  expect(splitTask(task([1, NaN, 3, 4, 5]), request)).toEqual(Uint8Array.of(TRAIN, LEFT_OUT, VALIDATION, TEST, TEST));
  const failure = failureOf(() => splitTask(task([1, 2, NaN, 4, 5]), request));
  expect(failure.code).toBe('REGRESSION_SPLIT_IMPOSSIBLE');
  expect(failure.message).toBe(`the data set's own split has no labelled validation row`);
});
