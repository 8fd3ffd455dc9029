import { describe, expect, it } from 'vitest';
import { certify, coefficientsAt, lassoPath, type LassoPath } from '@kneepoint/regression';
import { type DataSet, dataSets } from './data-sets.ts';
import { KEPT, lambdasOf, readFigures } from './figures.ts';
import { runRivals } from './rivals.ts';

const RELATIVE = 1e-6;
/** A rival has converged when its own relative duality gap is this small. */
const CONVERGED = 1e-11;

/** The share of the samples that must have converged. scikit-learn's LARS leaves the path half-way when filters are duplicated. */
const ENOUGH = 0.4;

const sets = dataSets();
const lambdas = lambdasOf(sets);
const live = runRivals(sets, lambdas);

/** Coefficients of repeated filters added up at the first of them: how the weight is shared among them is a tie. */
function merged({ alike, p }: DataSet, coefficients: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(p);
  alike.forEach(([filter, sign], j) => {
    sums[filter] = (sums[filter] as number) + sign * (coefficients[j] as number);
  });
  return sums;
}

function ourCoefficients(path: LassoPath, lambda: number): Float64Array {
  const dense = new Float64Array(path.p);
  const { index, value } = coefficientsAt(path, lambda);
  index.forEach((filter, k) => (dense[filter] = value[k] as number));
  return dense;
}

/** The rival's own gap, by the certificate before any refinement. */
function gapOf({ problem }: DataSet, lambda: number, coefficients: ArrayLike<number>): number {
  const index = Int32Array.from(Array.from(coefficients).flatMap((w, j) => (w === 0 ? [] : [j])));
  const value = Float64Array.from(index, (j) => coefficients[j] as number);
  const { gap, refined } = certify(problem, [{ lambda, coefficients: { index, value }, nonZero: index.length }]);
  return refined.length > 0 ? Infinity : (gap[0] as number);
}

interface Comparison {
  readonly compared: number;
  readonly unconverged: number;
  readonly worst: number;
  readonly supports: number;
}

function compare(set: DataSet, rival: (sample: number) => ArrayLike<number>, samples: readonly number[]): Comparison {
  const path = lassoPath(set.problem);
  let [compared, unconverged, worst, supports] = [0, 0, 0, 0];
  for (const sample of samples) {
    const lambda = (lambdas.get(set.name) as Float64Array)[sample] as number;
    const theirs = rival(sample);
    if (gapOf(set, lambda, theirs) > CONVERGED) {
      unconverged++;
      continue;
    }
    compared++;
    const [a, b] = [merged(set, ourCoefficients(path, lambda)), merged(set, theirs)];
    const largest = Math.max(...b.map(Math.abs));
    a.forEach((w, j) => {
      const difference = Math.abs(w - (b[j] as number)) / largest;
      worst = Math.max(worst, difference);
      // A filter that has just joined may be a rounding apart; a coefficient that counts may not.
      if ((w === 0) !== (b[j] === 0) && Math.max(Math.abs(w), Math.abs(b[j] as number)) > 1e-7 * largest) supports++;
    });
  }
  return { compared, unconverged, worst, supports };
}

describe.runIf(live !== undefined)('the lasso path, beside solvers run here', () => {
  for (const solver of Object.keys(live?.paths ?? {}))
    it.each(sets)(`agrees with ${solver} on $name, from the second λ on`, (set) => {
      const coefficients = live?.paths[solver]?.[set.name] as Float64Array;
      const samples = Array.from({ length: coefficients.length / set.p - 1 }, (_, i) => i + 1);
      const result = compare(set, (k) => coefficients.subarray(k * set.p, (k + 1) * set.p), samples);
      expect(result.compared, JSON.stringify(result)).toBeGreaterThan(ENOUGH * samples.length);
      expect(result.worst, JSON.stringify(result)).toBeLessThan(RELATIVE);
      expect(result.supports).toBe(0);
    });
});

describe('the lasso path, beside kept figures', () => {
  const figures = readFigures();
  for (const solver of Object.keys(figures.coefficients))
    it.each(sets)(`agrees with ${solver} on $name`, (set) => {
      const rows = figures.coefficients[solver]?.[set.name] as number[][];
      const path = lassoPath(set.problem);
      let compared = 0;
      rows.forEach((theirs, i) => {
        const lambda = (lambdas.get(set.name) as Float64Array)[KEPT[i] as number] as number;
        // Thirteen digits are kept, so the gap of a figure is no longer that of the solver.
        if (gapOf(set, lambda, theirs) > CONVERGED) return;
        compared++;
        const [a, b] = [merged(set, ourCoefficients(path, lambda)), merged(set, theirs)];
        const largest = Math.max(...b.map(Math.abs));
        a.forEach((w, j) => expect(Math.abs(w - (b[j] as number)) / largest).toBeLessThan(RELATIVE));
      });
      expect(compared).toBeGreaterThan(ENOUGH * KEPT.length);
    });
});
