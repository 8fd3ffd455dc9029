import { describe, expect, test } from 'vitest';
import { Random } from '../random.ts';
import { centre, scalingOf } from '../statistics/centre.ts';
import { Moments, pilotOf } from '../statistics/moments.ts';
import { choleskyFactor } from '../statistics/symmetric-kernel.ts';
import { failureOf } from '../testing/failure-of.ts';
import { randomLayer } from '../testing/random-layer.ts';
import { rivalFigures } from '../testing/rival-figures.ts';
import { leastSquares, meanSquaredErrors, ridge, ridgeScaled } from './ridge.ts';
import { linearScores } from './scores.ts';

const everyRow = (rows: number) => Int32Array.from({ length: rows }, (_, i) => i);

function momentsOf(responses: Float32Array, labels: Float64Array, rows: number): Moments {
  const pilot = pilotOf(responses, responses.length / rows, labels, labels.length / rows, everyRow(rows));
  return new Moments(pilot).add(responses, labels);
}

function relative(actual: ArrayLike<number>, wanted: ArrayLike<number>): number {
  const scale = Array.from(wanted).reduce((max, value) => Math.max(max, Math.abs(value)), 1e-300);
  return Array.from(wanted).reduce(
    (worst, value, i) => Math.max(worst, Math.abs((actual[i] as number) - value) / scale),
    0,
  );
}

describe('ridge', () => {
  const { rows, targets } = rivalFigures;
  const responses = Float32Array.from(rivalFigures.responses);
  const labels = Float64Array.from(rivalFigures.labels);

  test.each(rivalFigures.ridge)('agrees with scikit-learn at λ = $lambda', ({ lambda, weights, intercepts, mse }) => {
    const moments = momentsOf(responses, labels, rows);
    const fit = ridge(moments, { lambda });
    expect(fit.method).toBe('cholesky');
    expect(relative(fit.weights, weights)).toBeLessThan(1e-10);
    expect(relative(fit.intercepts, intercepts)).toBeLessThan(1e-10);
    const scores = linearScores(responses, everyRow(rows), fit.weights, fit.intercepts);
    const errors = new Float64Array(targets);
    scores.forEach((score, i) => (errors[i % targets]! += (score - (labels[i] as number)) ** 2 / rows));
    expect(relative(errors, mse)).toBeLessThan(1e-10);
  });

  test('reads the error of a fit from the statistics alone', () => {
    const moments = momentsOf(responses, labels, rows);
    const centred = centre(moments, scalingOf(moments));
    const { weights } = ridgeScaled(centred, 0.1);
    expect(relative(meanSquaredErrors(centred, weights), rivalFigures.ridge[2]!.mse)).toBeLessThan(1e-12);
  });
});

describe('least squares of dependent filters', () => {
  test('predict what scikit-learn predicts, with a duplicate and a constant filter left at zero', () => {
    const { rows, filters, responses, labels, predictions } = rivalFigures.dependent;
    const x = Float32Array.from(responses);
    const fit = leastSquares(momentsOf(x, Float64Array.from(labels), rows));
    expect(fit.method).toBe('pivoted');
    expect(fit.rank).toBe(8);
    expect(fit.weights[filters - 1]).toBe(0);
    expect([fit.weights[0], fit.weights[8]].filter((weight) => weight === 0)).toHaveLength(1);
    expect(relative(linearScores(x, everyRow(rows), fit.weights, fit.intercepts), predictions)).toBeLessThan(1e-9);
  });

  test('interpolate when there are more filters than rows', () => {
    const { responses, signal } = randomLayer({ rows: 15, filters: 40 });
    const fit = leastSquares(momentsOf(responses, signal, 15));
    expect(fit.rank).toBe(14);
    expect(relative(linearScores(responses, everyRow(15), fit.weights, fit.intercepts), signal)).toBeLessThan(1e-8);
  });

  test('weigh nothing when the labels do not vary', () => {
    const { responses } = randomLayer({ rows: 30, filters: 5 });
    const fit = leastSquares(momentsOf(responses, new Float64Array(30).fill(7), 30));
    expect([...fit.weights]).toEqual([0, 0, 0, 0, 0]);
    expect([...fit.intercepts]).toEqual([7]);
  });
});

test('a fit is refused under two rows and for a λ that is no penalty', () => {
  const { responses, signal } = randomLayer({ rows: 1, filters: 3 });
  const one = momentsOf(responses, signal, 1);
  expect(failureOf(() => leastSquares(one)).code).toBe('REGRESSION_TOO_FEW_ROWS');
  const many = randomLayer({ rows: 10, filters: 3 });
  const moments = momentsOf(many.responses, many.signal, 10);
  for (const lambda of [-1, NaN, Infinity]) {
    expect(failureOf(() => ridge(moments, { lambda })).code).toBe('REGRESSION_SETTING_INVALID');
  }
});

test.each([1, 3, 4, 31, 32, 33, 65, 130])('a Cholesky factor of order %i multiplies back to its matrix', (size) => {
  const random = Random.seeded(size);
  const root = Float64Array.from({ length: size * size }, () => random.normal());
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      for (let k = 0; k < size; k++) matrix[i * size + j]! += root[i * size + k]! * root[j * size + k]!;
      if (i === j) matrix[i * size + j]! += size;
    }
  const factor = choleskyFactor(matrix, size, 1e-9);
  if (factor === undefined) throw new Error('the matrix is positive definite');
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let product = 0;
      for (let k = 0; k <= j; k++) product += factor[i * size + k]! * factor[j * size + k]!;
      expect(Math.abs(product - matrix[i * size + j]!)).toBeLessThan(1e-12 * size * size);
    }
  matrix[size * size - 1] = -1;
  expect(choleskyFactor(matrix, size, 1e-9)).toBeUndefined();
});
