import { create } from '@bufbuild/protobuf';
import { cloneModel, floatTensor, Graph, type ModelProto, NodeProtoSchema, writeTensor } from '@kneepoint/onnx';
import { type Head, readHead, writeHead } from './head.ts';

/** Centre and spread of each feature that a head reads. */
export interface FeatureScale {
  readonly mean: Float64Array;
  /** What one unit is; never 0. */
  readonly deviation: Float64Array;
}

type Linear = Pick<Head, 'weights' | 'bias'>;

const CENTRE = 'kneepoint_centre';
const SPREAD = 'kneepoint_spread';

/** Settings of the training, not weights: what trains must leave out. */
export const STANDARDISATION: readonly string[] = [CENTRE, SPREAD];

/** Mean and standard deviation over rows of a matrix rows × width. A feature that does not vary has deviation 1. */
export function featureScale(features: Float32Array, width: number): FeatureScale {
  const { mean, variance } = momentsOf(features, width);
  const deviation = variance.map((square, k) =>
    // A spread under a millionth of the mean only shows the rounding of float32.
    Math.sqrt(square) > 1e-6 * Math.abs(mean[k]!) ? Math.sqrt(square) : 1,
  );
  return { mean, deviation };
}

/**
 * Mean and root mean square. The layers below change a feature in proportion to its size, not to its spread: where a network hardly
 * tells images apart, features in units of their spread would leap at the first step.
 */
export function featureSize(features: Float32Array, width: number): FeatureScale {
  const { mean, variance } = momentsOf(features, width);
  const deviation = variance.map((square, k) => Math.sqrt(square + mean[k]! ** 2));
  return { mean, deviation: deviation.map((size) => (size > 0 ? size : 1)) };
}

function momentsOf(features: Float32Array, width: number): { mean: Float64Array; variance: Float64Array } {
  const rows = features.length / width;
  const mean = new Float64Array(width);
  const variance = new Float64Array(width);
  features.forEach((value, i) => (mean[i % width]! += value / rows));
  features.forEach((value, i) => (variance[i % width]! += (value - mean[i % width]!) ** 2 / rows));
  return { mean, variance };
}

/** The head on (feature − mean) / deviation that answers as the given one does on features as they come. */
export function toStandardised({ weights, bias }: Linear, { mean, deviation }: FeatureScale): Linear {
  const width = mean.length;
  return {
    weights: weights.map((value, i) => value * deviation[i % width]!),
    bias: bias.map((value, target) => value + dot(weights, target, mean)),
  };
}

/**
 * The head on features as they come that answers as the given one does on standardised ones. Its weights are those that float32 holds, so
 * that the bias is for these: where features are far from 0 beside their spread, their rounding would move all answers alike.
 */
export function fromStandardised({ weights, bias }: Linear, { mean, deviation }: FeatureScale): Linear {
  const width = mean.length;
  const own = weights.map((value, i) => Math.fround(value / deviation[i % width]!));
  return { weights: own, bias: bias.map((value, target) => value - dot(own, target, mean)) };
}

/**
 * The same network with its head on standardised features: pooled responses may be of any size, and a step of one length for all
 * weights would hardly move some and throw others about.
 */
export function standardise(model: ModelProto, scale: FeatureScale): ModelProto {
  const { node: name, input, ...head } = readHead(model);
  const copy = writeHead(model, toStandardised(head, scale));
  const graph = new Graph(copy);
  const nodes = copy.graph!.node;
  const gemm = nodes.find((node) => graph.nodeName(node) === name)!;
  const [centred, scaled] = [`${CENTRE}d`, `${SPREAD}ed`];
  nodes.splice(
    nodes.indexOf(gemm),
    0,
    create(NodeProtoSchema, { name: centred, opType: 'Sub', input: [input, CENTRE], output: [centred] }),
    create(NodeProtoSchema, { name: scaled, opType: 'Div', input: [centred, SPREAD], output: [scaled] }),
  );
  gemm.input[0] = scaled;
  const width = scale.mean.length;
  copy.graph!.initializer.push(
    writeTensor(CENTRE, floatTensor([1, width], Float32Array.from(scale.mean))),
    writeTensor(SPREAD, floatTensor([1, width], Float32Array.from(scale.deviation))),
  );
  return copy;
}

/** Undoes `standardise`. */
export function unstandardise(model: ModelProto, scale: FeatureScale): ModelProto {
  const copy = cloneModel(model);
  const { node: name, input, ...head } = readHead(copy);
  const graph = new Graph(copy);
  const scaled = graph.producer(input)!;
  const centred = graph.producer(scaled.input[0]!)!;
  const gemm = copy.graph!.node.find((node) => graph.nodeName(node) === name)!;
  gemm.input[0] = centred.input[0]!;
  copy.graph!.node = copy.graph!.node.filter((node) => node !== scaled && node !== centred);
  copy.graph!.initializer = copy.graph!.initializer.filter((tensor) => !STANDARDISATION.includes(tensor.name));
  return writeHead(copy, fromStandardised(head, scale));
}

function dot(weights: Float64Array, target: number, values: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += weights[target * values.length + k]! * values[k]!;
  return sum;
}
