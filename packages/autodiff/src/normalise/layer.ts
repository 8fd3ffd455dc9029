import { create } from '@bufbuild/protobuf';
import type { ModelProto, NodeProto, Tensor } from '@kneepoint/onnx';
import {
  DataType,
  floatAttr,
  floatTensor,
  Graph,
  intAttr,
  NodeProtoSchema,
  removeAttr,
  setAttr,
  writeTensor,
} from '@kneepoint/onnx';

/** Operators that a normalisation can be put behind and folded into: their outputs are filters along axis 1. */
const LAYERS: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);

export const isLayer = ({ opType }: NodeProto): boolean => LAYERS.has(opType);

/** Of a layer's weights with these dimensions: how many filters there are, and to which one each number belongs. */
export interface FilterLayout {
  readonly filters: number;
  /** The filter of the number at a row-major position. */
  readonly filterAt: (position: number) => number;
}

export function filterLayout(node: NodeProto, dims: readonly number[]): FilterLayout {
  const [first = 1, second = 1] = dims;
  const product = (sizes: readonly number[]): number => sizes.reduce((size, dim) => size * dim, 1);
  switch (node.opType) {
    case 'ConvTranspose': {
      // Inputs × filters of a group × kernel; the inputs of one group lie together.
      const inputsPerGroup = first / intAttr(node, 'group', 1);
      const kernel = product(dims.slice(2));
      return {
        filters: second * (first / inputsPerGroup),
        filterAt: (i) => {
          const input = Math.floor(i / (second * kernel));
          return Math.floor(input / inputsPerGroup) * second + (Math.floor(i / kernel) % second);
        },
      };
    }
    case 'MatMul':
    case 'Gemm':
      if (node.opType === 'MatMul' || intAttr(node, 'transB', 0) === 0)
        return { filters: second, filterAt: (i) => i % second };
      return { filters: first, filterAt: (i) => Math.floor(i / second) };
    default: {
      const size = product(dims.slice(1));
      return { filters: first, filterAt: (i) => Math.floor(i / size) };
    }
  }
}

/** Euclidean norm of each filter. */
export function filterNorms(node: NodeProto, { dims, data }: Tensor): Float64Array {
  const { filters, filterAt } = filterLayout(node, dims);
  const squares = new Float64Array(filters);
  (data as Float32Array).forEach((value, i) => (squares[filterAt(i)]! += value * value));
  return squares.map(Math.sqrt);
}

/** The weights with every filter multiplied by its own factor; computed in float64, stored in float32. */
export function scaledFilters(node: NodeProto, { dims, data }: Tensor, factors: Float64Array): Tensor {
  const { filterAt } = filterLayout(node, dims);
  return floatTensor(
    dims,
    Float32Array.from(data as Float32Array, (value, i) => value * factors[filterAt(i)]!),
  );
}

/**
 * Changes dense layers to the one form Gemm(x, weights, bias) without factors; a MatMul becomes the Gemm that it is. Other layers stay
 * as they are. Only for weights that nothing else reads.
 */
export function toPlainForm(model: ModelProto, node: NodeProto): void {
  if (node.opType === 'MatMul') {
    node.opType = 'Gemm';
    return;
  }
  if (node.opType !== 'Gemm') return;
  const graph = new Graph(model);
  const [alpha, beta] = [floatAttr(node, 'alpha', 1), floatAttr(node, 'beta', 1)];
  const [, weightName = '', biasName = ''] = node.input;
  if (alpha !== 1) {
    const { dims, data } = graph.constant(weightName)!;
    const scaled = Float32Array.from(data as Float32Array, (value) => alpha * value);
    setInitializer(model, weightName, floatTensor(dims, scaled));
    removeAttr(node, 'alpha');
  }
  const bias = biasName === '' ? undefined : graph.constant(biasName);
  if (bias && beta !== 1) {
    const scaled = Float32Array.from(bias.data as Float32Array, (value) => beta * value);
    node.input[2] = ownInitializer(model, biasName, floatTensor(bias.dims, scaled), node);
  }
  removeAttr(node, 'beta');
}

