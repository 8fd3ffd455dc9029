/** Least and largest number that a value takes. */
export interface ValueRange {
  readonly low: number;
  readonly high: number;
}

/** How a range is laid onto whole numbers: real = scale · (stored − zero). */
export interface Steps {
  readonly scale: number;
  readonly zero: number;
}

const LEVELS = 255;

/** Steps of an activation in uint8. Zero is one of the levels, because padding and what Relu cuts off are zeros. */
export function activationSteps({ low, high }: ValueRange): Steps {
  const [least, most] = [Math.min(0, low), Math.max(0, high)];
  const scale = Math.fround((most - least) / LEVELS);
  if (!(scale > 0)) return { scale: 1, zero: 0 };
  return { scale, zero: Math.min(LEVELS, Math.max(0, Math.round(-least / scale))) };
}

/** Bins of a histogram; enough for a ten-thousandth at either end of a bell that fills an eighth of the range. */
const BINS = 4096;

/**
 * How often the numbers of one value occur, over any number of batches, in one pass: bins of equal width from −reach to reach, which doubles as soon
 * as a number lies beyond; two bins become one then.
 */
export class Histogram {
  #reach = 0;
  #counts = new Float64Array(BINS);
  #total = 0;
  #low = Infinity;
  #high = -Infinity;

  /** Throws RangeError for a number that is not finite: no steps hold it. */
  add(values: Float32Array): void {
    let [low, high] = [this.#low, this.#high];
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    // NaN is neither below nor above anything.
    if (!Number.isFinite(low) || !Number.isFinite(high) || values.some(Number.isNaN)) {
      throw new RangeError('a number that is not finite');
    }
    [this.#low, this.#high] = [low, high];
    this.#extend(Math.max(Math.abs(low), Math.abs(high)));
    if (this.#reach === 0) {
      this.#counts[BINS / 2]! += values.length;
    } else {
      const width = (2 * this.#reach) / BINS;
      for (const value of values) this.#counts[Math.min(BINS - 1, Math.floor((value + this.#reach) / width))]! += 1;
    }
    this.#total += values.length;
  }

  /** All that was seen. */
  get extremes(): ValueRange {
    return this.#total === 0 ? { low: 0, high: 0 } : { low: this.#low, high: this.#high };
  }

  /** What is left when a share of the numbers is cut off at either end: to the width of a bin, and never beyond the extremes. */
  within(share: number): ValueRange {
    const { low, high } = this.extremes;
    if (this.#reach === 0) return { low, high };
    const width = (2 * this.#reach) / BINS;
    const off = share * this.#total;
    let [first, last, below, above] = [0, BINS - 1, 0, 0];
    while (first < last && below + this.#counts[first]! <= off) below += this.#counts[first++]!;
    while (last > first && above + this.#counts[last]! <= off) above += this.#counts[last--]!;
    return { low: Math.max(low, first * width - this.#reach), high: Math.min(high, (last + 1) * width - this.#reach) };
  }

  #extend(most: number): void {
    if (most <= this.#reach || most === 0) return;
    if (this.#reach === 0) {
      this.#reach = 2 ** Math.ceil(Math.log2(most));
      return;
    }
    while (this.#reach < most) {
      const wider = new Float64Array(BINS);
      this.#counts.forEach((count, bin) => (wider[BINS / 4 + (bin >> 1)]! += count));
      this.#counts = wider;
      this.#reach *= 2;
    }
  }
}
