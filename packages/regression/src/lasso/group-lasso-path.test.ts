import { describe, expect, it } from 'vitest';
import { groupLambdaMax, groupLassoPath, type GroupPoint } from './group-lasso-path.ts';
import { lassoPath } from './lasso-path.ts';
import { sampleLambdas } from './sample-lambdas.ts';
import { coefficientsAt } from './sample-path.ts';
import type { GroupProblem } from './gram-problem.ts';
import { groupProblemOf, problemOf } from './testing/problem-of.ts';
import { randomDesign } from './testing/random-design.ts';

/** Violation of q_j = λ W_j/‖W_j‖ on rows in use and ‖q_j‖ ≤ λ on the others, over λmax, from the definition. */
function violationOf({ p, targets, gram, xty }: GroupProblem, { lambda, index, weights }: GroupPoint): number {
  const rows = new Map(Array.from(index, (j, k) => [j, weights.subarray(k * targets, (k + 1) * targets)]));
  let worst = 0;
  for (let j = 0; j < p; j++) {
    const q = Array.from(xty.subarray(j * targets, (j + 1) * targets));
    for (const [i, w] of rows) w.forEach((value, t) => (q[t] = (q[t] as number) - (gram[j * p + i] as number) * value));
    const own = rows.get(j);
    if (own === undefined) worst = Math.max(worst, Math.hypot(...q) - lambda);
    else {
      const norm = Math.hypot(...own);
      worst = Math.max(worst, Math.hypot(...q.map((value, t) => value - (lambda * (own[t] as number)) / norm)));
    }
  }
  return worst;
}

describe('the grouped path', () => {
  it('reaches its certificate on 240 random problems, degenerate ones included', () => {
    for (let seed = 0; seed < 240; seed++) {
      const targets = 2 + (seed % 7);
      const { design, labels, p, kind, standardise } = randomDesign(seed, 30, targets);
      const problem = groupProblemOf(design, labels, { p, targets, standardise });
      const lambdaMax = groupLambdaMax(problem);
      if (lambdaMax === 0) continue;
      const { points, failed } = groupLassoPath(problem, sampleLambdas(lambdaMax, 20, 1e3));
      expect(failed, `${kind} ${seed}`).toEqual([]);
      for (const point of points) {
        expect(point.gap).toBeLessThanOrEqual(1e-9);
        expect(violationOf(problem, point) / lambdaMax).toBeLessThanOrEqual(1.1e-8);
      }
    }
  });

  it('reaches it for eight targets and more filters, at every tolerance', () => {
    for (let seed = 0; seed < 12; seed++) {
      const { design, labels, p, kind, standardise } = randomDesign(seed, 150, 8);
      const problem = groupProblemOf(design, labels, { p, targets: 8, standardise });
      const lambdaMax = groupLambdaMax(problem);
      for (const tolerance of [1e-4, 1e-6, 1e-9]) {
        const { points, failed } = groupLassoPath(problem, sampleLambdas(lambdaMax, 30), { tolerance });
        expect(failed, `${kind} ${seed}`).toEqual([]);
        for (const point of points)
          expect(violationOf(problem, point) / lambdaMax).toBeLessThanOrEqual(10 * tolerance + 1e-9);
      }
    }
  });

  it('is the lasso path when there is one target', () => {
    for (let seed = 0; seed < 48; seed += 12) {
      const { design, labels, p } = randomDesign(seed, 30);
      const problem = problemOf(design, labels, p, true);
      const path = lassoPath(problem);
      const { points, lambdaMax } = groupLassoPath({ ...problem, targets: 1 }, sampleLambdas(path.lambdaMax, 30, 1e3), {
        tolerance: 1e-12,
      });
      expect(lambdaMax).toBeCloseTo(path.lambdaMax, 12);
      for (const { lambda, index, weights } of points.slice(1)) {
        const exact = coefficientsAt(path, lambda);
        const dense = new Float64Array(p);
        index.forEach((j, k) => (dense[j] = weights[k] as number));
        const largest = Math.max(...exact.value.map(Math.abs));
        exact.index.forEach((j, k) =>
          expect(Math.abs((dense[j] as number) - (exact.value[k] as number)) / largest).toBeLessThan(1e-5),
        );
      }
    }
  });

  it('thresholds whole rows when filters are orthogonal', () => {
    const gram = Float64Array.of(1, 0, 0, 1);
    const xty = Float64Array.of(3, 4, 0.6, 0.8);
    const { points, lambdaMax } = groupLassoPath({ p: 2, targets: 2, gram, xty, yy: 30 }, [5, 2, 0.5]);
    expect(lambdaMax).toBe(5);
    expect(points.map(({ index }) => Array.from(index))).toEqual([[], [0], [0, 1]]);
    [0.6 * 3, 0.8 * 3].forEach((w, t) => expect(points[1]?.weights[t]).toBeCloseTo(w, 8));
    [0.6 * 4.5, 0.8 * 4.5, 0.3, 0.4].forEach((w, t) => expect(points[2]?.weights[t]).toBeCloseTo(w, 8));
  });

  it('uses a filter for all targets or for none', () => {
    const { design, labels, p } = randomDesign(0, 30, 3);
    const problem = groupProblemOf(design, labels, { p, targets: 3 });
    const { points } = groupLassoPath(problem, sampleLambdas(groupLambdaMax(problem), 10));
    for (const { index, weights } of points) {
      expect(weights).toHaveLength(3 * index.length);
      for (let k = 0; k < index.length; k++)
        expect(weights.subarray(3 * k, 3 * k + 3).every((w) => w !== 0)).toBe(true);
    }
  });

  it('shares the weight of duplicated filters equally and never uses a constant one', () => {
    const n = 30;
    const design = new Float64Array(n * 3);
    const labels = new Float64Array(n * 2);
    for (let i = 0; i < n; i++) {
      design.set([Math.sin(i), Math.sin(i), 4], i * 3);
      labels.set([2 * Math.sin(i) + 0.1 * Math.cos(5 * i), Math.cos(3 * i) - Math.sin(i)], i * 2);
    }
    const problem = groupProblemOf(design, labels, { p: 3, targets: 2 });
    const { points, failed } = groupLassoPath(problem, sampleLambdas(groupLambdaMax(problem), 5, 100));
    expect(failed).toEqual([]);
    for (const { index } of points) expect(Array.from(index)).not.toContain(2);
  });

  it('is empty when no target varies', () => {
    const problem = { p: 2, targets: 2, gram: Float64Array.of(1, 0, 0, 1), xty: new Float64Array(4), yy: 0 };
    const { points, lambdaMax, failed } = groupLassoPath(problem, [0]);
    expect({ lambdaMax, failed, rows: points.map(({ index }) => index.length) }).toEqual({
      lambdaMax: 0,
      failed: [],
      rows: [0],
    });
  });

  it('says which λ it did not reach', () => {
    const { design, labels, p } = randomDesign(0, 30, 3);
    const problem = groupProblemOf(design, labels, { p, targets: 3 });
    const { points, failed } = groupLassoPath(problem, sampleLambdas(groupLambdaMax(problem), 10), { maxRounds: 1 });
    expect(failed.length).toBeGreaterThan(0);
    points.forEach(({ gap, kkt }, i) => expect(failed.includes(i)).toBe(gap > 1e-9 || kkt > 1e-8));
  });
});
