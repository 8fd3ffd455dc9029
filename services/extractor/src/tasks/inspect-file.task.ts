import { dataTypeName, dimsOf, encodeModel, Graph, imageAxes, type ImageSize } from '@kneepoint/onnx';
import { shapesAsDeclared, takeModel, type TaskContext } from '@kneepoint/runtime';
import type { ModelInspection } from '@kneepoint/workflow';
import { walkModel } from '../walk-model.ts';

export interface InspectFileInput {
  readonly path: string;
  /** Height and width of images where the file leaves them free. */
  readonly size?: ImageSize;
}

/** An input as the file declares it. */
export interface InputSummary {
  readonly name: string;
  readonly type: string;
  /** Numbers are fixed lengths; a word, or null where the file gives none, is a free one. */
  readonly dims: readonly (number | string | null)[];
}

export interface FileInspection extends Omit<ModelInspection, 'input'> {
  /** The one input where it is a batch of images, with the size that the figures are for; null otherwise. */
  readonly input: ModelInspection['input'] | null;
  readonly inputs: readonly InputSummary[];
}

/** What is in a model file, whatever its inputs: no images are needed, so any rank, type and number of inputs is taken. */
export default async function inspectFile(
  { path, size }: InspectFileInput,
  context: TaskContext,
): Promise<FileInspection> {
  const total = 3;
  const stage = (done: number, message: string): void => context.progress({ done, total, unit: 'stages', message });
  stage(0, 'reading');
  const taken = await takeModel(path, size ? { size } : {});
  const { model, original } = taken;
  stage(1, 'running one image');
  const { shapes, batch } = await shapesAsDeclared(model, taken.size);
  stage(2, 'walking channels');
  const walked = walkModel(model, original, shapes);
  stage(3, 'done');
  const { inputs } = new Graph(model);
  return {
    input: imageOf(inputs.length === 1 ? inputs[0]!.name : '', shapes),
    inputs: inputs.map((input) => {
      const type = input.type?.value;
      return {
        name: input.name,
        type: type?.case === 'tensorType' ? dataTypeName(type.value.elemType) : 'unknown',
        dims: dimsOf(input).map((dim) => dim ?? null),
      };
    }),
    ...walked,
    bytes: encodeModel(model).byteLength,
    notes: [
      ...taken.notes,
      ...walked.notes,
      ...(batch > 1 ? [`The batch size is fixed at ${batch}: the figures are for so many images together.`] : []),
    ],
  };
}

function imageOf(name: string, shapes: ReadonlyMap<string, readonly number[]>): ModelInspection['input'] | null {
  const dims = shapes.get(name) ?? [];
  const axes = imageAxes(dims);
  if (!axes) return null;
  const channels = dims[axes.height === 1 ? 3 : 1]!;
  return { name, channels, height: dims[axes.height]!, width: dims[axes.width]! };
}