/** One number per filter; zeros without a bias. A single number stands for all. */
export function biasOf(graph: Graph, node: NodeProto, filters: number): Float64Array {
  const name = node.input[2] ?? '';
  const data = name === '' ? undefined : (graph.constant(name)!.data as Float32Array);
  return Float64Array.from({ length: filters }, (_, i) => (data === undefined ? 0 : data[data.length === 1 ? 0 : i]!));
}

/** Whether a value is a constant in single precision that can be read whole. */
export function isSingle(graph: Graph, name: string): boolean {
  const stored = graph.stored(name);
  return stored !== undefined && (stored.dataType as DataType) === DataType.FLOAT;
}

export function setInitializer(model: ModelProto, name: string, tensor: Tensor): void {
  const proto = model.graph!;
  const at = proto.initializer.findIndex((known) => known.name === name);
  if (at < 0) proto.initializer.push(writeTensor(name, tensor));
  else proto.initializer[at] = writeTensor(name, tensor);
  // Old exporters list initializers as inputs, with dimensions that may be others now.
  proto.input = proto.input.filter((input) => input.name !== name);
}

/** Stores a tensor in place of the one called `wanted` if no node but `reader` reads that, else under a name of its own; returns the name. */
export function ownInitializer(model: ModelProto, wanted: string, tensor: Tensor, reader?: NodeProto): string {
  const graph = new Graph(model);
  const alone = graph.consumers(wanted).every(({ node }) => node === reader) && !graph.isOutput(wanted);
  const name = graph.initializer(wanted) && alone ? wanted : freeName(graph, wanted);
  setInitializer(model, name, tensor);
  return name;
}

/** `wanted`, lengthened until nothing in the graph is called so. */
export function freeName(graph: Graph, wanted: string): string {
  let name = wanted;
  const taken = (candidate: string): boolean =>
    graph.isInput(candidate) ||
    graph.initializer(candidate) !== undefined ||
    graph.producer(candidate) !== undefined ||
    graph.consumers(candidate).length > 0;
  while (taken(name)) name += '_';
  return name;
}

/** Removes initializers of these names that nothing reads any more, also where an old exporter lists them as inputs. */
export function dropUnused(model: ModelProto, names: Iterable<string>): void {
  const graph = new Graph(model);
  const gone = new Set(
    [...names].filter((name) => graph.initializer(name) && graph.consumers(name).length === 0 && !graph.isOutput(name)),
  );
  const proto = model.graph!;
  proto.initializer = proto.initializer.filter(({ name }) => !gone.has(name));
  proto.input = proto.input.filter(({ name }) => !gone.has(name));
}

/** The first opset in which a Gemm needs no bias. */
const BIAS_OPTIONAL = 11;

/** What a layer without a bias reads beside its weights: nothing, or before opset 11, where a Gemm must have one, a zero in a node of its own. */
export function withoutBias(model: ModelProto, layer: NodeProto): string[] {
  const graph = new Graph(model);
  if (layer.opType !== 'Gemm' || graph.opset >= BIAS_OPTIONAL) return [];
  const name = freeName(graph, `${layer.name}/no-bias`);
  // Not an initializer: those of a layer's bias train.
  const node = create(NodeProtoSchema, { name, opType: 'Constant', output: [name] });
  setAttr(node, 'value', { tensor: writeTensor('', floatTensor([1], [0])) });
  model.graph!.node.splice(model.graph!.node.indexOf(layer), 0, node);
  return [name];
}

/** Takes away what `withoutBias` has put in place of a bias. */
export function dropPlaceholder(model: ModelProto, layer: NodeProto): void {
  const graph = new Graph(model);
  const [, , bias = ''] = layer.input;
  const producer = graph.producer(bias);
  if (producer?.opType !== 'Constant' || graph.consumers(bias).length !== 1) return;
  if (graph.constant(bias)!.data.some((value) => Number(value) !== 0)) return;
  model.graph!.node = model.graph!.node.filter((node) => node !== producer);
  layer.input = layer.input.slice(0, 2);
}
