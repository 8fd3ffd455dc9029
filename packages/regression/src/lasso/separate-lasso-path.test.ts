import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { groupLambdaMax, groupLassoPath } from './group-lasso-path.ts';
import { sampleLambdas } from './sample-lambdas.ts';
import {
  separateLambdaMax,
  separateLassoPath,
  type SeparatePoint,
  type SeparateTarget,
} from './separate-lasso-path.ts';
import { groupProblemOf, problemOf } from './testing/problem-of.ts';
import { randomDesign } from './testing/random-design.ts';

/** Violation of the optimality conditions over λmax, from the definition. */
function violationOf(targets: readonly SeparateTarget[], { lambda, index, weights }: SeparatePoint, p: number): number {
  const count = targets.length;
  const rows = new Map(Array.from(index, (j, k) => [j, weights.subarray(k * count, (k + 1) * count)]));
  let worst = 0;
  for (let j = 0; j < p; j++) {
    const q = targets.map(({ gram, xty, weight }, t) => {
      let left = xty[j]!;
      for (const [i, w] of rows) left -= gram[j * p + i]! * w[t]!;
      return weight * left;
    });
    const own = rows.get(j);
    if (own === undefined) worst = Math.max(worst, Math.hypot(...q) - lambda);
    else worst = Math.max(worst, Math.hypot(...q.map((value, t) => value - (lambda * own[t]!) / Math.hypot(...own))));
  }
  return worst;
}

/** Designs whose filters are linear combinations of each other, or next to it. */
const DEPENDENT: ReadonlySet<string> = new Set(['nearlyCollinear', 'lowRank']);

describe('the path of targets with rows of their own', () => {
  it('is the grouped path where the rows are the same', () => {
    for (let seed = 0; seed < 12; seed++) {
      const { design, labels, p } = randomDesign(seed, 30, 3);
      const whole = groupProblemOf(design, labels, { p, targets: 3, standardise: true });
      const single = [0, 1, 2].map((t) => labels.filter((_, i) => i % 3 === t));
      const separate = single.map((own): SeparateTarget => ({ ...problemOf(design, own, p, true), weight: 1 }));
      const lambdaMax = groupLambdaMax(whole);
      expect(separateLambdaMax(separate)).toBeCloseTo(lambdaMax, 12);
      if (lambdaMax === 0) continue;
      const lambdas = sampleLambdas(lambdaMax, 10, 1e2);
      const expected = groupLassoPath(whole, lambdas).points;
      separateLassoPath(separate, lambdas).points.forEach((point, i) => {
        const objective = ({ index, weights }: { index: Int32Array; weights: Float64Array }): number => {
          let value = 0;
          index.forEach((j, k) => {
            const own = weights.subarray(k * 3, k * 3 + 3);
            value += lambdas[i]! * Math.hypot(...own);
            own.forEach((w, t) => {
              let product = 0;
              index.forEach((other, m) => (product += whole.gram[j * p + other]! * weights[m * 3 + t]!));
              value += w * (product / 2 - whole.xty[j * 3 + t]!);
            });
          });
          return value;
        };
        expect(objective(point)).toBeCloseTo(objective(expected[i]!), 8);
      });
    }
  });

  it('reaches its certificate on different rows, and keeps the conditions of optimality', () => {
    for (let seed = 0; seed < 12; seed++) {
      const { design, labels, p, kind } = randomDesign(seed, 30, 3);
      const n = labels.length / 3;
      const rowsOf = (t: number): number[] => Array.from({ length: n }, (_, row) => row).filter((row) => row % 4 !== t);
      const targets = [0, 1, 2].map((t): SeparateTarget => {
        const rows = rowsOf(t);
        const own = Float64Array.from(rows.flatMap((row) => [...design.subarray(row * p, (row + 1) * p)]));
        const truth = Float64Array.from(rows, (row) => labels[row * 3 + t]!);
        return { ...problemOf(own, truth, p, true), weight: rows.length / n };
      });
      const lambdaMax = separateLambdaMax(targets);
      if (lambdaMax === 0) continue;
      const { points, failed } = separateLassoPath(targets, sampleLambdas(lambdaMax, 20, 1e3));
      // Where descent does not come to an end the point says so.
      if (!DEPENDENT.has(kind)) expect(failed, `${kind} ${seed}`).toEqual([]);
      points.forEach((point, i) => {
        expect(point.gap).toBeLessThanOrEqual(failed.includes(i) ? 1e-2 : 1e-9);
        expect(violationOf(targets, point, p) / lambdaMax).toBeLessThanOrEqual(failed.includes(i) ? 0.1 : 1e-3);
      });
    }
  });

  it('is followed to the end where filters answer much alike: eight causes behind 192 of them', () => {
    const random = Random.seeded(3);
    const [p, n, causes] = [192, 240, 8];
    const hidden = Float64Array.from({ length: n * causes }, () => random.normal());
    const mix = Float64Array.from({ length: causes * p }, () => random.normal());
    const design = Float64Array.from({ length: n * p }, (_, at) => {
      const [row, filter] = [Math.floor(at / p), at % p];
      let sum = 0.3 * random.normal();
      for (let cause = 0; cause < causes; cause++) sum += hidden[row * causes + cause]! * mix[cause * p + filter]!;
      return sum;
    });
    const targets = Array.from({ length: causes }, (_, t): SeparateTarget => {
      const rows = Array.from({ length: n }, (_, row) => row).filter((row) => row % 9 !== t);
      const own = Float64Array.from(rows.flatMap((row) => [...design.subarray(row * p, (row + 1) * p)]));
      const truth = Float64Array.from(rows, (row) => Math.sign(hidden[row * causes + t]! + 0.5 * random.normal()));
      return { ...problemOf(own, truth, p, true), weight: 1 };
    });
    const { points, failed } = separateLassoPath(targets, [0.01 * separateLambdaMax(targets)]);
    expect(failed).toEqual([]);
    expect(points.at(-1)!.index.length).toBeGreaterThan(30);
  });
});
