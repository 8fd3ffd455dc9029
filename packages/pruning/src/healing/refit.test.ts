import { seededRandom } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import type { Layout } from './layout.ts';
import { refit } from './refit.ts';
import { addMeasured, emptyStatistics, mergeStatistics, type Pilots, pilotsOf, type Statistics } from './statistics.ts';

/** Rows of what a unit of several groups reads and misses. */
interface Rows {
  readonly groups: number;
  readonly unknowns: number;
  readonly filters: number;
  readonly count: number;
  /** groups × count × unknowns. */
  readonly read: Float32Array;
  /** groups × count × filters. */
  readonly missed: Float32Array;
}

interface Drawing {
  readonly groups?: number;
  readonly unknowns?: number;
  readonly filters?: number;
  readonly count?: number;
  readonly seed?: number;
  readonly noise?: number;
}

/** Responses with large means and a common part; what is missed is linear in them, plus noise. The same linear map for every seed. */
function rowsOf({ groups = 2, unknowns = 7, filters = 3, count = 400, seed = 1, noise = 0.5 }: Drawing = {}): Rows {
  const fixed = seededRandom(99);
  const map = Float64Array.from({ length: groups * filters * unknowns }, () => fixed.normal());
  const random = seededRandom(seed);
  const read = new Float32Array(groups * count * unknowns);
  const missed = new Float32Array(groups * count * filters);
  for (let group = 0, row = 0; group < groups; group++) {
    for (let i = 0; i < count; i++, row++) {
      const common = random.normal();
      for (let j = 0; j < unknowns; j++) read[row * unknowns + j] = 3 + j + common + random.normal();
      for (let t = 0; t < filters; t++) {
        let value = 1 + noise * random.normal();
        for (let j = 0; j < unknowns; j++)
          value += map[(group * filters + t) * unknowns + j]! * read[row * unknowns + j]!;
        missed[row * filters + t] = value;
      }
    }
  }
  return { groups, unknowns, filters, count, read, missed };
}

function pilots({ groups, unknowns, filters }: Rows, level: number): Pilots {
  const layout = { groups, filters } as Layout;
  return pilotsOf(layout, unknowns, new Float32Array(groups * (unknowns + filters)).fill(level));
}

/** What the runtime would say of rows [from, to): sums in double precision, handed over as float32. */
function statistics(rows: Rows, about: Pilots, from = 0, to = rows.count): Statistics {
  const { groups, unknowns, filters, count, read, missed } = rows;
  const [width, size] = [unknowns + filters, to - from];
  const means = new Float64Array(groups * width);
  const squares = new Float64Array(groups * filters);
  const products = new Float64Array(groups * unknowns * width);
  const targets = new Float32Array(groups * size * filters);
  for (let group = 0; group < groups; group++) {
    for (let i = from; i < to; i++) {
      const row = group * count + i;
      const both = [
        ...read.subarray(row * unknowns, (row + 1) * unknowns).map((x, j) => x - about.read[group * unknowns + j]!),
        ...missed.subarray(row * filters, (row + 1) * filters).map((e, t) => e - about.missed[group * filters + t]!),
      ];
      both.forEach((value, a) => {
        means[group * width + a]! += value / size;
        if (a < unknowns) both.forEach((other, b) => (products[(group * unknowns + a) * width + b]! += value * other));
        else squares[group * filters + a - unknowns]! += (value * value) / size;
      });
      targets.set(missed.subarray(row * filters, (row + 1) * filters), (group * size + i - from) * filters);
    }
  }
  const result = emptyStatistics(about);
  const [float] = [(values: Float64Array): Float32Array => Float32Array.from(values)];
  addMeasured(result, { rows: size, targets, means: float(means), squares: float(squares), products: float(products) });
  return result;
}

/** Ridge towards zero in plain code: normal equations of centred rows by Gaussian elimination. */
function directly({ groups, unknowns, filters, count, read, missed }: Rows, ridge: number): number[][] {
  return Array.from({ length: groups }, (_, group) => {
    const column = (values: Float32Array, width: number, j: number): number[] => {
      const own = Array.from({ length: count }, (_, i) => values[(group * count + i) * width + j]!);
      const mean = own.reduce((sum, value) => sum + value, 0) / count;
      return own.map((value) => value - mean);
    };
    const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0) / count;
    const xs = Array.from({ length: unknowns }, (_, j) => column(read, unknowns, j));
    const ys = Array.from({ length: filters }, (_, t) => column(missed, filters, t));
    const level = xs.reduce((sum, x) => sum + dot(x, x), 0) / unknowns;
    const matrix = xs.map((x, j) => [
      ...xs.map((y, k) => dot(x, y) + (j === k ? ridge * level : 0)),
      ...ys.map((y) => dot(x, y)),
    ]);
    for (let p = 0; p < unknowns; p++) {
      for (let r = 0; r < unknowns; r++) {
        if (r === p) continue;
        const factor = matrix[r]![p]! / matrix[p]![p]!;
        matrix[r] = matrix[r]!.map((value, k) => value - factor * matrix[p]![k]!);
      }
    }
    return ys.flatMap((_, t) => xs.map((_, j) => matrix[j]![unknowns + t]! / matrix[j]![j]!));
  });
}

