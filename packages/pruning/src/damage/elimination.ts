import { product } from '../algebra/products.ts';

/** A channel of which less than this share of its variance is left unexplained is explained: more is rounding of float32 responses. */
const EXPLAINED = 1e-6;

/**
 * What the channels taken so far cannot explain of the others, in one reading: R, the covariance of the responses given those, and the damage
 * tr(F R) of having no more than those. Taking channel j replaces R by R − r rᵀ / R_jj with r its column (the Schur complement:
 * best linear reconstruction), F R by the same rank-one step, so that a step costs O(C²). A channel that was taken leaves the matrices,
 * which its row would only fill with zeros.
 */
export class Elimination {
  /** Channels that are left, by place in the matrices. */
  private readonly left: number[];
  /** Place of each channel, −1 where it is gone. */
  private readonly place: Int32Array;
  /** C × C, the first `left.length` rows and columns in use. */
  private readonly r: Float64Array;
  private readonly f: Float64Array;
  /** F R, where gains are asked for. */
  private readonly fr: Float64Array | undefined;
  /** See `summed`; kept up to date by every step. */
  private sums: Float64Array | undefined;
  /** Variance below which a channel counts as explained. */
  private readonly floor: Float64Array;
  private readonly channels: number;

  /**
   * @param covariance C × C, symmetric; not changed
   * @param metric C × C, symmetric and positive semidefinite; not changed
   * @param choosing whether gains will be asked for
   */
  constructor(covariance: Float64Array, metric: Float64Array, { choosing }: { readonly choosing: boolean }) {
    const channels = Math.round(Math.sqrt(covariance.length));
    this.channels = channels;
    this.left = Array.from({ length: channels }, (_, i) => i);
    this.place = Int32Array.from(this.left);
    this.r = Float64Array.from(covariance);
    this.f = Float64Array.from(metric);
    this.floor = Float64Array.from({ length: channels }, (_, i) => EXPLAINED * covariance[i * channels + i]!);
    this.fr = choosing ? product(this.f, this.r, channels) : undefined;
  }

  /** tr(F R). */
  damage(): number {
    const { r, f, channels, left } = this;
    let sum = 0;
    for (let i = 0; i < left.length; i++) {
      for (let j = 0; j < left.length; j++) sum += f[i * channels + j]! * r[i * channels + j]!;
    }
    return Math.max(0, sum);
  }

  /** What each channel alone would spare, r_jᵀ F r_j / R_jj; 0 for one that is explained or gone. By channel. */
  gains(): Float64Array {
    const { r, channels, left } = this;
    const sums = this.sums ?? this.summed();
    const gains = new Float64Array(channels);
    left.forEach((channel, at) => {
      const variance = r[at * channels + at]!;
      if (variance > this.floor[channel]!) gains[channel] = Math.max(0, sums[at]! / variance);
    });
    return gains;
  }

  /** r_jᵀ F r_j of every channel that is left. */
  private summed(): Float64Array {
    const { r, channels } = this;
    const fr = this.fr!;
    const count = this.left.length;
    const sums = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const row = i * channels;
      for (let j = 0; j < count; j++) sums[j]! += r[row + j]! * fr[row + j]!;
    }
    this.sums = sums;
    return sums;
  }

  /** What several channels together would spare: tr(R_BB⁻¹ R_B F R_Bᵀ). Those that the ones before them explain add nothing. */
  gainOf(block: readonly number[]): number {
    const { r, channels } = this;
    const fr = this.fr!;
    const count = this.left.length;
    const places = block.map((channel) => this.place[channel]!).filter((at) => at >= 0);
    const size = places.length;
    const s = new Float64Array(size * size);
    const x = new Float64Array(size * size);
    places.forEach((a, i) => {
      places.forEach((b, j) => {
        s[i * size + j] = r[a * channels + b]!;
        let sum = 0;
        for (let k = 0; k < count; k++) sum += r[k * channels + a]! * fr[k * channels + b]!;
        x[i * size + j] = sum;
      });
    });
    // Both matrices are eliminated together: after each pivot they say what the rest of the block adds.
    let gain = 0;
    for (let pivot = 0; pivot < size; pivot++) {
      const variance = s[pivot * size + pivot]!;
      if (variance <= this.floor[this.left[places[pivot]!]!]!) continue;
      gain += x[pivot * size + pivot]! / variance;
      const factors = Array.from({ length: size }, (_, i) => (i > pivot ? s[i * size + pivot]! / variance : 0));
      const [sRow, xRow] = [s, x].map((matrix) => matrix.slice(pivot * size, (pivot + 1) * size));
      const xPivot = xRow![pivot]!;
      for (let i = pivot + 1; i < size; i++) {
        for (let j = pivot + 1; j < size; j++) {
          const at = i * size + j;
          x[at]! += factors[i]! * factors[j]! * xPivot - factors[i]! * xRow![j]! - x[i * size + pivot]! * factors[j]!;
          s[at]! -= factors[i]! * sRow![j]!;
        }
      }
    }
    return Math.max(0, gain);
  }

  /** Takes a channel; gives what that spares. */
  take(channel: number): number {
    const { r, f, channels } = this;
    const at = this.place[channel]!;
    if (at < 0) return 0;
    const count = this.left.length;
    const variance = r[at * channels + at]!;
    let gain = 0;
    if (variance > this.floor[channel]!) {
      const column = r.slice(at * channels, at * channels + count);
      const pulled = new Float64Array(count);
      for (let i = 0; i < count; i++) {
        let sum = 0;
        const row = i * channels;
        for (let j = 0; j < count; j++) sum += f[row + j]! * column[j]!;
        pulled[i] = sum;
        gain += sum * column[i]!;
      }
      gain /= variance;
      this.explain(column, pulled, variance);
    }
    this.drop(at);
    return Math.max(0, gain);
  }

  /** The rank-one step, and in the same pass what every channel would spare after it: these matrices are read as seldom as may be. */
  private explain(column: Float64Array, pulled: Float64Array, variance: number): void {
    const { r, fr, channels } = this;
    const count = column.length;
    const sums = fr ? new Float64Array(count) : undefined;
    for (let i = 0; i < count; i++) {
      const row = i * channels;
      const share = column[i]! / variance;
      const pull = pulled[i]! / variance;
      for (let j = 0; j < count; j++) {
        const left = r[row + j]! - share * column[j]!;
        r[row + j] = left;
        if (!fr || !sums) continue;
        const product = fr[row + j]! - pull * column[j]!;
        fr[row + j] = product;
        sums[j]! += left * product;
      }
    }
    this.sums = sums;
  }

  /** The last channel takes the place of one that goes. */
  private drop(at: number): void {
    const last = this.left.length - 1;
    const { channels, left, place, sums } = this;
    if (sums && at !== last) sums[at] = sums[last]!;
    for (const matrix of [this.r, this.f, this.fr]) {
      if (!matrix || at === last) continue;
      matrix.copyWithin(at * channels, last * channels, last * channels + last + 1);
      for (let i = 0; i < last; i++) matrix[i * channels + at] = matrix[i * channels + last]!;
      matrix[at * channels + at] = matrix[last * channels + last]!;
    }
    place[left[at]!] = -1;
    if (at !== last) {
      left[at] = left[last]!;
      place[left[at]] = at;
    }
    left.pop();
  }
}
