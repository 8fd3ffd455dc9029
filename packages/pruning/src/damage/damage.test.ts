import { seededRandom } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { Elimination } from './elimination.ts';
import { affordable, damageOfOrder, rankByDamage } from './rank-by-damage.ts';
import { type DamageStatistics, type PartStatistics, ShiftedSums } from './statistics.ts';

type Matrix = number[][];

/** A Aᵀ of a random `size` × `rank` matrix. */
function gram(size: number, rank: number, seed: number): Matrix {
  const random = seededRandom(seed);
  const a = Array.from({ length: size }, () => Array.from({ length: rank }, () => random.normal()));
  return a.map((row) => a.map((other) => row.reduce((sum, value, k) => sum + value * other[k]!, 0)));
}

const flat = (matrix: Matrix) => Float64Array.from(matrix.flat());

/** tr(F (R − R_:K R_KK⁻¹ R_K:)) from the definition, by Gauss–Jordan elimination. */
function recomputed(r: Matrix, f: Matrix, kept: readonly number[]): number {
  const left = r.map((row) => [...row]);
  const inverse = kept.map((i) => [...kept.map((j) => r[i]![j]!), ...kept.map((j) => (i === j ? 1 : 0))]);
  kept.forEach((_, p) => {
    const pivot = inverse[p]![p]!;
    inverse[p] = inverse[p]!.map((value) => value / pivot);
    inverse.forEach((row, i) => {
      if (i === p) return;
      const factor = row[p]!;
      inverse[i] = row.map((value, k) => value - factor * inverse[p]![k]!);
    });
  });
  const n = kept.length;
  for (let i = 0; i < r.length; i++) {
    for (let j = 0; j < r.length; j++) {
      kept.forEach((a, x) => {
        kept.forEach((b, y) => (left[i]![j]! -= r[i]![a]! * inverse[x]![n + y]! * r[b]![j]!));
      });
    }
  }
  return f.flat().reduce((sum, value, at) => sum + value * left.flat()[at]!, 0);
}

const statistics = (...parts: readonly PartStatistics[]): DamageStatistics => ({
  metric: 'answers',
  parts,
  variance: 1,
});
const part = (r: Matrix, f: Matrix, classes = [...r.keys()]): PartStatistics => ({
  classes,
  covariance: flat(r),
  metric: flat(f),
});

