import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  asImages,
  encodeModel,
  declaredForm,
  freeBatch,
  type ImageSize,
  inputSpec,
  type ModelProto,
  noteForm,
  skeleton,
  withDeclaredShapes,
} from '@kneepoint/onnx';
import { Failure } from '@kneepoint/failures';
import { exposePooled, gridsOf, shapesOf, takeModel, type TaskContext } from '@kneepoint/runtime';
import type { ModelInspection } from '@kneepoint/workflow';
import type { Exported } from '../exported/exported.ts';
import { preprocessInGraph } from '../exported/in-graph.ts';
import { preprocessInMetadata } from '../exported/in-metadata.ts';
import { walkModel } from '../walk-model.ts';

export interface InspectInput {
  readonly path: string;
  /** Where to write `model.onnx` (self-contained, as it is worked on) and `skeleton.onnx`; nothing is written without it. */
  readonly outFolder?: string;
  /** Height and width of images where the file leaves them free. */
  readonly size?: ImageSize;
}

export interface InspectOutput {
  readonly inspection: ModelInspection;
  /** Whether the file takes bytes, so that images are numbers from 0 to 255. */
  readonly bytes: boolean;
  /** How pixels become the input, as the file itself says. */
  readonly exported?: Exported;
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
  const alone = !freed && input.batch === 1;
  if (!freed && input.batch !== 'free' && !alone) {
    throw new Failure(
      'ONNX_BATCH_FIXED',
      `the batch size is fixed at ${input.batch} and cannot be made free: ${reason}`,
      {
        where: input.name,
        fix: 'Export the model with a dynamic batch axis, or with a batch of 1.',
      },
    );
  }
  noteForm(model, declaredForm(taken.original, model, images.last));
  stage(1, 'running one image');
  const shapes = await shapesOf(model);
  stage(2, 'walking channels');
  const walked = walkModel(model, taken.original, shapes);
  const exported = preprocessInMetadata(taken.original) ?? preprocessInGraph(taken.original);
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
    ...walked.notes,
    ...(freed && input.batch !== 'free'
      ? [`The batch size is fixed at ${input.batch}: it was made free for the work, and is written as it was.`]
      : []),
    ...(alone ? [`It runs one image at a time, and is worked on so where it must be: ${reason}.`] : []),
  ];
  return {
    inspection: {
      input: {
        ...{ name: input.name, channels: input.channels, height: input.height, width: input.width },
        ...(alone ? { batch: 1, layersFree: layersFree(model, walked.taps) } : {}),
      },
      ...walked,
      bytes: encoded.byteLength,
      notes,
    },
    bytes: images.bytes,
    ...(exported ? { exported } : {}),
  };
}

/** Whether what its layers answer can be had of several images at once, though what follows them cannot. */
function layersFree(model: ModelProto, taps: ModelInspection['taps']): boolean {
  if (taps.length === 0) return false;
  const values = taps.map(({ value }) => value);
  return freeBatch(exposePooled(model, values, { grids: gridsOf(taps) })).freed;
}
