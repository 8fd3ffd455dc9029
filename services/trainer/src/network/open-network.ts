import { Failure } from '@kneepoint/failures';
import { freeBatch, type ModelProto } from '@kneepoint/onnx';
import { findTaps, truncate } from '@kneepoint/pruning';
import { readModelFile, shapesOf } from '@kneepoint/runtime';
import { normaliseHead } from './head.ts';

/** A file of a network, and where to cut it if it is one as its maker left it: a layer's name, null for the last tap. */
export interface NetworkFile {
  readonly path: string;
  readonly cutAt?: string | null;
}

export interface OpenedNetwork {
  /** Ends with a linear head in the form of `normaliseHead`. */
  readonly model: ModelProto;
  /** The head is new and answers 0 to everything. */
  readonly fresh: boolean;
  /** Answers of classes are logits, because the network was trained before; otherwise they are those of least squares, near 0 and 1. */
  readonly logits: boolean;
}

/** The key under which a trained network says how it was trained. */
export const TRAINING_ENTRY = 'kneepoint.training';

/** Reads an image → task network, or makes one by cutting. Throws HEAD_BAD_SHAPE, TAP_NOT_FOUND and what reading throws. */
export async function openNetwork(
  { path, cutAt }: NetworkFile,
  { targets, outputName }: { readonly targets: number; readonly outputName: string },
): Promise<OpenedNetwork> {
  const { model } = freeBatch(await readModelFile(path));
  if (cutAt === undefined) {
    const logits = model.metadataProps.some(({ key }) => key === TRAINING_ENTRY);
    return { model: normaliseHead(model, targets), fresh: false, logits };
  }
  const taps = findTaps(model, await shapesOf(model));
  const tap = cutAt === null ? taps.at(-1) : taps.find(({ layer }) => layer === cutAt);
  if (!tap) {
    throw new Failure('TAP_NOT_FOUND', cutAt === null ? 'the model has no tap' : `the model has no tap ${cutAt}`, {
      where: 'network.model.layer',
      fix: taps.length === 0 ? 'a model with convolutions' : `one of ${taps.map(({ layer }) => layer).join(', ')}`,
    });
  }
  const head = {
    name: 'head',
    outputName,
    weights: new Float64Array(targets * tap.channels),
    bias: new Float64Array(targets),
  };
  // What keeps the whole network at one image often lies behind the layer.
  const { model: cut } = freeBatch(truncate(model, tap, head));
  return { model: normaliseHead(cut, targets), fresh: true, logits: true };
}
