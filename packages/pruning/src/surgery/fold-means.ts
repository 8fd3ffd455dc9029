import { create } from '@bufbuild/protobuf';
import { Failure } from '@kneepoint/failures';
import type { ModelProto, NodeProto, Tensor, DataType } from '@kneepoint/onnx';
import {
  cloneModel,
  constantProto,
  floatAttr,
  floatConstant,
  Graph,
  intAttr,
  intsAttr,
  NodeProtoSchema,
  readTensor,
  setAttr,
  volume,
} from '@kneepoint/onnx';
import type { Plan } from '../plan/plan.ts';
import type { Consumption } from '../trace/edits.ts';
import type { Shapes, Trace } from '../trace/trace.ts';
import type { Removed } from './cut-model.ts';
import { resolvePlan } from './resolve-plan.ts';

/** A contraction that loses input channels. */
export interface ConsumerInput {
  /** Node name. */
  readonly node: string;
  readonly op: string;
  /** Name of the value consumed, in the original model. */
  readonly value: string;
  /** The axis of that value along which channels lie. */
  readonly axis: number;
  /** Positions removed along it, ascending. */
  readonly channels: readonly number[];
}

/** The contractions that lose input channels, in graph order. Throws as `prune` does. */
export function consumerInputs(model: ModelProto, shapes: Shapes, plan: Plan): ConsumerInput[] {
  const { trace, removed } = resolvePlan(model, shapes, plan);
  return trace.consumptions.flatMap((consumption) => {
    const channels = lost(consumption, removed);
    if (channels.length === 0) return [];
    const { node, value, axis } = consumption;
    return [{ node: node.name, op: node.opType, value, axis, channels }];
  });
}

/**
 * The pruned model with the mean response of what was removed moved into its consumers' biases:
 * b_o += Σ over removed c of (Σ over the kernel of W[o, c]) · mean_c (a constant input seen through the whole kernel; at padded borders
 * it is an approximation). `means` holds, per consumed value, the mean of each position along its channel axis over images and space,
 * in the original model. Conv (any grouping), ConvTranspose, Gemm and MatMul; a value without means is left alone.
 * Throws FOLD_BAD_MEANS for a wrong length or a number that is not finite, and as `prune` does.
 */
export function foldMeans(
  pruned: ModelProto,
  original: ModelProto,
  shapes: Shapes,
  plan: Plan,
  means: ReadonlyMap<string, Float64Array>,
): ModelProto {
  const { trace, removed } = resolvePlan(original, shapes, plan);
  const result = cloneModel(pruned);
  for (const consumption of trace.consumptions) {
    const channels = lost(consumption, removed);
    const mean = means.get(consumption.value);
    if (channels.length === 0 || !mean) continue;
    checkMeans(mean, consumption);
    const shift = outputShift(trace, consumption, channels, mean);
    const filters = trace.layers.find((layer) => layer.node === consumption.node)?.labels;
    if (!shift || !filters) continue;
    addBias(
      result,
      consumption.node.name,
      shift.filter((_, filter) => !removed(filters[filter]!)),
    );
  }
  return result;
}

function lost({ labels }: Consumption, removed: Removed): number[] {
  return [...labels.keys()].filter((position) => removed(labels[position]!));
}

function checkMeans(mean: Float64Array, { value, labels }: Consumption): void {
  const bad = mean.findIndex((number) => !Number.isFinite(number));
  if (mean.length === labels.length && bad < 0) return;
  const problem =
    bad < 0 ? `${mean.length} means were given for ${labels.length} channels` : `mean ${bad} is ${mean[bad]}`;
  throw new Failure('FOLD_BAD_MEANS', problem, {
    where: `value ${value}`,
    fix: 'give one finite mean per channel of the original model',
  });
}

/** What the removed channels, at their means, added to each filter of the original node. */
function outputShift(
  trace: Trace,
  { node, input }: Consumption,
  channels: readonly number[],
  mean: Float64Array,
): Float64Array | undefined {
  const proto = constantProto(trace.graph, node.input[1 - input] ?? '');
  if (!proto) return undefined;
  const weight = readTensor(proto);
  switch (node.opType) {
    case 'Conv':
    case 'ConvTranspose':
      return convolutionShift(node, weight, channels, mean);
    case 'Gemm':
      return matrixShift(weight, intAttr(node, 'transB', 0) === 1, floatAttr(node, 'alpha', 1), channels, mean);
    case 'MatMul':
      // A stack of matrices shifts each place differently.
      if (weight.dims.length !== 2) return undefined;
      return matrixShift(weight, input === 1, 1, channels, mean);
    default:
      return undefined;
  }
}

