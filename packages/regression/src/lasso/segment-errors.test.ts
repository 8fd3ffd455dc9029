import { describe, expect, it } from 'vitest';
import { lassoPath } from './lasso-path.ts';
import { coefficientsAt } from './sample-path.ts';
import { errorAt, segmentErrors } from './segment-errors.ts';
import { problemOf } from './testing/problem-of.ts';
import { randomDesign } from './testing/random-design.ts';

/** The mean squared error of w from its definition. */
function meanSquare(path: ReturnType<typeof lassoPath>, moments: ReturnType<typeof problemOf>, lambda: number): number {
  const { p, gram, xty, yy } = moments;
  const w = new Float64Array(p);
  const { index, value } = coefficientsAt(path, lambda);
  index.forEach((filter, k) => (w[filter] = value[k] as number));
  let error = yy;
  for (let i = 0; i < p; i++) {
    error -= 2 * (w[i] as number) * (xty[i] as number);
    for (let j = 0; j < p; j++) error += (w[i] as number) * (w[j] as number) * (gram[i * p + j] as number);
  }
  return error;
}

describe('the errors along a path', () => {
  it('equal the mean squared error at any λ, on the rows that were fitted and on others', () => {
    let checked = 0;
    for (let seed = 0; seed < 120; seed++) {
      const { design, labels, p, kind } = randomDesign(seed, 45);
      const train = problemOf(design, labels, p);
      const path = lassoPath(train);
      const half = Math.floor(labels.length / 2);
      for (const moments of [train, problemOf(design.subarray(0, half * p), labels.subarray(0, half), p)]) {
        const errors = segmentErrors(path, moments);
        expect(errors).toHaveLength(3 * Math.max(1, path.lambda.length - 1));
        for (const share of [1, 0.9, 0.5, 0.1, 0.01, 1e-3, 1e-4]) {
          const lambda = share * path.lambdaMax;
          const scale = Math.max(train.yy, moments.yy, 1e-300);
          const difference = errorAt(path, errors, lambda) - Math.max(0, meanSquare(path, moments, lambda));
          expect(Math.abs(difference) / scale, `${kind} ${seed} at ${share}`).toBeLessThan(1e-10);
          checked++;
        }
      }
    }
    expect(checked).toBe(120 * 2 * 7);
  });

  it('join without a gap from segment to segment', () => {
    const { design, labels, p } = randomDesign(0, 45);
    const train = problemOf(design, labels, p);
    const path = lassoPath(train);
    const errors = segmentErrors(path, train);
    for (let j = 0; j + 2 < path.lambda.length; j++) {
      const [c0 = 0, c1 = 0, c2 = 0, next = 0] = errors.subarray(3 * j, 3 * j + 4);
      expect(Math.abs(c0 + c1 + c2 - next)).toBeLessThan(1e-12 * train.yy);
    }
  });

  it('fall along the whole path on the rows that were fitted', () => {
    const { design, labels, p } = randomDesign(12, 45);
    const path = lassoPath(problemOf(design, labels, p));
    const errors = segmentErrors(path, problemOf(design, labels, p));
    for (let j = 0; j + 1 < path.lambda.length; j++) {
      const [, c1 = 0, c2 = 0] = errors.subarray(3 * j, 3 * j + 3);
      expect(c1).toBeLessThanOrEqual(1e-12);
      expect(c1 + 2 * c2).toBeLessThanOrEqual(1e-12);
    }
  });
});
