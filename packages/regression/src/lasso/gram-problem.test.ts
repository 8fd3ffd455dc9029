import { describe, expect, it } from 'vitest';
import type { Failure, FailureCode } from '@kneepoint/failures';
import { certify } from './certify.ts';
import type { GramProblem } from './gram-problem.ts';
import { groupLassoPath } from './group-lasso-path.ts';
import { lassoPath } from './lasso-path.ts';
import { sampleLambdas } from './sample-lambdas.ts';
import { segmentErrors } from './segment-errors.ts';

const good: GramProblem = { p: 2, gram: Float64Array.of(1, 0.5, 0.5, 1), xty: Float64Array.of(1, 0.8), yy: 1.2 };

const bad: readonly [string, Partial<GramProblem>, FailureCode, string][] = [
  ['no filters', { p: 0 }, 'REGRESSION_SHAPE', 'a problem of 0 filters'],
  ['a Gram matrix of another size', { gram: new Float64Array(9) }, 'REGRESSION_SHAPE', 'gram has 9 numbers'],
  ['covariances of another length', { xty: new Float64Array(3) }, 'REGRESSION_SHAPE', 'xty has 3 numbers'],
  ['NaN on the diagonal', { gram: Float64Array.of(NaN, 0, 0, 1) }, 'REGRESSION_NOT_FINITE', 'gram[0][0] is NaN'],
  ['NaN beside it', { gram: Float64Array.of(1, NaN, NaN, 1) }, 'REGRESSION_NOT_FINITE', 'gram[1][0] is NaN'],
  [
    'Infinity above it',
    { gram: Float64Array.of(1, Infinity, 0, 1) },
    'REGRESSION_NOT_FINITE',
    'gram[0][1] is Infinity',
  ],
  ['NaN in xty', { xty: Float64Array.of(0, NaN) }, 'REGRESSION_NOT_FINITE', 'xty[1] is NaN'],
  ['an infinite target', { yy: Infinity }, 'REGRESSION_NOT_FINITE', 'yy is Infinity'],
  ['a negative sum of squares', { yy: -1 }, 'REGRESSION_GRAM_INVALID', 'yy is -1'],
  [
    'a negative variance',
    { gram: Float64Array.of(1, 0, 0, -2) },
    'REGRESSION_GRAM_INVALID',
    'the variance of filter 1 is -2',
  ],
  [
    'an asymmetric matrix',
    { gram: Float64Array.of(1, 0.2, 0.3, 1) },
    'REGRESSION_GRAM_INVALID',
    '0.3 below the diagonal is 0.2 above it',
  ],
  [
    'a covariance over both variances',
    { gram: Float64Array.of(1, 3, 3, 1) },
    'REGRESSION_GRAM_INVALID',
    'filters 1 and 0 have covariance 3, over both variances',
  ],
  [
    'more covariance than variance with the target',
    { xty: Float64Array.of(5, 0) },
    'REGRESSION_GRAM_INVALID',
    'filter 0 has more covariance with the target (5) than their variances allow (1.0954456)',
  ],
];

const codeAndMessage = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    const { code, message } = error as Failure;
    return { code, message };
  }
  return undefined;
};

describe('moments that cannot be', () => {
  it.each(bad)('are refused: %s', (_, change, code, message) => {
    const problem = { ...good, ...change };
    const lambdas = [0.5];
    const refused = codeAndMessage(() => lassoPath(problem));
    expect(refused?.code).toBe(code);
    expect(refused?.message.startsWith(message.slice(0, 60))).toBe(true);
    expect(codeAndMessage(() => certify(problem, []))?.code).toBe(code);
    expect(codeAndMessage(() => groupLassoPath({ ...problem, targets: 1 }, lambdas))?.code).toBe(code);
    if (change.p === undefined)
      expect(codeAndMessage(() => segmentErrors(lassoPath(good), { ...good, ...change }))?.code).toBe(code);
  });

  it('are refused when the matrix is not positive semidefinite beyond rounding', () => {
    const gram = Float64Array.of(1, 0.9, -0.9, 0.9, 1, 0.9, -0.9, 0.9, 1);
    const problem = { p: 3, gram, xty: Float64Array.of(0.9, 0.8, 0.1), yy: 1 };
    expect(codeAndMessage(() => lassoPath(problem))).toEqual({
      code: 'REGRESSION_GRAM_INVALID',
      message: 'the Gram matrix has a negative eigenvalue, far beyond rounding',
    });
  });
});

describe('settings out of range', () => {
  it.each([
    ['a ratio of 1', () => lassoPath(good, { lambdaMinRatio: 1 })],
    ['a ratio of NaN', () => lassoPath(good, { lambdaMinRatio: NaN })],
    ['no knots', () => lassoPath(good, { maxKnots: 0 })],
    ['no samples', () => sampleLambdas(1, 0)],
    ['a rising sequence', () => sampleLambdas(1, 10, 0.5)],
    ['an infinite start', () => sampleLambdas(Infinity)],
    ['λ that rise', () => groupLassoPath({ ...good, targets: 1 }, [0.1, 0.2])],
    ['λ of 0', () => groupLassoPath({ ...good, targets: 1 }, [0.1, 0])],
    ['no targets', () => groupLassoPath({ ...good, targets: 0 }, [0.1])],
    ['a tolerance of 0', () => groupLassoPath({ ...good, targets: 1 }, [0.1], { tolerance: 0 })],
  ])('are refused: %s', (_, work) => {
    expect(codeAndMessage(work)?.code).toBe('REGRESSION_SETTING_INVALID');
  });
});

describe('sampled λ', () => {
  it('fall in a geometric sequence over four decades', () => {
    const lambdas = sampleLambdas(2);
    expect(lambdas).toHaveLength(100);
    expect(lambdas[0]).toBe(2);
    expect(lambdas[99]).toBeCloseTo(2e-4, 15);
    const ratios = Array.from(lambdas.subarray(1), (lambda, i) => lambda / (lambdas[i] as number));
    for (const ratio of ratios) expect(ratio).toBeCloseTo(1e4 ** (-1 / 99), 12);
  });
});
