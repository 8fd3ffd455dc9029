import type { CostTerm, MeasuredTerm } from './cost-terms.ts';
import { type Dimension, positions } from './sizes.ts';

/** The lengths of one axis as a group keeps k of its classes. */
interface AxisOfGroup {
  readonly dimension: number;
  /** Positions that the group's k best classes hold, k = 0 … size. */
  readonly held: Float64Array;
}

interface Term {
  /** Of a product; a measured term has `at` in its place. */
  readonly coefficient: number;
  readonly at?: MeasuredTerm['at'];
  readonly dimensions: readonly number[];
}

/** What a network costs when each group keeps its best classes, kept up to date as groups change. */
export class CostModel {
  /** Whether what keeps more never costs less. A measurement need not. */
  readonly rises: boolean;
  private readonly terms: readonly Term[];
  private readonly lengths: Float64Array;
  /** By group. */
  private readonly axes: readonly (readonly AxisOfGroup[])[];
  private readonly touched: readonly (readonly Term[])[];
  private readonly kept: number[];

  /** `groups` hold class ids, best first; classes in none of them stay. All are kept at first. */
  constructor(terms: readonly (CostTerm | MeasuredTerm)[], groups: readonly (readonly number[])[]) {
    const ids = new Map<Dimension, number>();
    for (const { dimensions } of terms) for (const d of dimensions) if (!ids.has(d)) ids.set(d, ids.size);
    const all = [...ids.keys()];
    this.terms = terms.map((term) => ({
      ...('at' in term ? { coefficient: 1, at: term.at } : { coefficient: term.coefficient }),
      dimensions: term.dimensions.map((dimension) => ids.get(dimension)!),
    }));
    this.rises = !terms.some((term) => 'at' in term);
    this.lengths = Float64Array.from(all, positions);
    this.axes = groups.map((classes) =>
      all.flatMap(({ perClass }, dimension) => {
        if (!classes.some((id) => perClass.has(id))) return [];
        const held = new Float64Array(classes.length + 1);
        classes.forEach((id, k) => (held[k + 1] = held[k]! + (perClass.get(id) ?? 0)));
        return [{ dimension, held }];
      }),
    );
    this.touched = this.axes.map((axes) => {
      const own = new Set(axes.map(({ dimension }) => dimension));
      return this.terms.filter(({ dimensions }) => dimensions.some((dimension) => own.has(dimension)));
    });
    this.kept = groups.map((classes) => classes.length);
  }

  /** Cost of the whole network as it stands. */
  total(): number {
    return this.terms.reduce((sum, { coefficient, at, dimensions }) => {
      const lengths = dimensions.map((dimension) => this.lengths[dimension]!);
      return sum + (at ? at(lengths) : lengths.reduce((product, length) => product * length, coefficient));
    }, 0);
  }

  /** The groups whose cost follows that of a group, itself among them. */
  neighbours(group: number): readonly number[] {
    const dimensions = new Set(this.touched[group]!.flatMap((term) => term.dimensions));
    return [...this.axes.keys()].filter((other) => this.axes[other]!.some((axis) => dimensions.has(axis.dimension)));
  }

  /** Lets a group keep its k best classes. */
  keep(group: number, k: number): void {
    const before = this.kept[group]!;
    for (const { dimension, held } of this.axes[group]!) this.lengths[dimension]! += held[k]! - held[before]!;
    this.kept[group] = k;
  }

  /** The cost of what a group takes part in, for each of `counts` that it might keep, all others as they stand. */
  costs(group: number, counts: readonly number[]): Float64Array {
    const result = new Float64Array(counts.length);
    const axes = new Map(this.axes[group]!.map((axis) => [axis.dimension, axis.held]));
    const before = this.kept[group]!;
    for (const { coefficient, at, dimensions } of this.touched[group]!) {
      if (at) {
        const lengths = dimensions.map((dimension) => this.lengths[dimension]!);
        const moving = dimensions.map((dimension) => axes.get(dimension));
        counts.forEach((count, i) => {
          result[i]! += at(
            lengths.map((length, d) => length + (moving[d] ? moving[d][count]! - moving[d][before]! : 0)),
          );
        });
        continue;
      }
      let rest = coefficient;
      const own: { readonly base: number; readonly held: Float64Array }[] = [];
      for (const dimension of dimensions) {
        const held = axes.get(dimension);
        const length = this.lengths[dimension]!;
        if (held) own.push({ base: length - held[before]!, held });
        else rest *= length;
      }
      for (let i = 0; i < counts.length; i++) {
        let cost = rest;
        for (const { base, held } of own) cost *= base + held[counts[i]!]!;
        result[i]! += cost;
      }
    }
    return result;
  }
}
