import { describe, expect, it } from 'vitest';
import { certify, CERTIFIED_GAP, CERTIFIED_KKT } from './certify.ts';
import type { GramProblem } from './gram-problem.ts';
import { lassoPath } from './lasso-path.ts';
import { sampleLambdas } from './sample-lambdas.ts';
import { type PathPoint, samplePath } from './sample-path.ts';
import { problemOf } from './testing/problem-of.ts';
import { randomDesign } from './testing/random-design.ts';

const PROBLEMS = 3000;

/** The optimality conditions and the duality gap written out from their definitions, with no code shared. */
function proofOf({ p, gram, xty, yy }: GramProblem, { lambda, coefficients }: PathPoint) {
  const w = new Array<number>(p).fill(0);
  coefficients.index.forEach((filter, k) => (w[filter] = coefficients.value[k] as number));
  const gw = w.map((_, i) => w.reduce((sum, value, j) => sum + value * (gram[i * p + j] as number), 0));
  const q = gw.map((value, i) => (xty[i] as number) - value);
  const dot = (a: ArrayLike<number>) => w.reduce((sum, value, i) => sum + value * (a[i] as number), 0);
  const rss = yy - 2 * dot(xty) + dot(gw);
  const norm = w.reduce((sum, value) => sum + Math.abs(value), 0);
  const steepest = Math.max(...q.map(Math.abs));
  const s = Math.min(1, lambda / steepest);
  // The dual point is the residual r scaled by s: its value is ½|y|² − ½|y − s r|².
  const dual = s * (yy - dot(xty)) - 0.5 * s * s * rss;
  const gap = (0.5 * rss + lambda * norm - dual) / yy;
  const violations = q.map((value, i) =>
    w[i] === 0 ? Math.abs(value) - lambda : Math.abs(value - lambda * Math.sign(w[i] as number)),
  );
  return { gap, kkt: Math.max(0, ...violations) / Math.max(...xty.map(Math.abs)) };
}

describe('the certificate', () => {
  it(`holds at every λ of ${PROBLEMS} random problems, ties, duplicates, one-hot and p > n among them`, () => {
    const worst = { gap: 0, kkt: 0 };
    const failed: number[] = [];
    for (let seed = 0; seed < PROBLEMS; seed++) {
      const { design, labels, p, standardise } = randomDesign(seed, 40);
      const problem = problemOf(design, labels, p, standardise);
      const path = lassoPath(problem);
      if (!path.complete) failed.push(seed);
      const proof = certify(problem, samplePath(path, sampleLambdas(path.lambdaMax, 30)));
      if (proof.failed.length > 0) failed.push(seed);
      worst.gap = Math.max(worst.gap, ...proof.gap);
      worst.kkt = Math.max(worst.kkt, ...proof.kkt);
    }
    expect(failed).toEqual([]);
    expect(worst.gap).toBeLessThanOrEqual(CERTIFIED_GAP);
    expect(worst.kkt).toBeLessThanOrEqual(CERTIFIED_KKT);
  }, 60_000);

  it('is the gap and the violation that the definitions give', () => {
    for (let seed = 0; seed < 60; seed++) {
      const { design, labels, p } = randomDesign(seed, 12);
      const problem = problemOf(design, labels, p);
      const path = lassoPath(problem);
      if (path.lambdaMax === 0) continue;
      // More points than one block of the kernel holds, with supports that grow.
      const points = samplePath(path, sampleLambdas(path.lambdaMax, seed % 10 === 0 ? 150 : 7));
      const { gap, kkt } = certify(problem, points);
      points.forEach((point, i) => {
        const proof = proofOf(problem, point);
        expect(gap[i]).toBeCloseTo(proof.gap, 11);
        expect(kkt[i]).toBeCloseTo(proof.kkt, 11);
      });
    }
  });

  it('mends a point that is not the minimum, and says which', () => {
    const { design, labels, p } = randomDesign(0, 20);
    const problem = problemOf(design, labels, p);
    const path = lassoPath(problem);
    const exact = samplePath(path, [path.lambdaMax / 2, path.lambdaMax / 20, path.lambdaMax / 200]);
    const points = exact.map((point, i) =>
      i === 1
        ? { ...point, coefficients: { ...point.coefficients, value: point.coefficients.value.map((w) => 0.9 * w) } }
        : point,
    );
    const proof = certify(problem, points);
    expect(proof.refined).toEqual([1]);
    expect(proof.failed).toEqual([]);
    const [mended, truth] = [proof.points[1] as PathPoint, exact[1] as PathPoint];
    expect(mended.coefficients.index).toEqual(truth.coefficients.index);
    mended.coefficients.value.forEach((w, k) => expect(w).toBeCloseTo(truth.coefficients.value[k] as number, 9));
  });

  it('finds the support again when a point has lost it', () => {
    for (let seed = 0; seed < 48; seed++) {
      const { design, labels, p } = randomDesign(seed, 25);
      const problem = problemOf(design, labels, p, true);
      const path = lassoPath(problem);
      if (path.lambdaMax === 0) continue;
      const empty = {
        lambda: path.lambdaMax / 100,
        coefficients: { index: new Int32Array(0), value: new Float64Array(0) },
        nonZero: 0,
      };
      const proof = certify(problem, [empty]);
      expect(proof.failed, `design ${seed}`).toEqual([]);
      expect(proof.refined).toEqual([0]);
    }
  });

  it('refuses a point with weight on a filter that there is not', () => {
    const { design, labels, p } = randomDesign(0, 20);
    const coefficients = { index: Int32Array.of(p), value: Float64Array.of(1) };
    expect(() => certify(problemOf(design, labels, p), [{ lambda: 1, coefficients, nonZero: 1 }])).toThrow(
      expect.objectContaining({ code: 'REGRESSION_SHAPE' }) as Error,
    );
  });

  it('names the points that double precision cannot bring to the bound', () => {
    // Columns that differ by 1e-5 of their size, and a target made of those differences.
    const [n, p] = [30, 10];
    const design = new Float64Array(n * p);
    const labels = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < p; j++) design[i * p + j] = Math.sin(i + 1) + 1e-5 * Math.sin((i + 1) * (j + 2));
      for (let j = 0; j < p; j++)
        labels[i] = (labels[i] as number) + (j % 2 === 0 ? 1 : -1) * (design[i * p + j] as number);
    }
    const problem = problemOf(design, labels, p);
    const path = lassoPath(problem);
    const { gap, kkt, failed } = certify(problem, samplePath(path, sampleLambdas(path.lambdaMax)));
    gap.forEach((value, i) => {
      expect(Number.isFinite(value)).toBe(true);
      const good = value <= CERTIFIED_GAP && (kkt[i] as number) <= CERTIFIED_KKT;
      expect(failed.includes(i)).toBe(!good);
    });
    expect(failed.length).toBeGreaterThan(0);
  });
});
