import { batches, type Dataset, type Preprocess } from '@kneepoint/datasets';
import { elementCount, encodeModel, type InputSpec, type ModelProto } from '@kneepoint/onnx';
import {
  type ActualProvider,
  batchSizeFor,
  exposePooled,
  openSession,
  pooledName,
  pooledResponses,
  type Tap,
  type TaskContext,
} from '@kneepoint/runtime';
import type { PreparedPixels } from './prepared-pixels.ts';

/** Images of a data set as a model's input, and the task that wants them. */
export interface Images {
  readonly dataset: Dataset;
  readonly spec: InputSpec;
  readonly preprocess: Preprocess;
  readonly context: TaskContext;
  /** Where pixels stay between passes; without it every pass decodes. */
  readonly prepared?: PreparedPixels;
}

export function imageBatches(
  { dataset, spec, preprocess, context, prepared }: Images,
  rows: Int32Array,
  batchSize = batchSizeFor(spec),
): ReturnType<typeof batches> {
  const options = { indices: rows, batchSize, preprocess, size: spec, signal: context.signal };
  return prepared ? prepared.batches(dataset, options) : batches(dataset, options);
}

/** Bytes that the values of a network may take for one batch where all of them are kept, as derivatives and moments need them. */
const VALUE_BYTES = 256e6;

/**
 * How many images go through a network together whose values are all kept: as many as through any, but no more than memory allows.
 * @param shapes every value's shape at batch 1
 */
export function batchWithin(spec: InputSpec, shapes: ReadonlyMap<string, readonly number[]>): number {
  const bytes = [...shapes.values()].reduce((sum, dims) => sum + 4 * elementCount(dims), 0);
  return Math.max(1, Math.min(batchSizeFor(spec), Math.floor(VALUE_BYTES / bytes)));
}

/** Pooled values of a network over chosen rows: N × C each, in the order of `rows`. */
export async function pooledOver(
  model: ModelProto,
  taps: readonly Tap[],
  images: Images,
  rows: Int32Array,
): Promise<{ readonly responses: ReadonlyMap<string, Float32Array>; readonly provider: ActualProvider }> {
  const exposed = exposePooled(
    model,
    taps.map((tap) => tap.value),
  );
  const session = await openSession(encodeModel(exposed), { provider: images.context.provider });
  try {
    const { responses } = await pooledResponses(session, {
      taps,
      images: rows.length,
      batches: imageBatches(images, rows),
      signal: images.context.signal,
    });
    return { responses, provider: session.provider };
  } finally {
    await session.release();
  }
}

export interface Passed {
  /** N × F: what the network's head reads, over every image of the data set. */
  readonly features: Float32Array;
  /** N × targets: what the network says. */
  readonly scores: Float64Array;
  readonly provider: ActualProvider;
}

/** Every image of the data set through an image → task network: its features (see `headInput`) and its answers in one pass. */
export async function runOver(model: ModelProto, featuresName: string, images: Images): Promise<Passed> {
  const output = model.graph!.output[0]!.name;
  const exposed = exposePooled(model, [featuresName], { keepOutputs: true });
  const session = await openSession(encodeModel(exposed), { provider: images.context.provider });
  try {
    const total = images.dataset.manifest.images.length;
    const rows = Int32Array.from({ length: total }, (_, row) => row);
    const features: Float32Array[] = [];
    const scores: number[] = [];
    let done = 0;
    for await (const batch of imageBatches(images, rows)) {
      const { channels, height, width, name } = images.spec;
      const feed = {
        [name]: {
          data: batch.data.subarray(0, batch.indices.length * channels * height * width),
          dims: [batch.indices.length, channels, height, width],
        },
      };
      const results = await session.run(feed);
      features.push(Float32Array.from(results[pooledName(featuresName)]!.data as Float32Array));
      scores.push(...(results[output]!.data as Float32Array));
      done += batch.indices.length;
      images.context.progress({ done, total, unit: 'images', message: 'reading responses' });
    }
    return { features: join(features), scores: Float64Array.from(scores), provider: session.provider };
  } finally {
    await session.release();
  }
}

function join(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
