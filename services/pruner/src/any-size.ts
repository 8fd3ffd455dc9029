import {
  cloneModel,
  dimsOf,
  elementCount,
  formOf,
  freeGrid,
  Graph,
  type ImageSize,
  type ModelProto,
  noteForm,
  type SizeAxes,
  valueInfo,
} from '@kneepoint/onnx';
import { mask, prune } from '@kneepoint/pruning';
import { fixedSizeNote, openSizeOf, sizesThatHold, type SizeVerdict } from '@kneepoint/runtime';
import type { PlannedCut } from '@kneepoint/workflow';
import { randomImages, runOnCpu, verdictAtSize } from './prove-surgery.ts';

/** Along which of height and width that the original leaves free a cut equals masking at another length, too. */
export async function sizesOfCut(
  { network, shapes, plan }: Pick<PlannedCut, 'network' | 'shapes' | 'plan'>,
  seed: number,
): Promise<SizeAxes> {
  const form = formOf(network);
  if (!form) return { height: true, width: true };
  const [input] = new Graph(network).inputs;
  const [batch, channels, height, width] = dimsOf(input!) as [number | string, 1, number, number];
  const [masked, cut] = [mask(network, shapes, plan), prune(network, shapes, plan)].map(ofAnySize);
  const tried = (size: ImageSize): Promise<SizeVerdict> => {
    const dims = [typeof batch === 'number' ? batch : 1, channels, size.height, size.width];
    const data = randomImages({ channels, ...size }, seed).subarray(0, elementCount(dims));
    const batches = [{ images: dims[0]!, feeds: [{ name: input!.name, dims, data }] }];
    return verdictAtSize(masked!, cut!, { batches, run: runOnCpu(), seed });
  };
  return sizesThatHold({ height, width }, openSizeOf(form), tried);
}

/**
 * From here on the network is written for the height and width that it is worked on at, but for those that are free. Changes the model, and
 * gives back what its user should know.
 */
export function fixSize(model: ModelProto, free: SizeAxes): readonly string[] {
  const form = formOf(model);
  if (!form) return [];
  const [, , height, width] = dimsOf(new Graph(model).inputs[0]!) as [unknown, unknown, number, number];
  const open = openSizeOf(form);
  const note = fixedSizeNote({ height, width }, open, free);
  if (note === undefined) return [];
  const first = form.last ? 1 : 2;
  const fixed = new Map([
    ...(free.height ? [] : [[first, height] as const]),
    ...(free.width ? [] : [[first + 1, width] as const]),
  ]);
  const inputs = form.inputs.map((input) =>
    input.name === form.image ? { ...input, dims: input.dims.map((dim, axis) => fixed.get(axis) ?? dim) } : input,
  );
  noteForm(model, { ...form, inputs });
  return [note];
}

function ofAnySize(model: ModelProto): ModelProto {
  const copy = cloneModel(model);
  const [input] = new Graph(copy).inputs;
  const [batch, channels] = dimsOf(input!);
  copy.graph!.input = [valueInfo(input!.name, [batch, channels, 'height', 'width'])];
  copy.graph!.valueInfo = [];
  freeGrid(copy);
  return copy;
}
