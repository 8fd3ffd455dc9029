import { DROP, END, type LassoPath } from './path-shape.ts';

/**
 * Replays the events of a path to know which filters are active on a segment. Seeking downwards in λ costs one step per knot;
 * seeking back starts again at the first knot.
 */
export class PathCursor {
  readonly path: LassoPath;
  /** The filters active on the present segment, in the order of `path.values`; only the first `count` entries hold. */
  readonly active: Int32Array;
  readonly #place: Int32Array;
  #count = 0;
  #segment = -1;

  constructor(path: LassoPath) {
    this.path = path;
    this.active = new Int32Array(path.p);
    this.#place = new Int32Array(path.p);
  }

  get count(): number {
    return this.#count;
  }

  get segment(): number {
    return this.#segment;
  }

  /** Number of segments: one less than the knots, and at least 1 (a path with a single END has one segment of no length). */
  get segments(): number {
    return Math.max(1, this.path.lambda.length - 1);
  }

  seek(segment: number): void {
    if (segment < this.#segment) {
      this.#segment = -1;
      this.#count = 0;
    }
    while (this.#segment < segment) this.#step();
  }

  /** Moves to the segment that holds λ: the first one when λ is a knot. λ above lambdaMax is the first segment's. */
  seekLambda(lambda: number): void {
    const at = this.path.lambda;
    let low = 0;
    let high = this.segments - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((at[middle + 1] as number) <= lambda) high = middle;
      else low = middle + 1;
    }
    this.seek(low);
  }

  /** The coefficient at the segment's start of the filter at `position` of `active`. */
  startValue(position: number): number {
    return this.path.values[(this.path.offset[this.#segment] as number) + position] as number;
  }

  /**
   * Writes the coefficients at that fraction of the segment, 0 its start and 1 its end, to `into` by filter; returns how many
   * are not 0. Entries of filters that are not active stay as they are.
   */
  interpolate(fraction: number, into: Float64Array): number {
    const { path, active } = this;
    const { values } = path;
    const count = this.#count;
    const next = this.#segment + 1;
    const from = path.offset[this.#segment] as number;
    const to = next < path.lambda.length ? (path.offset[next] as number) : from;
    let hole = -1;
    if (next < path.lambda.length && path.kind[next] === DROP)
      hole = this.#place[path.filter[next] as number] as number;
    let nonZero = 0;
    for (let k = 0; k < count; k++) {
      const start = values[from + k] as number;
      let value = start;
      if (fraction !== 0) {
        let end = values[to + k] as number;
        // A dropped filter ends at 0, and the last one has its place from there on.
        if (hole >= 0 && k === hole) end = 0;
        else if (hole >= 0 && k === count - 1) end = values[to + hole] as number;
        value = start + fraction * (end - start);
      }
      into[active[k] as number] = value;
      if (value !== 0) nonZero++;
    }
    return nonZero;
  }

  #step(): void {
    const { path } = this;
    const knot = ++this.#segment;
    const kind = path.kind[knot] as number;
    if (kind === END) return;
    const filter = path.filter[knot] as number;
    if (kind === DROP) {
      // The last one takes the place of the dropped one, as in the kernel.
      const hole = this.#place[filter] as number;
      const moved = this.active[--this.#count] as number;
      this.active[hole] = moved;
      this.#place[moved] = hole;
      return;
    }
    this.active[this.#count] = filter;
    this.#place[filter] = this.#count++;
  }
}
