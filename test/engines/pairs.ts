import { cloneModel, dimsOf, encodeModel, type ModelProto, seededRandom } from '@kneepoint/onnx';
import { analyzeChannels, prune, randomPlan } from '@kneepoint/pruning';
import { openSession, shapesAsDeclared } from '@kneepoint/runtime';
import { NETWORKS } from './networks.ts';

/** A network as an engine is given it, and what ONNX Runtime says to one image. */
export interface Side {
  readonly bytes: Uint8Array;
  /** By output. */
  readonly answers: Readonly<Record<string, Float32Array>>;
}

/** A network and what was left of it. */
export interface Pair {
  readonly name: string;
  readonly dims: readonly number[];
  readonly image: Float32Array;
  readonly original: Side;
  readonly pruned: Side;
}

/** Each network cut at random by two fifths, in numbers that no multiple evens out. One image at a time: some engines take no free batch. */
export async function pairs(): Promise<Pair[]> {
  const made: Pair[] = [];
  for (const [name, make] of Object.entries(NETWORKS)) {
    const model = oneImage(make());
    const { shapes } = await shapesAsDeclared(model);
    const plan = randomPlan(analyzeChannels(model, shapes), 0.4, 3);
    const dims = dimsOf(model.graph!.input[0]!) as number[];
    const random = seededRandom(5);
    const image = Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => random.normal());
    const [original, pruned] = [await side(model, dims, image), await side(prune(model, shapes, plan), dims, image)];
    made.push({ name, dims, image, original, pruned });
  }
  return made;
}

/** The largest difference of two answers, of the largest number in the first. */
export function difference(wanted: Side['answers'], found: Readonly<Record<string, ArrayLike<number>>>): number {
  let [worst, most] = [0, 0];
  for (const [name, values] of Object.entries(wanted)) {
    const other = found[name];
    if (other?.length !== values.length) return Infinity;
    values.forEach((value, i) => {
      const gap = Math.abs(value - other[i]!);
      worst = Number.isNaN(gap) ? Infinity : Math.max(worst, gap);
      most = Math.max(most, Math.abs(value));
    });
  }
  return worst / most;
}

async function side(model: ModelProto, dims: readonly number[], image: Float32Array): Promise<Side> {
  const session = await openSession(model, { optimization: 'disabled', threads: 1 });
  const results = await session.run({ [model.graph!.input[0]!.name]: { data: image, dims } });
  await session.release();
  const answers = Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
  return { bytes: encodeModel(model), answers };
}

function oneImage(model: ModelProto): ModelProto {
  const copy = cloneModel(model);
  for (const value of [...copy.graph!.input, ...copy.graph!.output]) {
    const type = value.type?.value;
    const batch = type?.case === 'tensorType' ? type.value.shape?.dim[0] : undefined;
    if (batch) batch.value = { case: 'dimValue', value: 1n };
  }
  return copy;
}