function convolutionShift(
  node: NodeProto,
  { dims, data }: Tensor,
  channels: readonly number[],
  mean: Float64Array,
): Float64Array {
  const groups = intAttr(node, 'group', 1);
  const transposed = node.opType === 'ConvTranspose';
  const kernel = volume(dims.slice(2));
  const inputs = mean.length / groups;
  const outputs = transposed ? dims[1]! : dims[0]! / groups;
  // A transposed convolution spreads each kernel over stride × stride places.
  const spread = transposed ? volume(intsAttr(node, 'strides', [])) : 1;
  const shift = new Float64Array(outputs * groups);
  for (const channel of channels) {
    const group = Math.floor(channel / inputs);
    for (let o = 0; o < outputs; o++) {
      const filter = group * outputs + o;
      const start = (transposed ? channel * outputs + o : filter * inputs + (channel % inputs)) * kernel;
      let sum = 0;
      for (let k = 0; k < kernel; k++) sum += Number(data[start + k]);
      shift[filter]! += (sum / spread) * mean[channel]!;
    }
  }
  return shift;
}

function matrixShift(
  { dims, data }: Tensor,
  filtersAreRows: boolean,
  scale: number,
  channels: readonly number[],
  mean: Float64Array,
): Float64Array {
  const [rows, columns] = [dims[0]!, dims[1]!];
  const shift = new Float64Array(filtersAreRows ? rows : columns);
  for (const channel of channels) {
    for (let o = 0; o < shift.length; o++) {
      const at = filtersAreRows ? o * columns + channel : channel * columns + o;
      shift[o]! += scale * Number(data[at]) * mean[channel]!;
    }
  }
  return shift;
}

/** Adds to the bias of a node of the model, which may not have one yet. Biases that other nodes share are copied. */
function addBias(model: ModelProto, name: string, shift: Float64Array): void {
  const graph = new Graph(model);
  const node = graph.proto.node.find((candidate) => candidate.name === name)!;
  if (node.opType === 'MatMul') {
    addAfter(model, graph, node, shift);
    return;
  }
  const biasName = node.input[2] ?? '';
  const stored = biasName === '' ? undefined : constantProto(graph, biasName);
  const weight = constantProto(graph, node.input[1]!)!;
  const bias = stored ? readTensor(stored) : undefined;
  const beta = node.opType === 'Gemm' ? floatAttr(node, 'beta', 1) : 1;
  const keepsBias = bias !== undefined && beta !== 0;
  const [before, scale] = keepsBias ? [bias.data, beta] : [[0], 1];
  // A bias of one row per image cannot be told from here; broadcasting a row over it is what Gemm does anyway.
  const rows = keepsBias && bias.dims.length === 2 ? bias.dims[0]! : 1;
  const data = Float64Array.from({ length: rows * shift.length }, (_, i) => {
    const old = before.length === 1 ? before[0]! : before[before.length === rows ? Math.floor(i / shift.length) : i]!;
    return Number(old) + shift[i % shift.length]! / scale;
  });
  if (node.opType === 'Gemm' && beta === 0) setAttr(node, 'beta', { float: 1 });
  const dims = keepsBias && bias.dims.length === 2 ? [rows, shift.length] : [shift.length];
  node.input[2] = unique(graph, biasName === '' ? `${name}_bias` : biasName, biasName);
  const tensor = floatConstant(node.input[2], weight.dataType, dims, data);
  graph.proto.initializer = [...graph.proto.initializer.filter((other) => other.name !== tensor.name), tensor];
}

function addAfter(model: ModelProto, graph: Graph, node: NodeProto, shift: Float64Array): void {
  const output = node.output[0]!;
  const rowsAreFilters = constantProto(graph, node.input[0]!) !== undefined;
  const inner = unique(graph, `${output}_unshifted`, '');
  const bias = unique(graph, `${node.name}_mean`, '');
  const weight = constantProto(graph, node.input[rowsAreFilters ? 0 : 1]!)!;
  const dims = rowsAreFilters ? [shift.length, 1] : [shift.length];
  const type = weight.dataType as DataType;
  graph.proto.initializer.push(floatConstant(bias, type, dims, shift));
  node.output[0] = inner;
  const sum = create(NodeProtoSchema, { name: bias, opType: 'Add', input: [inner, bias], output: [output] });
  graph.proto.node.splice(graph.proto.node.indexOf(node) + 1, 0, sum);
  model.graph = graph.proto;
}

/** A name that nothing else uses; `own` may be taken over when only one node reads it. */
function unique(graph: Graph, stem: string, own: string): string {
  const free = (name: string) =>
    !graph.initializer(name) && !graph.producer(name) && !graph.isInput(name) && graph.consumers(name).length === 0;
  if (own !== '' && graph.initializer(own) && graph.consumers(own).length === 1) return own;
  let name = stem;
  for (let i = 2; !free(name); i++) name = `${stem}_${i}`;
  return name;
}
