import { Moments, type Pilot } from '@kneepoint/regression';
import type { Layout } from './layout.ts';

/** Additive statistics of one part of the images: what a group of a unit reads (`responses` of the moments) and what it misses. */
export interface Statistics {
  readonly groups: readonly Moments[];
  /** Per filter, all groups: of the original's answers. */
  readonly answers: Spread;
}

/** Sums of values and of their squares. */
export interface Spread {
  n: number;
  readonly sums: Float64Array;
  readonly squares: Float64Array;
}

/** What a run of the statistics graph says of one site; the arrays as the graph gives them. */
export interface Measured {
  readonly rows: number;
  readonly targets: Float32Array;
  readonly means: Float32Array;
  readonly squares: Float32Array;
  /** Absent where nothing but the bias is fitted. */
  readonly products?: Float32Array;
}

/** Pilots of the groups, and as what is fed. */
export interface Pilots {
  readonly groups: readonly Pilot[];
  readonly read: Float32Array;
  readonly missed: Float32Array;
}

/** Pilots of groups × unknowns and groups × filters values; zeros without `means` (groups × (unknowns + filters)). */
export function pilotsOf({ groups, filters }: Layout, unknowns: number, means?: Float32Array): Pilots {
  const read = new Float32Array(groups * unknowns);
  const missed = new Float32Array(groups * filters);
  const width = unknowns + filters;
  const pilots = Array.from({ length: groups }, (_, group): Pilot => {
    if (means) {
      read.set(means.subarray(group * width, group * width + unknowns), group * unknowns);
      missed.set(means.subarray(group * width + unknowns, (group + 1) * width), group * filters);
    }
    return {
      shift: Float64Array.from(read.subarray(group * unknowns, (group + 1) * unknowns)),
      targetShift: Float64Array.from(missed.subarray(group * filters, (group + 1) * filters)),
    };
  });
  return { groups: pilots, read, missed };
}

/** Statistics of no images. */
export function emptyStatistics({ groups }: Pilots): Statistics {
  const filters = groups.reduce((sum, { targetShift }) => sum + targetShift.length, 0);
  const answers = { n: 0, sums: new Float64Array(filters), squares: new Float64Array(filters) };
  return { groups: groups.map((pilot) => new Moments(pilot)), answers };
}

/** Adds a run about the same pilots. Its sums are float32 over the rows of one batch; across batches they are float64. */
export function addMeasured({ groups, answers }: Statistics, measured: Measured): void {
  const { rows, means, squares, products, targets } = measured;
  groups.forEach((moments, group) => {
    const { filters: unknowns, targets: filters } = moments;
    const width = unknowns + filters;
    moments.n += rows;
    for (let i = 0; i < unknowns; i++) moments.sums[i]! += rows * means[group * width + i]!;
    for (let t = 0; t < filters; t++) {
      moments.targetSums[t]! += rows * means[group * width + unknowns + t]!;
      moments.targetSquares[t]! += rows * squares[group * filters + t]!;
    }
    for (let i = 0; products && i < unknowns; i++) {
      const from = (group * unknowns + i) * width;
      for (let j = 0; j <= i; j++) moments.gram[i * unknowns + j]! += products[from + j]!;
      for (let t = 0; t < filters; t++) moments.cross[t * unknowns + i]! += products[from + unknowns + t]!;
    }
    addSpread(answers, targets, { rows, filters, group });
  });
  answers.n += rows;
}

function addSpread(
  { sums, squares }: Spread,
  targets: Float32Array,
  { rows, filters, group }: { readonly rows: number; readonly filters: number; readonly group: number },
): void {
  for (let row = 0, at = group * rows * filters; row < rows; row++) {
    for (let t = group * filters; t < (group + 1) * filters; t++, at++) {
      const value = targets[at]!;
      sums[t]! += value;
      squares[t]! += value * value;
    }
  }
}

/** Adds other statistics of the same groups; those about other pilots too. */
export function mergeStatistics(into: Statistics, other: Statistics): void {
  into.groups.forEach((moments, group) => moments.merge(other.groups[group]!));
  into.answers.n += other.answers.n;
  other.answers.sums.forEach((sum, t) => (into.answers.sums[t]! += sum));
  other.answers.squares.forEach((square, t) => (into.answers.squares[t]! += square));
}

/** Variance of the answers, summed over filters. */
export function varianceOf({ n, sums, squares }: Spread): number {
  if (n === 0) return 0;
  return sums.reduce((total, sum, t) => total + Math.max(0, squares[t]! / n - (sum / n) ** 2), 0);
}