const furthest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));

describe('the refit of a unit', () => {
  it('equals least squares done directly, group by group', () => {
    const [train, validation] = [rowsOf(), rowsOf({ seed: 2 })];
    const about = pilots(train, 5);
    const fit = refit(statistics(train, about), statistics(validation, about));
    expect(fit.ridge).not.toBeNull();
    const expected = directly(train, fit.ridge!);
    fit.weights!.forEach((weights, group) => expect(furthest(weights, expected[group]!)).toBeLessThan(1e-4));
  });

  it('chooses the penalty with the least error on validation', () => {
    const [train, validation] = [rowsOf({ count: 12, noise: 3 }), rowsOf({ seed: 2, noise: 3 })];
    const about = pilots(train, 5);
    const fit = refit(statistics(train, about), statistics(validation, about));
    const error = (ridge: number): number => {
      const weights = directly(train, ridge);
      let sum = 0;
      for (let group = 0; group < train.groups; group++) {
        for (let t = 0; t < train.filters; t++) {
          const residual = ({ count, read, missed, unknowns, filters }: Rows): number[] =>
            Array.from({ length: count }, (_, i) => {
              const row = group * count + i;
              const own = weights[group]!.slice(t * unknowns, (t + 1) * unknowns);
              return own.reduce((rest, w, j) => rest - w * read[row * unknowns + j]!, missed[row * filters + t]!);
            });
          const bias = residual(train).reduce((total, value) => total + value, 0) / train.count;
          sum += residual(validation).reduce((total, value) => total + (value - bias) ** 2, 0);
        }
      }
      return sum;
    };
    for (const ridge of [10, 1, 0.1, 0.01, 1e-3, 1e-4]) expect(error(fit.ridge!)).toBeLessThan(1.02 * error(ridge));
    expect(fit.ridge).toBeGreaterThan(1e-4);
  });

  it('is the same from statistics of shards, about whatever pilots, as from those of the whole', () => {
    const [train, validation] = [rowsOf(), rowsOf({ seed: 2 })];
    const whole = refit(statistics(train, pilots(train, 5)), statistics(validation, pilots(train, 5)));
    const joined = statistics(train, pilots(train, 5), 0, 150);
    mergeStatistics(joined, statistics(train, pilots(train, 4), 150, 400));
    const sharded = refit(joined, statistics(validation, pilots(train, 6)));
    expect(sharded.ridge).toBe(whole.ridge);
    sharded.weights!.forEach((weights, group) => expect(furthest(weights, whole.weights![group]!)).toBeLessThan(1e-4));
    expect(furthest(sharded.biases!, whole.biases!)).toBeLessThan(1e-2);
    expect(Math.abs(sharded.after - whole.after)).toBeLessThan(1e-6);
  });

  it.each([
    ['much noise and few rows', { count: 9, unknowns: 30, noise: 50 }],
    ['as little as one row', { count: 1 }],
    ['two rows', { count: 2 }],
  ])('never misses more of the validation rows than what was cut: %s', (_, drawing) => {
    for (let seed = 1; seed <= 20; seed++) {
      const train = rowsOf({ ...drawing, seed });
      const validation = rowsOf({ ...drawing, seed: seed + 100, count: 40 });
      const about = pilots(train, 5);
      const { before, after, weights, biases } = refit(statistics(train, about), statistics(validation, about));
      expect(after).toBeLessThanOrEqual(before);
      for (const values of [...(weights ?? []), biases ?? []]) expect(values.every(Number.isFinite)).toBe(true);
    }
  });

  it('has finite weights where inputs repeat each other or stand still', () => {
    const train = rowsOf();
    for (const rows of [train]) {
      for (let row = 0; row < rows.groups * rows.count; row++) {
        rows.read[row * rows.unknowns + 1] = rows.read[row * rows.unknowns]!;
        rows.read[row * rows.unknowns + 2] = 0;
      }
    }
    const about = pilots(train, 5);
    const fit = refit(statistics(train, about), statistics(train, about));
    for (const values of fit.weights!) expect(values.every(Number.isFinite)).toBe(true);
    expect(fit.after).toBeLessThan(fit.before);
  });

  it('changes nothing where nothing is missed', () => {
    const rows = rowsOf();
    rows.missed.fill(0);
    const fit = refit(statistics(rows, pilots(rows, 0)), statistics(rows, pilots(rows, 0)));
    expect(fit).toEqual({ weights: undefined, biases: undefined, ridge: null, before: 0, after: 0 });
  });
});
