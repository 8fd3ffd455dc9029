/** A tensor that a model gave. */
export interface ModelOutput {
  readonly dims: readonly number[];
  readonly data: Float32Array | Float64Array;
  /** Whole numbers or truth values: positions, counts, classes. Of two of them it matters only whether they are the same. */
  readonly whole?: boolean;
}

/** What a model gave on several batches. */
export interface BatchOutputs {
  /** Images per batch. */
  readonly images: readonly number[];
  readonly results: readonly ReadonlyMap<string, ModelOutput>[];
}

export interface OutputDifference {
  readonly name: string;
  /** The largest difference; of whole numbers the share of those that differ. */
  readonly diff: number;
  /** The largest magnitude of the reference; 1 for whole numbers. */
  readonly scale: number;
}

export interface Comparison {
  readonly outputs: BatchOutputs;
  readonly maxAbsDiff: number;
  /** Each output's difference over its own largest magnitude; the worst of them. */
  readonly maxRelDiff: number;
  readonly perOutput: readonly OutputDifference[];
}

/**
 * Elements that say nothing, because rounding alone decides them: by output, for each batch all of them (an output whose length rounding
 * changes) or those marked.
 */
export type Unsteady = ReadonlyMap<string, readonly ('all' | Uint8Array | undefined)[]>;

/** Largest differences between two models' outputs on the same batches; `b` is the reference. NaN or an infinity equals its like. */
export function compareOutputs(a: BatchOutputs, b: BatchOutputs, unsteady: Unsteady = new Map()): Comparison {
  const found = new Map<string, Tally>();
  b.results.forEach((result, batch) => {
    for (const [name, output] of result) {
      const whole = output.whole === true && (a.results[batch]?.get(name)?.whole ?? true);
      const tally = found.get(name) ?? { diff: 0, scale: 0, differing: 0, count: 0, whole };
      found.set(name, tally);
      const marked = unsteady.get(name)?.[batch];
      if (marked !== 'all') compareOne(a.results[batch]?.get(name), output, tally, marked);
    }
  });
  const perOutput = [...found].map(([name, { diff, scale, differing, count, whole }]): OutputDifference => {
    return whole ? { name, diff: count > 0 ? differing / count : 0, scale: 1 } : { name, diff, scale };
  });
  return {
    outputs: a,
    maxAbsDiff: Math.max(0, ...perOutput.map(({ diff }) => diff)),
    maxRelDiff: Math.max(0, ...perOutput.map(relative)),
    perOutput,
  };
}

/** A difference over the magnitude of its output. */
export function relative({ diff, scale }: Pick<OutputDifference, 'diff' | 'scale'>): number {
  return diff === 0 ? 0 : Math.min(Number.MAX_VALUE, diff / Math.max(scale, TINY));
}

/** How far each output moves between the first image and any other: max |y(x₁) − y(x₂)|; of whole numbers the share that changes. */
export function inputDependence({ images, results }: BatchOutputs): Map<string, number> {
  const moved = new Map<string, number>();
  for (const [name, { whole }] of results[0] ?? []) {
    const [first, ...others] = results.flatMap((result, batch) => perImage(result.get(name), images[batch] ?? 0));
    const distance = whole ? shareChanged : largestMove;
    moved.set(name, Math.max(0, ...others.map((row) => distance(row, first!))));
  }
  return moved;
}

/** The smallest normal float32: an output of zeros must not turn a difference into infinity. */
const TINY = 1.1754943508222875e-38;

interface Tally {
  diff: number;
  scale: number;
  differing: number;
  count: number;
  readonly whole: boolean;
}

function compareOne(
  other: ModelOutput | undefined,
  { data }: ModelOutput,
  tally: Tally,
  marked: Uint8Array | undefined,
): void {
  tally.count += data.length;
  if (other?.data.length !== data.length) {
    // A missing output or another length is as different as can be.
    tally.diff = Number.MAX_VALUE;
    tally.differing += data.length;
    tally.count = Math.max(1, tally.count);
    if (data.length === 0) tally.differing++;
    return;
  }
  for (let i = 0; i < data.length; i++) {
    const [one, two] = [other.data[i]!, data[i]!];
    if (Number.isFinite(two)) tally.scale = Math.max(tally.scale, Math.abs(two));
    if (marked?.[i] || one === two || (Number.isNaN(one) && Number.isNaN(two))) continue;
    tally.differing++;
    const diff = Math.abs(one - two);
    tally.diff = Math.max(tally.diff, Number.isFinite(diff) ? diff : Number.MAX_VALUE);
  }
}

type Row = Float32Array | Float64Array;

function largestMove(row: Row, first: Row): number {
  let most = 0;
  for (let i = 0; i < row.length; i++) {
    const move = Math.abs(row[i]! - (first[i] ?? 0));
    if (move > most && Number.isFinite(move)) most = move;
  }
  return most;
}

function shareChanged(row: Row, first: Row): number {
  let changed = 0;
  for (let i = 0; i < row.length; i++) if (row[i] !== first[i]) changed++;
  return row.length > 0 ? changed / row.length : 0;
}

function perImage(output: ModelOutput | undefined, images: number): Row[] {
  if (!output || images === 0 || output.data.length % images !== 0) return [];
  const size = output.data.length / images;
  return Array.from({ length: images }, (_, i) => output.data.subarray(i * size, (i + 1) * size));
}
