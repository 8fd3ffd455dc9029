import type { Tap } from '../analysis/taps.ts';
import type { Decision } from './decide.ts';
import type { LayerRanking } from './ranking.ts';

interface TapOfGroup {
  readonly tap: number;
  /** Tap channels that the group's k best classes hold, k = 0 … size. */
  readonly held: Float64Array;
}

/** What taps lose when each group keeps its best classes, kept up to date as groups change. */
export class LossModel {
  private readonly losses: readonly ArrayLike<number>[];
  /** Channels that each tap has left. */
  private readonly channels: number[];
  /** By group. */
  private readonly taps: readonly (readonly TapOfGroup[])[];
  private readonly kept: number[];
  /** Whether a group loses what its worst tap does, or what its taps do on average. */
  private readonly greatest: boolean;

  /** `groups` hold class ids, best first, each read by some tap. All are kept at first. */
  constructor(
    ranked: readonly { readonly tap: Tap; readonly ranking: LayerRanking }[],
    groups: readonly (readonly number[])[],
    decision: Decision,
  ) {
    this.losses = ranked.map(({ ranking }) => ranking.loss);
    this.channels = ranked.map(({ tap }) => tap.channels);
    const counts = ranked.map(({ tap }) => {
      const own = new Map<number, number>();
      for (const id of tap.classes) own.set(id, (own.get(id) ?? 0) + 1);
      return own;
    });
    this.taps = groups.map((classes) =>
      counts.flatMap((own, tap) => {
        if (!classes.some((id) => own.has(id))) return [];
        const held = new Float64Array(classes.length + 1);
        classes.forEach((id, k) => (held[k + 1] = held[k]! + (own.get(id) ?? 0)));
        return [{ tap, held }];
      }),
    );
    this.kept = groups.map((classes) => classes.length);
    this.greatest = decision === 'union';
  }

  /** Lets a group keep its k best classes. */
  keep(group: number, k: number): void {
    const before = this.kept[group]!;
    for (const { tap, held } of this.taps[group]!) this.channels[tap]! += held[k]! - held[before]!;
    this.kept[group] = k;
  }

  /** The loss of the taps that read a group, for each of `counts` that it might keep, all others as they stand. */
  of(group: number, counts: readonly number[]): Float64Array {
    const before = this.kept[group]!;
    const taps = this.taps[group]!;
    const result = new Float64Array(counts.length);
    for (const { tap, held } of taps) {
      const losses = this.losses[tap]!;
      const others = this.channels[tap]! - held[before]!;
      for (let i = 0; i < counts.length; i++) {
        const loss = losses[others + held[counts[i]!]!]!;
        result[i] = this.greatest ? Math.max(result[i]!, loss) : result[i]! + loss / taps.length;
      }
    }
    return result;
  }
}
