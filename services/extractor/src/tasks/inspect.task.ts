import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  asImages,
  encodeModel,
  freeBatch,
  type ImageSize,
  inputSpec,
  skeleton,
  withDeclaredShapes,
} from '@kneepoint/onnx';
import { Failure } from '@kneepoint/failures';
import { shapesOf, takeModel, type TaskContext } from '@kneepoint/runtime';
import type { ModelInspection } from '@kneepoint/workflow';
import { walkModel } from '../walk-model.ts';

export interface InspectInput {
  readonly path: string;
  /** Where to write `model.onnx` (self-contained, batch free) and `skeleton.onnx`; nothing is written without it. */
  readonly outFolder?: string;
  /** Height and width of images where the file leaves them free. */
  readonly size?: ImageSize;
}

export interface InspectOutput {
  readonly inspection: ModelInspection;
  /** Whether the file takes bytes, so that images are numbers from 0 to 255. */
  readonly bytes: boolean;
}

/** Reads, bounds, validates, runs on one image and walks a model of images: everything that is known of it before any data set. */
export default async function inspect(
  { path, outFolder, size }: InspectInput,
  context: TaskContext,
): Promise<InspectOutput> {
  const total = 4;
  const stage = (done: number, message: string): void => context.progress({ done, total, unit: 'stages', message });
  stage(0, 'reading');
  const taken = await takeModel(path, size ? { size } : {});
  const images = asImages(taken.model, { size: taken.size });
  const input = inputSpec(images.model);
  const { model, freed, reason } = freeBatch(images.model);
  if (!freed && input.batch !== 'free') {
    throw new Failure(
      'ONNX_BATCH_FIXED',
      `the batch size is fixed at ${input.batch} and cannot be made free: ${reason}`,
      {
        where: input.name,
        fix: 'Export the model with a dynamic batch axis.',
      },
    );
  }
  stage(1, 'running one image');
  const shapes = await shapesOf(model);
  stage(2, 'walking channels');
  const walked = walkModel(model, taken.original, shapes);
  stage(3, 'writing');
  const encoded = encodeModel(model);
  if (outFolder) {
    await writeFile(join(outFolder, 'model.onnx'), encoded);
    await writeFile(join(outFolder, 'skeleton.onnx'), encodeModel(withDeclaredShapes(skeleton(model), shapes)));
  }
  stage(4, 'done');
  const notes = [
    ...taken.notes,
    ...images.notes,
    ...(freed && input.batch !== 'free' ? [`The batch size was fixed at ${input.batch} and has been made free.`] : []),
  ];
  return {
    inspection: {
      input: { name: input.name, channels: input.channels, height: input.height, width: input.width },
      ...walked,
      bytes: encoded.byteLength,
      notes,
    },
    bytes: images.bytes,
  };
}
