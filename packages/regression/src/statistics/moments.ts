import { Failure } from '@kneepoint/failures';
import { accumulateGram } from './symmetric-kernel.ts';

/** Rows that the pilot looks at. */
const PILOT_ROWS = 256;

/**
 * The point about which sums are taken: near the data, so that large means do not eat the digits of small variances. Any
 * point gives the same statistics; statistics add up directly when they share one.
 */
export interface Pilot {
  readonly shift: Float64Array;
  readonly targetShift: Float64Array;
}

/**
 * The pilot of a layer: mean response over the first rows, and the labels of the first row (which leaves one-hot labels sparse).
 * @param responses N × filters; `labels` N × targets; `rows` those that will be used
 */
export function pilotOf(
  responses: Float32Array,
  filters: number,
  labels: Float64Array,
  targets: number,
  rows: Int32Array,
): Pilot {
  const shift = new Float64Array(filters);
  const count = Math.min(PILOT_ROWS, rows.length);
  for (let k = 0; k < count; k++) {
    const at = (rows[k] as number) * filters;
    for (let j = 0; j < filters; j++) shift[j] = (shift[j] as number) + (responses[at + j] as number);
  }
  for (let j = 0; j < filters; j++) shift[j] = Math.fround((shift[j] as number) / Math.max(1, count));
  const first = (rows[0] ?? 0) * targets;
  return { shift, targetShift: rows.length === 0 ? new Float64Array(targets) : labels.slice(first, first + targets) };
}

/**
 * Additive sufficient statistics of rows for least squares and lasso: everything that a linear model's fit and its squared
 * error on these rows depend on. With x a row of responses, y its labels and s, t the pilot:
 * n, Σ(x−s), Σ(x−s)(x−s)ᵀ, Σ(x−s)(y−t)ᵀ, Σ(y−t), Σ(y−t)², all in float64. Statistics of shards add up to those of the whole.
 */
export class Moments {
  n = 0;
  readonly filters: number;
  readonly targets: number;
  readonly pilot: Pilot;
  readonly sums: Float64Array;
  /** filters × filters, row-major, lower half. */
  readonly gram: Float64Array;
  /** targets × filters, row-major. */
  readonly cross: Float64Array;
  readonly targetSums: Float64Array;
  readonly targetSquares: Float64Array;

  constructor(pilot: Pilot) {
    this.pilot = pilot;
    this.filters = pilot.shift.length;
    this.targets = pilot.targetShift.length;
    this.sums = new Float64Array(this.filters);
    this.gram = new Float64Array(this.filters * this.filters);
    this.cross = new Float64Array(this.filters * this.targets);
    this.targetSums = new Float64Array(this.targets);
    this.targetSquares = new Float64Array(this.targets);
  }

  /**
   * Adds rows of `responses` (N × filters) and `labels` (N × targets), finite both; returns itself.
   * Throws REGRESSION_SHAPE when the arrays do not hold whole rows of this many filters and targets.
   */
  add(responses: Float32Array, labels: Float64Array, rows?: Int32Array): this {
    const total = responses.length / this.filters;
    if (!Number.isInteger(total) || labels.length !== total * this.targets) {
      throw new Failure(
        'REGRESSION_SHAPE',
        `${responses.length} responses and ${labels.length} labels for ${this.filters} filters and ${this.targets} targets`,
        { fix: 'N × filters responses and N × targets labels' },
      );
    }
    const chosen = rows ?? Int32Array.from({ length: total }, (_, i) => i);
    accumulateGram(this, responses, this.pilot.shift, chosen);
    for (const row of chosen) this.#addLabels(responses, labels, row);
    this.n += chosen.length;
    return this;
  }

  #addLabels(responses: Float32Array, labels: Float64Array, row: number): void {
    const { filters, targets, cross, targetSums, targetSquares } = this;
    const { shift, targetShift } = this.pilot;
    for (let t = 0; t < targets; t++) {
      const y = (labels[row * targets + t] as number) - (targetShift[t] as number);
      if (y === 0) continue;
      targetSums[t] = (targetSums[t] as number) + y;
      targetSquares[t] = (targetSquares[t] as number) + y * y;
      for (let j = 0, at = row * filters, to = t * filters; j < filters; j++, at++, to++) {
        cross[to] = (cross[to] as number) + y * ((responses[at] as number) - (shift[j] as number));
      }
    }
  }

  /**
   * Adds the statistics of other rows; returns itself. Statistics about another pilot are moved to this one first.
   * Throws REGRESSION_SHAPE when filters or targets differ.
   */
  merge(other: Moments): this {
    if (other.filters !== this.filters || other.targets !== this.targets) {
      throw new Failure(
        'REGRESSION_SHAPE',
        `statistics of ${other.filters} filters × ${other.targets} targets do not add to ${this.filters} × ${this.targets}`,
        { fix: 'statistics of the same layer and tasks' },
      );
    }
    const moved = samePilot(this.pilot, other.pilot) ? other : other.about(this.pilot);
    addInto(this.sums, moved.sums);
    addInto(this.gram, moved.gram);
    addInto(this.cross, moved.cross);
    addInto(this.targetSums, moved.targetSums);
    addInto(this.targetSquares, moved.targetSquares);
    this.n += moved.n;
    return this;
  }

  /** The same rows' statistics about another pilot: Σ(x−s′)(x−s′)ᵀ = G − dΣᵀ − Σdᵀ + n·ddᵀ with d = s′ − s. */
  about(pilot: Pilot): Moments {
    const { n, filters, targets } = this;
    const moved = new Moments(pilot);
    moved.n = n;
    const d = pilot.shift.map((value, j) => value - (this.pilot.shift[j] as number));
    const e = pilot.targetShift.map((value, t) => value - (this.pilot.targetShift[t] as number));
    for (let j = 0; j < filters; j++) {
      const dj = d[j] as number;
      const sj = this.sums[j] as number;
      moved.sums[j] = sj - n * dj;
      for (let k = 0; k <= j; k++) {
        const dk = d[k] as number;
        const at = j * filters + k;
        moved.gram[at] = (this.gram[at] as number) - dj * (this.sums[k] as number) - sj * dk + n * dj * dk;
      }
      for (let t = 0; t < targets; t++) {
        const at = t * filters + j;
        const et = e[t] as number;
        moved.cross[at] = (this.cross[at] as number) - dj * (this.targetSums[t] as number) - sj * et + n * dj * et;
      }
    }
    for (let t = 0; t < targets; t++) {
      const et = e[t] as number;
      const sum = this.targetSums[t] as number;
      moved.targetSums[t] = sum - n * et;
      moved.targetSquares[t] = (this.targetSquares[t] as number) - 2 * et * sum + n * et * et;
    }
    return moved;
  }
}

function samePilot(a: Pilot, b: Pilot): boolean {
  const same = (x: Float64Array, y: Float64Array) => x === y || x.every((value, i) => value === y[i]);
  return same(a.shift, b.shift) && same(a.targetShift, b.targetShift);
}

function addInto(to: Float64Array, from: Float64Array): void {
  for (let i = 0; i < to.length; i++) to[i] = (to[i] as number) + (from[i] as number);
}
