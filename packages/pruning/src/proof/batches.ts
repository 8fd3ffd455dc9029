import { Failure } from '@kneepoint/failures';
import type { ModelProto, TypedArray } from '@kneepoint/onnx';
import { dimsOf, encodeModel, Graph, volume } from '@kneepoint/onnx';
import type { Shapes } from '../trace/trace.ts';
import type { BatchOutputs, ModelOutput } from './compare.ts';

/** What one input is fed, in the type that it takes; float16 as its 16-bit codes. */
export interface ProofFeed {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: TypedArray;
}

/** What is fed in one run. */
export interface ProofBatch {
  /** Images that go through together. */
  readonly images: number;
  readonly feeds: readonly ProofFeed[];
}

export interface RunOptions {
  /** As a session with default settings runs the file, rewritten by the runtime's optimiser; else node by node as it is written. */
  readonly optimized?: boolean;
}

/** Loads a model, runs it on each batch and lets go of it. Given by the caller, so that this package needs no runtime. */
export type RunModel = (
  model: Uint8Array,
  batches: readonly (readonly ProofFeed[])[],
  options?: RunOptions,
) => Promise<readonly ReadonlyMap<string, ModelOutput>[]>;

export interface Images {
  readonly model: ModelProto;
  /** Every value's shape at batch 1. */
  readonly shapes: Shapes;
  /**
   * Runs of at least two images in all, random and real ones: batches of float images for a model with that one input (row-major), or all
   * that is fed, for a model with inputs of any kind.
   */
  readonly images: readonly (Float32Array | ProofBatch)[];
}

/** Throws PROOF_TOO_FEW_IMAGES. */
export function imageBatches(input: Images): ProofBatch[] {
  const graph = new Graph(input.model);
  const where = `input ${graph.inputs.map(({ name }) => name).join(', ')}`;
  const batches = input.images.map((images) =>
    images instanceof Float32Array ? imagesAlone(input, graph, images) : images,
  );
  const count = batches.reduce((sum, { images }) => sum + images, 0);
  if (count < 2) {
    throw new Failure('PROOF_TOO_FEW_IMAGES', `${count} images were given`, {
      where,
      fix: 'give two or more different images, so that input dependence can be measured',
    });
  }
  return batches;
}

/** Images for a model that takes nothing else. */
function imagesAlone({ shapes }: Images, { inputs }: Graph, data: Float32Array): ProofBatch {
  const [input] = inputs;
  const shape = input && shapes.get(input.name);
  if (!input || !shape || inputs.length !== 1) {
    throw new Failure('PROOF_TOO_FEW_IMAGES', `the model has ${inputs.length} inputs, images alone feed one`, {
      where: inputs.map(({ name }) => name).join(', '),
      fix: 'give all that is fed',
    });
  }
  const [fixed] = dimsOf(input);
  const perImage = volume(shape.slice(1));
  const images = data.length / perImage;
  const where = `input ${input.name}`;
  if (!Number.isInteger(images)) {
    throw new Failure('PROOF_TOO_FEW_IMAGES', `a batch of ${data.length} numbers is not whole images`, {
      where,
      fix: `give a multiple of ${perImage} numbers`,
    });
  }
  if (typeof fixed === 'number' && fixed > 0 && images !== fixed) {
    throw new Failure('PROOF_TOO_FEW_IMAGES', `${images} images were given, and the model takes ${fixed} at a time`, {
      where,
      fix: `give batches of ${fixed * perImage} numbers`,
    });
  }
  return { images, feeds: [{ name: input.name, dims: [images, ...shape.slice(1)], data }] };
}

/** Beyond this size every float is a whole number. */
const LARGEST_COUNT = 2 ** 20;
const isCount = (value: number): boolean => Number.isInteger(value) && Math.abs(value) <= LARGEST_COUNT;

/** What a model gives on all batches. Throws PROOF_NOT_FINITE for an output without a finite number. */
export async function runAll(
  model: ModelProto,
  batches: readonly ProofBatch[],
  run: RunModel,
  options: RunOptions = {},
): Promise<BatchOutputs> {
  const results = await run(
    encodeModel(model),
    batches.map(({ feeds }) => feeds),
    options,
  );
  // Classes, counts and masks may come as floats.
  const counted = new Set<string>();
  for (const name of results[0]?.keys() ?? []) {
    const found = results.map((result) => result.get(name)!.data);
    if (found.every((data) => data.every(isCount)) && found.some((data) => data.some((value) => value !== 0)))
      counted.add(name);
    // A mask or a logarithm may give an infinity here and there; it is compared like any other value.
    if (found.every(({ length }) => length === 0) || found.some((data) => data.some(Number.isFinite))) continue;
    throw new Failure('PROOF_NOT_FINITE', 'the output holds NaN or infinity alone, which nothing can be compared by', {
      where: `output ${name}`,
      fix: 'give images in the range that the model takes',
    });
  }
  return {
    images: batches.map(({ images }) => images),
    results: results.map((result) => {
      return new Map(
        [...result].map(([name, output]) => [name, counted.has(name) ? { ...output, whole: true } : output]),
      );
    }),
  };
}
