import { Failure } from '@kneepoint/failures';
import { cloneModel, dimsOf, formOf, freeGrid, Graph, type ModelProto, noteForm, valueInfo } from '@kneepoint/onnx';
import { answersAlike, mask, prune } from '@kneepoint/pruning';
import { isAnySize } from '@kneepoint/runtime';
import type { PlannedCut } from '@kneepoint/workflow';
import { randomImages, runOnCpu } from './prove-surgery.ts';

/** Pixels that another size is larger by: networks halve their maps up to five times. */
const LARGER = 32;

/** Whether a cut equals masking at another size, too, where the original takes images of any; true where it does not. */
export async function holdsAtAnySize({ network, shapes, plan }: PlannedCut, seed: number): Promise<boolean> {
  const form = formOf(network);
  if (!form || !isAnySize(form)) return true;
  const [input] = new Graph(network).inputs;
  const [batch, channels, height, width] = dimsOf(input!) as [number | string, 1, number, number];
  const size = { channels, height: height + LARGER, width: width + LARGER };
  const dims = [typeof batch === 'number' ? batch : 1, channels, size.height, size.width];
  const data = randomImages(size, seed).subarray(
    0,
    dims.reduce((product, dim) => product * dim, 1),
  );
  const batches = [{ images: dims[0]!, feeds: [{ name: input!.name, dims, data }] }];
  const [masked, cut] = [mask(network, shapes, plan), prune(network, shapes, plan)].map(ofAnySize);
  try {
    return await answersAlike(masked!, cut!, { batches, run: runOnCpu(), seed });
  } catch (error) {
    // Neither graph need run at a size that nobody asked for.
    if (error instanceof Failure) return false;
    throw error;
  }
}

/** From here on the network is written for images of the size that it is worked on at. Changes the model. */
export function fixSize(model: ModelProto): void {
  const form = formOf(model);
  if (!form) return;
  const [, channels, height, width] = dimsOf(new Graph(model).inputs[0]!) as [unknown, number, number, number];
  const rest = form.last ? [height, width, channels] : [channels, height, width];
  const inputs = form.inputs.map((input) =>
    input.name === form.image ? { ...input, dims: [input.dims[0] ?? null, ...rest] } : input,
  );
  noteForm(model, { ...form, inputs });
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
