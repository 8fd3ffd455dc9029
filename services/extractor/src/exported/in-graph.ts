import { defaultPreprocess, validatePreprocess } from '@kneepoint/datasets';
import {
  DataType,
  dimsOf,
  elementCount,
  Graph,
  imageAxes,
  type ModelProto,
  type NodeProto,
  tensorDims,
} from '@kneepoint/onnx';
import type { Exported } from './exported.ts';

/** What may stand between the input and its scaling. */
const PASSES: ReadonlySet<string> = new Set(['Identity', 'Transpose', 'Cast', 'Unsqueeze', 'Squeeze']);
/** A scale of 1/127.5 or 1/255 makes small numbers of bytes; the spreads of ImageNet's colours, 0.2 and 58, lie far from either bound. */
const LEAST_SCALE = 32;
/** No mean of numbers in [0, 1] or [−1, 1] is that large. */
const LEAST_MEAN = 2;
/** Keras and tf2onnx alike. */
const TENSORFLOW = 'tf2onnx';

/**
 * That a network of floats scales its images itself, as Keras' Rescaling and Normalization do: its input is then numbers from 0 to 255.
 * Undefined where its first arithmetic says nothing of the kind.
 */
export function preprocessInGraph(model: ModelProto): Exported | undefined {
  const graph = new Graph(model);
  const [input, ...others] = graph.inputs.filter(({ name }) => !graph.initializer(name));
  const dims = input && others.length === 0 ? dimsOf(input) : [];
  const axes = imageAxes(dims);
  const type = input?.type?.value;
  if (!input || !axes || type?.case !== 'tensorType' || !FLOATS.has(type.value.elemType)) return undefined;
  const node = scalingOf(graph, input.name);
  if (!node) return undefined;
  const channels = dims[axes.height === 1 ? 3 : 1];
  const { preprocess } = defaultPreprocess(typeof channels === 'number' ? channels : 3);
  // What Keras makes of files: image_dataset_from_directory, load_img.
  const read = model.producerName === TENSORFLOW ? { resize: 'plain', exif: false, alpha: 'ignore' } : {};
  const own = preprocess.channels === 'rgba' ? preprocess : { ...preprocess, ...read };
  return {
    preprocess: validatePreprocess({ ...own, range: [0, 255] }),
    from: `the network, which scales numbers from 0 to 255 itself (${graph.nodeName(node)})`,
  };
}

const FLOATS: ReadonlySet<number> = new Set([DataType.FLOAT, DataType.FLOAT16]);

function scalingOf(graph: Graph, input: string): NodeProto | undefined {
  let value = input;
  for (;;) {
    const readers = graph.consumers(value);
    const [reader] = readers;
    if (!reader || readers.length > 1 || reader.input < 0) return undefined;
    const { node } = reader;
    if (!PASSES.has(node.opType)) return scalesBytes(graph, node, value) ? node : undefined;
    value = node.output[0] ?? '';
  }
}

function scalesBytes(graph: Graph, node: NodeProto, value: string): boolean {
  const [first, second = ''] = node.input;
  const other = first === value ? second : node.opType === 'Mul' || node.opType === 'Add' ? (first ?? '') : '';
  const stored = graph.stored(other);
  // Weights are not read for this; they may lie in another file.
  if (stored && elementCount(tensorDims(stored)) > MOST) return false;
  const data = graph.constant(other)?.data;
  if (!data || data.length === 0 || data.length > MOST) return false;
  const sizes = Array.from(data as ArrayLike<number>, (number) => Math.abs(Number(number)));
  switch (node.opType) {
    case 'Mul':
      return sizes.every((size) => size > 0 && size <= 1 / LEAST_SCALE);
    case 'Div':
      return sizes.every((size) => size >= LEAST_SCALE);
    case 'Sub':
    case 'Add':
      return sizes.every((size) => size >= LEAST_MEAN && size <= 255);
    default:
      return false;
  }
}

/** One number, or one for each channel. */
const MOST = 4;