describe('damage', () => {
  const r = gram(7, 9, 1);
  const f = gram(7, 3, 2);

  it('is tr(F R) with nothing kept, nothing with all, and never rises', () => {
    const { classes, damage } = rankByDamage(statistics(part(r, f)), [...r.keys()])!;
    expect([...classes].sort()).toEqual([...r.keys()]);
    expect(damage[0]).toBeCloseTo(
      f.flat().reduce((sum, value, at) => sum + value * r.flat()[at]!, 0),
      9,
    );
    expect(damage.at(-1)).toBe(0);
    for (let k = 1; k < damage.length; k++) expect(damage[k]).toBeLessThanOrEqual(damage[k - 1]!);
  });

  it('by rank-one steps is what recomputing it from the kept channels gives', () => {
    for (const order of [rankByDamage(statistics(part(r, f)), [...r.keys()])!.classes, [3, 0, 6, 1, 5, 2, 4]]) {
      const { damage } = damageOfOrder(statistics(part(r, f)), order)!;
      order.forEach((_, k) => expect(damage[k]).toBeCloseTo(recomputed(r, f, order.slice(0, k)), 8));
    }
  });

  it('takes at every step the channel that is best by brute force', () => {
    const { classes } = rankByDamage(statistics(part(r, f)), [...r.keys()])!;
    classes.forEach((chosen, k) => {
      const before = classes.slice(0, k);
      const left = [...r.keys()].filter((id) => !before.includes(id));
      const by = left.map((id) => recomputed(r, f, [...before, id]));
      expect(by[left.indexOf(chosen)]).toBeCloseTo(Math.min(...by), 8);
    });
  });

  it('of an exact duplicate, or a mixture of others, is nothing', () => {
    const base = gram(4, 6, 3);
    // Channel 4 is channel 1 again, channel 5 is 2 · channel 0 − channel 3.
    const mix = [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
      [0, 1, 0, 0],
      [2, 0, 0, -1],
    ];
    const all = mix.map((a) =>
      mix.map((b) => a.reduce((sum, x, i) => sum + b.reduce((inner, y, j) => inner + x * y * base[i]![j]!, 0), 0)),
    );
    const { damage } = rankByDamage(statistics(part(all, gram(6, 6, 4))), [...all.keys()])!;
    expect(damage[4]! / damage[0]!).toBeLessThan(1e-9);
    expect(damage[3]! / damage[0]!).toBeGreaterThan(1e-4);
  });

  it('does not depend on the scale of a channel', () => {
    const scale = [1, 100, 1e-3, 1, 5, 1, 20];
    const times = (matrix: Matrix, power: number) =>
      matrix.map((row, i) => row.map((value, j) => value * (scale[i]! * scale[j]!) ** power));
    const plain = rankByDamage(statistics(part(r, f)), [...r.keys()])!;
    const scaled = rankByDamage(statistics(part(times(r, 1), times(f, -1))), [...r.keys()])!;
    expect(scaled.classes).toEqual(plain.classes);
    scaled.damage.forEach((value, k) => expect(value).toBeCloseTo(plain.damage[k]!, 6));
  });

  it('adds up over readings, and takes all channels of a class together', () => {
    const second = [gram(6, 8, 5), gram(6, 2, 6)] as const;
    // The second reading has two channels of each of three classes.
    const both = statistics(part(r, f), part(...second, [0, 1, 2, 2, 1, 0]));
    const { classes, damage } = rankByDamage(both, [...r.keys()])!;
    const own = [
      [0, 5],
      [1, 4],
      [2, 3],
    ];
    const expected = (kept: readonly number[]) =>
      recomputed(r, f, kept) +
      recomputed(
        ...second,
        kept.flatMap((id) => own[id] ?? []),
      );
    classes.forEach((_, k) => expect(damage[k]).toBeCloseTo(expected(classes.slice(0, k)), 7));
    const best = Math.min(...[...r.keys()].map((id) => expected([id])));
    expect(expected([classes[0]!])).toBeCloseTo(best, 7);
  });

  it('a block spares what its channels spare one after the other', () => {
    const elimination = new Elimination(flat(r), flat(f), { choosing: true });
    elimination.take(2);
    const gain = elimination.gainOf([6, 0, 3]);
    expect(gain).toBeCloseTo(elimination.take(6) + elimination.take(0) + elimination.take(3), 8);
    expect(elimination.damage()).toBeCloseTo(recomputed(r, f, [2, 6, 0, 3]), 8);
    expect(elimination.gains()[1]).toBeCloseTo(elimination.gainOf([1]), 8);
  });

  it('of places that are read alike is theirs as one, where there are too many', () => {
    const [own, other] = [part(r, f), part(gram(3, 5, 7), gram(3, 3, 8), [7, 8, 9])];
    const parts = affordable([own, other, own], 0);
    expect(parts.map(({ classes }) => classes.length)).toEqual([7, 3]);
    const apart = rankByDamage(statistics(own, own), [...r.keys()])!;
    const one = rankByDamage(statistics(parts[0]!), [...r.keys()])!;
    expect(one.classes).toEqual(apart.classes);
    one.damage.forEach((value, k) => expect(value).toBeCloseTo(apart.damage[k]!, 8));
    const unlike = affordable([own, part(gram(7, 8, 11), gram(7, 4, 12))], 0);
    const total = [own, part(gram(7, 8, 11), gram(7, 4, 12))].map(
      (each) => rankByDamage(statistics(each), [...r.keys()])!.damage[0]!,
    );
    expect(rankByDamage(statistics(...unlike), [...r.keys()])!.damage[0]).toBeCloseTo(total[0]! + total[1]!, 8);
    expect(affordable([own, other, own], 1e9)).toHaveLength(3);
  });

  it('of a group that nothing was measured of is not known', () => {
    expect(rankByDamage(statistics(part(r, f)), [8, 9])).toBeUndefined();
  });
});

describe('scatter', () => {
  it('is that of all columns, however they are divided and far from zero', () => {
    const random = seededRandom(8);
    const columns = Array.from({ length: 60 }, () => Array.from({ length: 3 }, () => 5e4 + random.normal()));
    const sums = new ShiftedSums(3);
    for (const [from, to] of [
      [0, 7],
      [7, 30],
      [30, 60],
    ] as const) {
      const own = columns.slice(from, to).map((column) => column.map((value) => value - 49_999));
      const at = (i: number): number[] => own.map((column) => column[i]!);
      const mean = [0, 1, 2].map((i) => at(i).reduce((sum, value) => sum + value, 0) / own.length);
      const pairs = [0, 1, 2].flatMap((i) => [0, 1, 2].map((j) => [at(i), at(j)] as const));
      const second = pairs.map(([a, b]) => a.reduce((sum, value, k) => sum + value * b[k]!, 0));
      sums.add(own.length, mean, second);
    }
    const found = sums.covariance();
    for (const i of [0, 1, 2]) {
      for (const j of [0, 1, 2]) {
        const means = [i, j].map((k) => columns.reduce((sum, column) => sum + column[k]!, 0) / 60);
        const about = columns.reduce((sum, c) => sum + (c[i]! - means[0]!) * (c[j]! - means[1]!), 0) / 60;
        expect(found[i * 3 + j]).toBeCloseTo(about, 9);
      }
    }
  });
});
