import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TaskSpec } from '../task/spec.ts';
import { rivalFigures } from '../testing/rival-figures.ts';
import { KINDS } from './registry.ts';
import { chooseThreshold } from './threshold.ts';

const pose: TaskSpec = {
  name: 'pose',
  type: 'ordered',
  bins: [
    [-15, 15],
    [-10, 10],
  ],
  targets: ['yaw', 'pitch'],
};

describe('ordered answers', () => {
  test('fall into the bins of numpy.digitize, a value on an edge above it', () => {
    const { truth, edges, bins } = rivalFigures.values;
    const age: TaskSpec = { name: 'age', type: 'ordered', bins: [edges], targets: ['age'] };
    const values = Float64Array.from(truth.filter((_, i) => i % 2 === 0));
    expect([...KINDS.ordered.decide(values, age, [])]).toEqual(bins);
    expect([...KINDS.ordered.decide(Float64Array.of(-15, 15, 14.999), age, [])]).toEqual([1, 2, 1]);
  });

  test('of two targets form a grid, the last target running fastest', () => {
    const scores = Float64Array.of(-30, -30, -30, 30, 0, 0, 30, 30);
    expect([...KINDS.ordered.decide(scores, pose, [])]).toEqual([0, 2, 4, 8]);
  });
});

test('a category is the largest score, the first of equals', () => {
  const task: TaskSpec = { name: 't', type: 'categorical', classes: ['a', 'b', 'c'], targets: ['a', 'b', 'c'] };
  expect([...KINDS.categorical.decide(Float64Array.of(0, 2, 1, 3, 3, 1, -1, -2, -1), task, [])]).toEqual([1, 0, 0]);
});

describe('a threshold', () => {
  const pairs = fc.array(fc.tuple(fc.integer({ min: -4, max: 8 }), fc.boolean()), { minLength: 1, maxLength: 25 });
  const right = (scores: Float64Array, labels: Float64Array, threshold: number) =>
    scores.reduce((count, score, i) => count + ((score >= threshold ? 1 : 0) === labels[i] ? 1 : 0), 0);

  test('answers as many rows right as any threshold can, within a standard error of the rows that it answers otherwise', () => {
    fc.assert(
      fc.property(pairs, fc.constantFrom(0, 0.5), (drawn, neutral) => {
        const scores = Float64Array.from(drawn, ([score]) => score / 4);
        const labels = Float64Array.from(drawn, ([, label]) => (label ? 1 : 0));
        const all = [-9, ...scores, 9];
        const best = Math.max(...all.map((threshold) => right(scores, labels, threshold)));
        const chosen = chooseThreshold(scores, labels, neutral);
        expect(chosen).toSatisfy(Number.isFinite);
        const otherwise = (other: number) => scores.filter((score) => score >= chosen !== score >= other).length;
        const alike = all.filter((other) => right(scores, labels, other) === best);
        expect(best - right(scores, labels, chosen)).toBeLessThanOrEqual(
          Math.max(...alike.map((other) => Math.sqrt(otherwise(other)))),
        );
      }),
    );
  });

  test('stays with what is neutral where rows say otherwise by chance alone, and leaves it where they mean it', () => {
    const scores = Float64Array.from({ length: 100 }, (_, i) => (i - 50) / 10);
    const wrongAt = (...rows: readonly number[]) =>
      Float64Array.from(scores, (score, i) => (score >= 0 !== rows.includes(i) ? 1 : 0));
    // Three of the five rows above 0 are wrong: one more right answer beyond them is within the √3 that chance gives.
    expect(chooseThreshold(scores, wrongAt(51, 52, 54), 0)).toBe(0);
    // All ten are wrong: moved beyond them, and not further.
    const moved = chooseThreshold(scores, wrongAt(...Array.from({ length: 10 }, (_, i) => 50 + i)), 0);
    expect(moved).toBeCloseTo(0.95, 12);
    expect(
      chooseThreshold(
        scores.map((score) => score + 7),
        wrongAt(),
        0,
      ),
    ).toBeCloseTo(6.95, 12);
  });

  test('is 0.5 when 0.5 is as good as any', () => {
    expect(chooseThreshold(Float64Array.of(0.1, 0.2, 0.9), Float64Array.of(0, 0, 1))).toBe(0.5);
    expect(chooseThreshold(new Float64Array(0), new Float64Array(0))).toBe(0.5);
  });

  test('is chosen for each label of a multilabel task by itself', () => {
    const task: TaskSpec = { name: 'm', type: 'multilabel', classes: ['hat', 'tie'], targets: ['hat', 'tie'] };
    const scores = Float64Array.of(0.1, 0.6, 0.2, 0.7, 0.3, 0.8);
    const labels = Float64Array.of(0, 0, 1, 0, 1, 1);
    const thresholds = KINDS.multilabel.chooseThresholds(scores, labels, 2, 0.5);
    expect(KINDS.multilabel.decide(scores, task, thresholds)).toEqual(labels);
  });
});

test('every kind stands under its own type', () => {
  for (const [type, kind] of Object.entries(KINDS)) expect(kind.type).toBe(type);
});
