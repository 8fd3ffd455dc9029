import type { LabelBins } from './label-bins.ts';

/** What filters answer to rows of each bin. NaN stands where there are too few rows for the figure. */
export interface ResponsesByBin {
  readonly filters: number;
  /** Rows of each bin. */
  readonly rows: readonly number[];
  /** Mean response, bins × filters; NaN in a bin without rows. */
  readonly mean: Float64Array;
  /** Standard error of the mean, s / √rows with s over rows − 1, bins × filters; NaN under two rows. Rows are taken as independent of each other. */
  readonly standardError: Float64Array;
  /**
   * Share of a filter's variance over labelled rows that lies between the bins, 0 to 1: the correlation ratio η² (Fisher 1925). Where bins
   * overlap, the largest of any bin against all other rows of which it is known that they are not in it. 0 for a filter that does not vary.
   */
  readonly explained: Float64Array;
}

/**
 * Mean responses of every filter of a layer for each bin of labels (paper §3, Fig. 2), gathered shard by shard: a shard is added and let go.
 * Memory grows with bins × filters, not with rows.
 */
export class BinnedResponses {
  readonly #filters: number;
  readonly #bins: LabelBins;
  readonly #counts: Float64Array;
  /** Of each bin the group of all rows of which it is known whether they are in it. */
  readonly #wholes: readonly number[];
  /** Sums of what is above the first row's response, and of its square: bins × filters, and of all labelled rows, and of those known of single bins, behind them. */
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;
  #pilot: Float64Array | undefined;
  /** Groups of each row, one after another, from `#starts[row]` on. */
  readonly #starts: Int32Array;
  readonly #members: Int32Array;

  /** @param rows of the data set, labelled or not */
  constructor(filters: number, bins: LabelBins, rows: number) {
    this.#filters = filters;
    this.#bins = bins;
    const groups = [...bins.bins.map((bin) => bin.rows), bins.rows];
    this.#wholes = bins.bins.map(({ known }) => (known ? groups.push(known) - 1 : bins.bins.length));
    this.#counts = new Float64Array(groups.length);
    this.#sums = new Float64Array(groups.length * filters);
    this.#squares = new Float64Array(groups.length * filters);
    this.#starts = new Int32Array(rows + 1);
    for (const group of groups) for (const row of group) this.#starts[row + 1]!++;
    for (let row = 0; row < rows; row++) this.#starts[row + 1]! += this.#starts[row]!;
    this.#members = new Int32Array(this.#starts[rows]!);
    const next = this.#starts.slice(0, rows);
    groups.forEach((group, at) => {
      for (const row of group) this.#members[next[row]!++] = at;
    });
  }

  /** Adds rows `from` and following: rows × filters, row-major. Each row once. */
  add(responses: Float32Array, from: number): void {
    const filters = this.#filters;
    const pilot = (this.#pilot ??= Float64Array.from(responses.subarray(0, filters)));
    const rows = Math.floor(responses.length / filters);
    for (let row = 0; row < rows; row++) {
      const end = this.#starts[from + row + 1]!;
      for (let member = this.#starts[from + row]!; member < end; member++) {
        const group = this.#members[member]!;
        this.#counts[group]!++;
        for (let filter = 0; filter < filters; filter++) {
          const value = responses[row * filters + filter]! - pilot[filter]!;
          this.#sums[group * filters + filter]! += value;
          this.#squares[group * filters + filter]! += value * value;
        }
      }
    }
  }

  finish(): ResponsesByBin {
    const filters = this.#filters;
    const bins = this.#bins.bins.length;
    const mean = new Float64Array(bins * filters).fill(NaN);
    const standardError = new Float64Array(bins * filters).fill(NaN);
    const explained = new Float64Array(filters);
    for (let filter = 0; filter < filters; filter++) {
      const pilot = this.#pilot?.[filter] ?? 0;
      for (let bin = 0; bin < bins; bin++) {
        const count = this.#counts[bin]!;
        const at = bin * filters + filter;
        if (count > 0) mean[at] = pilot + this.#sums[at]! / count;
        if (count > 1) standardError[at] = Math.sqrt(this.#deviation(bin, filter) / (count - 1) / count);
      }
      explained[filter] = this.#explained(filter);
    }
    return { filters, rows: Array.from(this.#counts.subarray(0, bins)), mean, standardError, explained };
  }

  /** Sum of squared differences from the group's mean. */
  #deviation(group: number, filter: number): number {
    const at = group * this.#filters + filter;
    const count = this.#counts[group]!;
    return count === 0 ? 0 : Math.max(0, this.#squares[at]! - this.#sums[at]! ** 2 / count);
  }

  #explained(filter: number): number {
    if (this.#bins.overlapping)
      return Math.max(0, ...this.#wholes.map((whole, bin) => this.#against(bin, whole, filter)));
    const bins = this.#bins.bins.map((_, bin) => this.#deviation(bin, filter));
    const whole = this.#variation(bins.length, filter);
    return whole === 0 ? 0 : clamp(1 - bins.reduce((sum, within) => sum + within, 0) / whole);
  }

  /** `#deviation`; 0 for what is left of equal responses by rounding. */
  #variation(group: number, filter: number): number {
    const found = this.#deviation(group, filter);
    return found <= 1e-12 * this.#squares[group * this.#filters + filter]! ? 0 : found;
  }

  /** The share that lies between a bin and all other rows of `whole`. */
  #against(bin: number, whole: number, filter: number): number {
    const [inside, all] = [this.#counts[bin]!, this.#counts[whole]!];
    const variation = this.#variation(whole, filter);
    if (inside === 0 || inside === all || variation === 0) return 0;
    const own = this.#sums[bin * this.#filters + filter]! / inside;
    const total = this.#sums[whole * this.#filters + filter]! / all;
    return clamp(((own - total) ** 2 * inside * all) / (all - inside) / variation);
  }
}

/** `BinnedResponses` of all rows at once: rows × filters, row-major. */
export function responsesByBin(responses: Float32Array, filters: number, bins: LabelBins): ResponsesByBin {
  const gathered = new BinnedResponses(filters, bins, responses.length / filters);
  gathered.add(responses, 0);
  return gathered.finish();
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}
