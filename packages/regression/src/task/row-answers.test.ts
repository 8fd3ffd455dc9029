import { describe, expect, it } from 'vitest';
import { rowAnswers } from './row-answers.ts';
import type { TaskSpec } from './spec.ts';

const GENDER: TaskSpec = { name: 'gender', type: 'binary', classes: ['female', 'male'], targets: ['gender'] };
const WORN: TaskSpec = { name: 'worn', type: 'multilabel', targets: ['hat', 'scarf'] };
const AGE: TaskSpec = { name: 'age', type: 'continuous', targets: ['age'] };

const of = (...values: readonly number[]): Float64Array => Float64Array.from(values);

describe('answers to single rows', () => {
  it('are classes by the thresholds, with the rows that they are of', () => {
    const judged = { scores: of(0.2, 0.6, 0.9), labels: of(0, 0, 1) };
    expect(rowAnswers(GENDER, judged, [0.7], [4, 7, 9])).toEqual({
      ...{ kind: 'class', rows: [4, 7, 9], truth: [0, 0, 1], answers: [0, 0, 1] },
    });
  });

  it('are labels, one beside the other, null where nobody knows', () => {
    const judged = { scores: of(0.9, 0.1, 0.2, 0.8), labels: of(1, 0, NaN, 0) };
    expect(rowAnswers(WORN, judged, [0.5, 0.5], [1, 2])).toEqual({
      ...{ kind: 'labels', rows: [1, 2], truth: [1, 0, null, 0], answers: [1, 0, 0, 1] },
    });
  });

  it('are values, as far as anybody reads them', () => {
    const found = rowAnswers(AGE, { scores: of(31.23456789), labels: of(30) }, [], [0]);
    expect(found).toEqual({ kind: 'value', rows: [0], truth: [30], answers: [31.2346] });
  });

  it('are kept of a thousand rows, evenly over more', () => {
    const rows = Array.from({ length: 2500 }, (_, row) => row);
    const values = Float64Array.from(rows);
    const found = rowAnswers(AGE, { scores: values, labels: values }, [], rows);
    expect(found.rows.length).toBe(1000);
    expect([found.rows[0], found.rows[1], found.rows[2], found.rows[999]]).toEqual([0, 2, 5, 2497]);
    expect(found.answers).toEqual(found.rows);
  });
});
