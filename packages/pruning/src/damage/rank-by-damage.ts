import { Elimination } from './elimination.ts';
import type { DamageStatistics, PartStatistics } from './statistics.ts';

/** Classes of one group in the order in which they are kept, and the damage of keeping no more than the first k, k = 0 … all. */
export interface RankedGroup {
  /** Best first. */
  readonly classes: readonly number[];
  /** Never rises with k; 0 with all kept. */
  readonly damage: Float64Array;
}

/**
 * The order that keeps most of what the answers depend on: each step takes the class that spares most damage, Σ over readings
 * tr(R_BB⁻¹ R_B F R_Bᵀ) with B its channels there (greedy column subset selection, weighted by the metric). Of equals the lower id.
 * Undefined where nothing was measured of the group.
 */
export function rankByDamage(statistics: DamageStatistics, classes: readonly number[]): RankedGroup | undefined {
  const parts = partsOf(statistics, classes, true);
  if (parts.length === 0) return undefined;
  const left = new Set([...classes].sort((a, b) => a - b));
  const order: number[] = [];
  const spared: number[] = [];
  while (left.size > 0) {
    const best = bestOf(parts, left);
    order.push(best);
    left.delete(best);
    spared.push(take(parts, best));
  }
  return { classes: order, damage: damageOf(parts, spared) };
}

/** The damage of keeping the first k classes of a given order; undefined where nothing was measured of the group. */
export function damageOfOrder(statistics: DamageStatistics, classes: readonly number[]): RankedGroup | undefined {
  const parts = partsOf(statistics, classes, false);
  if (parts.length === 0) return undefined;
  const spared = classes.map((id) => take(parts, id));
  return { classes, damage: damageOf(parts, spared) };
}

interface Part {
  readonly elimination: Elimination;
  /** Channels of each class. */
  readonly channels: ReadonlyMap<number, readonly number[]>;
  /** Whether each class is one channel. */
  readonly single: boolean;
  readonly whole: number;
}

function partsOf({ parts }: DamageStatistics, classes: readonly number[], choosing: boolean): Part[] {
  const own = new Set(classes);
  const reading = parts.filter((part) => part.classes.some((id) => own.has(id)));
  return affordable(reading).map((part) => open(part, choosing));
}

/** The work of a group grows with the cube of its channels for each place where it is read; this much takes about ten seconds. */
const MOST_WORK = 4e9;

/**
 * The places where a group is read, or where these are too many for their width those that read the same channels as one: their mean covariance and the sum
 * of their metrics, scaled to the damage that they have in all. A residual stream is read in many places that differ little.
 */
export function affordable(parts: readonly PartStatistics[], most = MOST_WORK): readonly PartStatistics[] {
  const work = parts.reduce((sum, { classes }) => sum + classes.length ** 3, 0);
  if (work <= most) return parts;
  const alike = new Map<string, PartStatistics[]>();
  for (const part of parts) {
    const key = part.classes.join(' ');
    alike.set(key, [...(alike.get(key) ?? []), part]);
  }
  return [...alike.values()].map((same) => (same.length === 1 ? same[0]! : merged(same)));
}

function merged(parts: readonly PartStatistics[]): PartStatistics {
  const { classes } = parts[0]!;
  const covariance = new Float64Array(classes.length ** 2);
  const sum = new Float64Array(classes.length ** 2);
  let [whole, pooled] = [0, 0];
  for (const part of parts) {
    for (let at = 0; at < sum.length; at++) {
      covariance[at]! += part.covariance[at]! / parts.length;
      sum[at]! += part.metric[at]!;
      whole += part.covariance[at]! * part.metric[at]!;
    }
  }
  for (let at = 0; at < sum.length; at++) pooled += covariance[at]! * sum[at]!;
  const scale = pooled > 0 ? whole / pooled : 1;
  return { classes, covariance, metric: sum.map((value) => value * scale) };
}

function open({ classes, covariance, metric }: PartStatistics, choosing: boolean): Part {
  const channels = new Map<number, number[]>();
  classes.forEach((id, channel) => {
    const own = channels.get(id);
    if (own) own.push(channel);
    else channels.set(id, [channel]);
  });
  const elimination = new Elimination(covariance, metric, { choosing });
  const single = channels.size === classes.length;
  return { elimination, channels, single, whole: elimination.damage() };
}

function bestOf(parts: readonly Part[], left: ReadonlySet<number>): number {
  const gains = new Map<number, number>([...left].map((id) => [id, 0]));
  for (const { elimination, channels, single } of parts) {
    const alone = single ? elimination.gains() : undefined;
    for (const id of left) {
      const block = channels.get(id);
      if (!block) continue;
      const gain = alone ? alone[block[0]!]! : elimination.gainOf(block);
      gains.set(id, gains.get(id)! + gain);
    }
  }
  let [best, most] = [-1, -1];
  for (const [id, gain] of gains) if (gain > most) [best, most] = [id, gain];
  return best;
}

function take(parts: readonly Part[], id: number): number {
  let spared = 0;
  for (const { elimination, channels } of parts) {
    for (const channel of channels.get(id) ?? []) spared += elimination.take(channel);
  }
  return spared;
}

/** From what is lost without any class down to nothing, less what each class spares. */
function damageOf(parts: readonly Part[], spared: readonly number[]): Float64Array {
  const damage = new Float64Array(spared.length + 1);
  damage[0] = parts.reduce((sum, { whole }) => sum + whole, 0);
  spared.forEach((gain, k) => (damage[k + 1] = Math.max(0, damage[k]! - gain)));
  damage[spared.length] = 0;
  return damage;
}
