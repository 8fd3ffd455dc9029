import { describe, expect, test } from 'vitest';
import { breakDown } from '../task/judge.ts';
import type { TaskSpec } from '../task/spec.ts';

const hat: TaskSpec = { name: 'hat', type: 'binary', classes: ['bare', 'hat'], targets: ['hat'] };
const mood: TaskSpec = { name: 'mood', type: 'categorical', classes: ['a', 'b', 'c'], targets: ['a', 'b', 'c'] };
const age: TaskSpec = { name: 'age', type: 'continuous', targets: ['age'] };
const worn: TaskSpec = { name: 'worn', type: 'multilabel', classes: ['hat', 'tie'], targets: ['hat', 'tie'] };

/** One row of a categorical task: 1 in the column of the class. */
const one = (id: number): readonly number[] => [0, 1, 2].map((k) => (k === id ? 1 : 0));
const rows = (...ids: readonly number[]): Float64Array => Float64Array.from(ids.flatMap(one));

describe('an accuracy broken down', () => {
  test('of two classes has the counts that one finds by hand', () => {
    const scores = Float64Array.of(0.9, 0.2, 0.8, 0.1, 0.7);
    const { classes, confusion } = breakDown(hat, scores, Float64Array.of(1, 1, 0, 0, 1), [0.5]);
    expect(confusion).toEqual([
      [1, 1],
      [1, 2],
    ]);
    expect(classes).toEqual([
      { name: 'bare', rows: 2, precision: 1 / 2, recall: 1 / 2, f1: 1 / 2 },
      { name: 'hat', rows: 3, precision: 2 / 3, recall: 2 / 3, f1: 2 / 3 },
    ]);
  });

  test('says nothing of the precision of a class that was never answered, nor of the recall of one that never was', () => {
    const { classes, confusion } = breakDown(mood, rows(0, 0, 0, 2), rows(0, 1, 1, 1), []);
    expect(confusion).toEqual([
      [1, 0, 0],
      [2, 0, 1],
      [0, 0, 0],
    ]);
    expect(classes).toEqual([
      { name: 'a', rows: 1, precision: 1 / 3, recall: 1, f1: 1 / 2 },
      { name: 'b', rows: 3, precision: null, recall: 0, f1: 0 },
      { name: 'c', rows: 0, precision: 0, recall: null, f1: 0 },
    ]);
  });

  test('of labels has figures for each label, on the rows that carry it', () => {
    const scores = Float64Array.of(0.9, 0.9, 0.9, 0.1, 0.1, 0.9);
    const { classes, confusion } = breakDown(worn, scores, Float64Array.of(1, 0, 0, 1, 1, NaN), [0.5, 0.5]);
    expect(confusion).toBeNull();
    expect(classes).toEqual([
      { name: 'hat', rows: 2, precision: 1 / 2, recall: 1 / 2, f1: 1 / 2 },
      { name: 'tie', rows: 1, precision: 0, recall: 0, f1: 0 },
    ]);
  });

  test('of more classes than anybody can look at has no table of all pairs', () => {
    const names = Array.from({ length: 101 }, (_, i) => `c${i}`);
    const many: TaskSpec = { name: 'many', type: 'categorical', classes: names, targets: names };
    const truth = Float64Array.from(names, (_, i) => (i === 7 ? 1 : 0));
    const { classes, confusion } = breakDown(many, truth, truth, []);
    expect(confusion).toBeNull();
    expect(classes[7]).toEqual({ name: 'c7', rows: 1, precision: 1, recall: 1, f1: 1 });
  });

  test('of bins without names has their bounds for names', () => {
    const pose: TaskSpec = { name: 'pose', type: 'ordered', bins: [[-15, 15], [0]], targets: ['yaw', 'pitch'] };
    const { classes } = breakDown(pose, Float64Array.of(0, -3), Float64Array.of(0, 3), []);
    expect(classes.map(({ name }) => name)).toEqual([
      ...['yaw < -15, pitch < 0', 'yaw < -15, 0 ≤ pitch', '-15 ≤ yaw < 15, pitch < 0', '-15 ≤ yaw < 15, 0 ≤ pitch'],
      ...['15 ≤ yaw, pitch < 0', '15 ≤ yaw, 0 ≤ pitch'],
    ]);
    expect(classes[2]).toMatchObject({ rows: 0, precision: 0, recall: null });
    expect(classes[3]).toMatchObject({ rows: 1, precision: null, recall: 0 });
  });
});

describe('an error broken down', () => {
  test('goes along the truth in ten bins of as many rows, with bias and spread of each', () => {
    const truth = Float64Array.from({ length: 20 }, (_, i) => 19 - i);
    const { residuals } = breakDown(
      age,
      truth.map((value, i) => value + (i % 2 ? 3 : 1)),
      truth,
      [],
    );
    expect(residuals).toHaveLength(10);
    expect(residuals[0]).toEqual({ from: 0, to: 1, rows: 2, mean: 2, spread: 1 });
    expect(residuals[9]).toEqual({ from: 18, to: 19, rows: 2, mean: 2, spread: 1 });
  });

  test('keeps equal truths together, and every row in one bin', () => {
    const truth = Float64Array.of(5, 5, 5, 5, 5, 5, 5, 5, 5, 8, 9);
    const { residuals } = breakDown(age, truth, truth, []);
    expect(residuals.map(({ from, to, rows: count }) => [from, to, count])).toEqual([
      [5, 5, 9],
      [8, 8, 1],
      [9, 9, 1],
    ]);
    expect(breakDown(age, Float64Array.of(1), Float64Array.of(2), []).residuals).toEqual([
      { from: 2, to: 2, rows: 1, mean: -1, spread: 0 },
    ]);
  });
});
