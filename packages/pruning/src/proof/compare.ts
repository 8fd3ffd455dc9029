/** A tensor that a model gave. */
export interface ModelOutput {
  readonly dims: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/** What a model gave on several batches. */
export interface BatchOutputs {
  /** Images per batch. */
  readonly images: readonly number[];
  readonly results: readonly ReadonlyMap<string, ModelOutput>[];
}

export interface Comparison {
  readonly outputs: BatchOutputs;
  readonly maxAbsDiff: number;
  /** Each output's difference over its own largest magnitude; the worst of them. */
  readonly maxRelDiff: number;
  readonly perOutput: readonly { readonly name: string; readonly diff: number; readonly scale: number }[];
}

/** Largest differences between two models' outputs on the same batches; `b` is the reference. */
export function compareOutputs(a: BatchOutputs, b: BatchOutputs): Comparison {
  const diffs = new Map<string, { diff: number; scale: number }>();
  b.results.forEach((result, batch) => {
    for (const [name, { data }] of result) {
      const other = a.results[batch]?.get(name);
      const seen = diffs.get(name) ?? { diff: 0, scale: 0 };
      // A missing output or another length is as different as can be.
      if (other?.data.length !== data.length) seen.diff = Number.MAX_VALUE;
      else {
        for (let i = 0; i < data.length; i++) {
          seen.diff = Math.max(seen.diff, Math.abs(other.data[i]! - data[i]!));
          seen.scale = Math.max(seen.scale, Math.abs(data[i]!));
        }
      }
      diffs.set(name, seen);
    }
  });
  const perOutput = [...diffs].map(([name, found]) => ({ name, ...found }));
  return {
    outputs: a,
    maxAbsDiff: Math.max(0, ...perOutput.map(({ diff }) => diff)),
    maxRelDiff: Math.max(0, ...perOutput.map(({ diff, scale }) => (diff === 0 ? 0 : diff / Math.max(scale, TINY)))),
    perOutput,
  };
}

/** How far each output moves between the first image and any other: max |y(x₁) − y(x₂)|. */
export function inputDependence({ images, results }: BatchOutputs): Map<string, number> {
  const moved = new Map<string, number>();
  for (const name of results[0]?.keys() ?? []) {
    const rows = results.flatMap((result, batch) => perImage(result.get(name), images[batch] ?? 0));
    const [first, ...others] = rows;
    let most = 0;
    for (const row of others) {
      for (let i = 0; i < row.length; i++) most = Math.max(most, Math.abs(row[i]! - (first?.[i] ?? 0)));
    }
    moved.set(name, most);
  }
  return moved;
}

/** The smallest normal float32: an output of zeros must not turn a difference into infinity. */
const TINY = 1.1754943508222875e-38;

function perImage(output: ModelOutput | undefined, images: number): (Float32Array | Float64Array)[] {
  if (!output || images === 0 || output.data.length % images !== 0) return [];
  const size = output.data.length / images;
  return Array.from({ length: images }, (_, i) => output.data.subarray(i * size, (i + 1) * size));
}
