import type { ModelProto } from '@kneepoint/onnx';
import { inputSpec } from '@kneepoint/onnx';
import { batchSizeFor, type TaskContext } from '@kneepoint/runtime';
import { answersOf } from '../rows/answers.ts';
import type { ImageRows } from '../rows/image-rows.ts';
import { readHead, withoutHead } from './head.ts';

/** What a network's head reads of each image that is asked for, as it is: rows × features, in the order of `rows`. */
export async function featuresOf(
  model: ModelProto,
  images: ImageRows,
  rows: Int32Array,
  context: Pick<TaskContext, 'provider' | 'signal' | 'progress'>,
): Promise<{ readonly features: Float32Array; readonly width: number }> {
  const { features: width } = readHead(model);
  const { values } = await answersOf({
    model: withoutHead(model),
    rows,
    source: images,
    batch: batchSizeFor(inputSpec(model)),
    provider: context.provider,
    signal: context.signal,
    onBatch: (done) => context.progress({ done, total: rows.length, unit: 'images', message: 'reading features' }),
  });
  return { features: values, width };
}
