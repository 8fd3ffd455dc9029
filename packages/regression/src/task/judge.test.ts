import { describe, expect, test } from 'vitest';
import { failureOf } from '../testing/failure-of.ts';
import { chooseThresholds, judge, judgeChance } from './judge.ts';
import { labelledRows } from './labels.ts';
import type { TaskSpec } from './spec.ts';

const age: TaskSpec = { name: 'age', type: 'ordered', bins: [[10, 20]], targets: ['age'] };
const yaw: TaskSpec = { name: 'yaw', type: 'continuous', targets: ['yaw'] };
const hat: TaskSpec = { name: 'hat', type: 'binary', targets: ['hat'] };
const mood: TaskSpec = { name: 'mood', type: 'categorical', classes: ['a', 'b'], targets: ['a', 'b'] };

describe('judging', () => {
  test('an ordered task counts right bins and reports the error of the value', () => {
    const { value, others } = judge(age, Float64Array.of(12, 8, 25), Float64Array.of(15, 15, 25), []);
    expect(value).toBeCloseTo(2 / 3, 15);
    expect(others.rmse).toBeCloseTo(Math.sqrt((9 + 49) / 3), 12);
  });

  test('a binary task uses its threshold for answers and not for the truth', () => {
    const scores = Float64Array.of(0.7, 0.8, 0.9);
    const labels = Float64Array.of(0, 0, 1);
    expect(judge(hat, scores, labels, [0.5]).value).toBeCloseTo(1 / 3, 15);
    const thresholds = chooseThresholds(hat, scores, labels);
    expect(judge(hat, scores, labels, thresholds).value).toBe(1);
  });

  test('chance is the training mean for values and the most frequent training class for classes', () => {
    expect(judgeChance(yaw, Float64Array.of(0, 10), Float64Array.of(5, 8))).toBeCloseTo(Math.sqrt(9 / 2), 12);
    expect(judgeChance(age, Float64Array.of(5, 5, 90), Float64Array.of(1, 2, 3, 15))).toBe(0.75);
    expect(judgeChance(hat, Float64Array.of(1, 1, 0), Float64Array.of(1, 0, 1, 1))).toBe(0.75);
    expect(judgeChance(mood, Float64Array.of(0, 1, 0, 1, 1, 0), Float64Array.of(0, 1, 1, 0))).toBe(0.5);
  });
});

describe('labels', () => {
  test('with a NaN in any target leave their row out', () => {
    const labels = Float64Array.of(1, 0, NaN, 1, 0, 1);
    expect([...labelledRows({ spec: mood, labels }, 3)]).toEqual([0, 2]);
  });

  test.each([
    [yaw, [1, Infinity], 'REGRESSION_NOT_FINITE', 'task "yaw" has an infinite label in row 1'],
    [hat, [0, 0.5], 'REGRESSION_LABEL_INVALID', 'task "hat" (binary), row 1: 0.5 is neither 0 nor 1'],
    [mood, [1, 0, 1, 1], 'REGRESSION_LABEL_INVALID', 'task "mood" (categorical), row 1: 2 classes are marked, not one'],
    [mood, [1, 0, 0, 0], 'REGRESSION_LABEL_INVALID', 'task "mood" (categorical), row 1: 0 classes are marked, not one'],
    [yaw, [1], 'REGRESSION_SHAPE', 'task "yaw" has 1 labels for 2 rows × 1 targets'],
  ])('of $name that its type does not allow are refused: %#', (spec, labels, code, message) => {
    const failure = failureOf(() => labelledRows({ spec, labels: Float64Array.from(labels) }, 2));
    expect(failure).toMatchObject({ code, message });
  });
});
