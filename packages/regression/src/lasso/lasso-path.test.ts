import { describe, expect, it } from 'vitest';
import { certify } from './certify.ts';
import { lassoPath } from './lasso-path.ts';
import { DROP } from './path-shape.ts';
import { sampleLambdas } from './sample-lambdas.ts';
import { coefficientsAt, samplePath, supportAt } from './sample-path.ts';
import { problemOf } from './testing/problem-of.ts';
import { randomDesign } from './testing/random-design.ts';

const identity = (p: number) => Float64Array.from({ length: p * p }, (_, k) => (k % (p + 1) === 0 ? 1 : 0));

describe('the lasso path', () => {
  it('is soft thresholding when filters are orthogonal', () => {
    const xty = Float64Array.of(0.5, -0.9, 0.1, 0.7);
    const path = lassoPath({ p: 4, gram: identity(4), xty, yy: 2 }, { lambdaMinRatio: 0 });
    expect(path.lambdaMax).toBe(0.9);
    expect(Array.from(path.filter)).toEqual([1, 3, 0, 2, -1]);
    expect(Array.from(path.kind)).toEqual([-1, 1, 1, 1, 0]);
    for (const lambda of [0.9, 0.8, 0.6, 0.3, 0.05, 0]) {
      const { index, value } = coefficientsAt(path, lambda);
      const expected = Array.from(xty, (c) => Math.sign(c) * Math.max(0, Math.abs(c) - lambda));
      expect(Array.from(index)).toEqual(expected.flatMap((w, i) => (w === 0 ? [] : [i])));
      index.forEach((i, k) => expect(value[k]).toBeCloseTo(expected[i] as number, 14));
    }
  });

  it('has two filters worked out by hand', () => {
    // G = [1 ½; ½ 1], c = (1, 0.8): filter 1 joins when 0.8 − ½(1 − λ) = λ, at λ = 0.6; after that w = G⁻¹(c − λ).
    const path = lassoPath({ p: 2, gram: Float64Array.of(1, 0.5, 0.5, 1), xty: Float64Array.of(1, 0.8), yy: 1.2 });
    expect(path.lambda[1]).toBeCloseTo(0.6, 14);
    const { value } = coefficientsAt(path, 0.3);
    expect(value[0]).toBeCloseTo((0.7 - 0.5 * 0.5) / 0.75, 14);
    expect(value[1]).toBeCloseTo((0.5 - 0.5 * 0.7) / 0.75, 14);
  });

  it('drops a filter whose coefficient returns to 0', () => {
    let drops = 0;
    for (let seed = 0; seed < 200; seed++) {
      const { design, labels, p } = randomDesign(seed, 30);
      const path = lassoPath(problemOf(design, labels, p));
      drops += path.kind.filter((kind) => kind === 2).length;
      expect(path.lambda.every((lambda, j) => j === 0 || lambda <= (path.lambda[j - 1] as number))).toBe(true);
    }
    expect(drops).toBeGreaterThan(20);
  });

  it('is empty at its largest λ and not below it', () => {
    const { design, labels, p } = randomDesign(0, 20);
    const path = lassoPath(problemOf(design, labels, p));
    const [first, second] = samplePath(path, sampleLambdas(path.lambdaMax));
    expect(first?.nonZero).toBe(0);
    expect(second?.nonZero).toBeGreaterThan(0);
    expect(supportAt(path, 2 * path.lambdaMax)).toHaveLength(0);
  });

  it('follows the scale of the target', () => {
    const { design, labels, p } = randomDesign(0, 20);
    const problem = problemOf(design, labels, p);
    const path = lassoPath(problem);
    for (const scale of [1e-100, 1e-6, 1e100]) {
      const scaled = lassoPath({ ...problem, xty: problem.xty.map((c) => scale * c), yy: problem.yy * scale * scale });
      expect(Array.from(scaled.filter)).toEqual(Array.from(path.filter));
      scaled.lambda.forEach((lambda, j) => expect(lambda / scale / (path.lambda[j] as number)).toBeCloseTo(1, 9));
    }
  });

  it('is the same on every call', () => {
    const { design, labels, p } = randomDesign(3, 40);
    const problem = problemOf(design, labels, p);
    const first = lassoPath(problem);
    lassoPath(problemOf(randomDesign(6, 60).design, randomDesign(6, 60).labels, randomDesign(6, 60).p));
    expect(lassoPath(problem)).toEqual(first);
  });

  it('never selects a constant filter', () => {
    const { design, labels, p } = randomDesign(0, 20);
    for (let i = 0; i < labels.length; i++) design[i * p + (p >> 1)] = 7;
    const problem = problemOf(design, labels, p, true);
    const path = lassoPath(problem);
    expect(Array.from(path.filter)).not.toContain(p >> 1);
    expect(Array.from(path.skipped)).not.toContain(p >> 1);
  });

  it('uses the first of duplicated filters and names the others', () => {
    const [n, p] = [40, 6];
    const source = randomDesign(0, 40);
    const design = new Float64Array(n * p);
    const labels = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const base = [Math.sin(i + 1), Math.cos(3 * i), Math.sin(7 * i * i)];
      base.forEach((x, j) => {
        design[i * p + j] = x;
        design[i * p + j + 3] = j === 1 ? -x : x;
      });
      labels[i] =
        base.reduce((sum, x, j) => sum + (j + 1) * x, 0) + 0.1 * (source.design[i % source.design.length] as number);
    }
    const problem = problemOf(design, labels, p);
    const path = lassoPath(problem);
    expect(Array.from(supportAt(path, path.lambdaMax * 1e-4))).toEqual([0, 1, 2]);
    expect(Array.from(path.skipped)).toEqual([3, 4, 5]);
    expect(certify(problem, samplePath(path, sampleLambdas(path.lambdaMax))).failed).toEqual([]);
  });

  it('keeps at most n − 1 filters when there are fewer rows than filters', () => {
    for (let seed = 0; seed < 40; seed++) {
      const { design, labels, p, n } = randomDesign(12 * seed, 60);
      if (p <= n) continue;
      const path = lassoPath(problemOf(design, labels, p));
      const most = Math.max(...samplePath(path, sampleLambdas(path.lambdaMax)).map(({ nonZero }) => nonZero));
      expect(most).toBeLessThanOrEqual(n - 1);
    }
  });

  it('ends at once, with λ of 0, when the target does not vary or no filter follows it', () => {
    for (const problem of [
      { p: 3, gram: identity(3), xty: new Float64Array(3), yy: 0 },
      { p: 3, gram: identity(3), xty: Float64Array.of(0, 1e-17, -1e-17), yy: 1 },
      { p: 3, gram: new Float64Array(9), xty: new Float64Array(3), yy: 1 },
    ]) {
      const path = lassoPath(problem);
      expect(path).toMatchObject({ lambdaMax: 0, complete: true });
      const points = samplePath(path, sampleLambdas(path.lambdaMax, 5));
      expect(points.map(({ lambda, nonZero }) => [lambda, nonZero])).toEqual(new Array(5).fill([0, 0]));
      expect(Array.from(certify(problem, points).gap)).toEqual([0, 0, 0, 0, 0]);
    }
  });

  it('says where it stopped when knots are capped, and refuses what lies beyond', () => {
    const { design, labels, p } = randomDesign(0, 40);
    const problem = problemOf(design, labels, p);
    const whole = lassoPath(problem);
    const capped = lassoPath(problem, { maxKnots: 5 });
    expect(capped.complete).toBe(false);
    expect(capped.stoppedAt).toEqual({ lambda: whole.lambda[4], reason: 'knots' });
    const inside = ((whole.lambda[3] as number) + (whole.lambda[4] as number)) / 2;
    expect(coefficientsAt(capped, inside)).toEqual(coefficientsAt(whole, inside));
    expect(() => samplePath(capped, [whole.lambda[6] as number])).toThrow(
      expect.objectContaining({ code: 'REGRESSION_OFF_PATH', fix: 'a larger maxKnots' }) as Error,
    );
  });

  it('is exact where hundreds of filters join, leave and join again', () => {
    for (const seed of [1, 5, 18, 20, 31, 43, 48]) {
      const { design, labels, p, kind, standardise } = randomDesign(seed, 420);
      const problem = problemOf(design, labels, p, standardise);
      const path = lassoPath(problem);
      expect(path.complete).toBe(true);
      expect(path.kind.filter((event) => event === DROP).length, `${kind} ${seed}`).toBeGreaterThan(30);
      const { failed, refined } = certify(problem, samplePath(path, sampleLambdas(path.lambdaMax)));
      expect({ failed, refined }).toEqual({ failed: [], refined: [] });
    }
  });

  it('works for 2 048 filters', () => {
    const p = 2048;
    const gram = new Float64Array(p * p);
    const xty = new Float64Array(p);
    for (let i = 0; i < p; i++) {
      for (let j = 0; j < p; j++) gram[i * p + j] = 0.9 ** Math.abs(i - j);
      for (let j = 0; j < p; j += 97) xty[i] = (xty[i] as number) + 0.9 ** Math.abs(i - j) * (j % 2 === 0 ? 1 : -2);
    }
    let yy = 0;
    for (let j = 0; j < p; j += 97) yy += (xty[j] as number) * (j % 2 === 0 ? 1 : -2);
    const problem = { p, gram, xty, yy };
    const path = lassoPath(problem);
    expect(path.complete).toBe(true);
    const points = samplePath(path, sampleLambdas(path.lambdaMax, 10));
    expect(certify(problem, points).failed).toEqual([]);
    expect(points[9]?.nonZero).toBeGreaterThanOrEqual(22);
  });
});
