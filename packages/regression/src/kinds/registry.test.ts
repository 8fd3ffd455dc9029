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

  test('answers as many rows right as any threshold can', () => {
    fc.assert(
      fc.property(pairs, (drawn) => {
        const scores = Float64Array.from(drawn, ([score]) => score / 4);
        const labels = Float64Array.from(drawn, ([, label]) => (label ? 1 : 0));
        const best = Math.max(...[-9, ...scores, 9].map((threshold) => right(scores, labels, threshold)));
        const chosen = chooseThreshold(scores, labels);
        expect(chosen).toSatisfy(Number.isFinite);
        expect(right(scores, labels, chosen)).toBe(best);
      }),
    );
  });

  test('is 0.5 when 0.5 is as good as any', () => {
    expect(chooseThreshold(Float64Array.of(0.1, 0.2, 0.9), Float64Array.of(0, 0, 1))).toBe(0.5);
    expect(chooseThreshold(new Float64Array(0), new Float64Array(0))).toBe(0.5);
  });

  test('is chosen for each label of a multilabel task by itself', () => {
    const task: TaskSpec = { name: 'm', type: 'multilabel', classes: ['hat', 'tie'], targets: ['hat', 'tie'] };
    const scores = Float64Array.of(0.1, 0.6, 0.2, 0.7, 0.3, 0.8);
    const labels = Float64Array.of(0, 0, 1, 0, 1, 1);
    const thresholds = KINDS.multilabel.chooseThresholds(scores, labels, 2);
    expect(KINDS.multilabel.decide(scores, task, thresholds)).toEqual(labels);
  });
});

test('every kind stands under its own type', () => {
  for (const [type, kind] of Object.entries(KINDS)) expect(kind.type).toBe(type);
});
