import {
  DataType,
  floatAttr,
  type Graph,
  intAttr,
  isDefaultDomain,
  type NodeProto,
  readTensor,
  type Tensor,
} from '@kneepoint/onnx';

/** A layer whose weights can be stored as whole numbers. */
export interface QuantisableLayer {
  readonly name: string;
  readonly node: NodeProto;
  readonly weight: string;
  /** Axis of the weight along which each position has a scale of its own: that of the filters. */
  readonly axis: number;
  /** Absent where the layer has none. */
  readonly bias?: string;
}

export interface LayersFound {
  readonly layers: readonly QuantisableLayer[];
  /** Layers that stay float, and why. */
  readonly left: readonly { readonly layer: string; readonly reason: string }[];
}

const CONTRACTIONS: ReadonlySet<string> = new Set(['Conv', 'Gemm', 'MatMul', 'ConvTranspose']);

/** The convolutions and dense layers of a network, in graph order. */
export function quantisableLayers(graph: Graph): LayersFound {
  const layers: QuantisableLayer[] = [];
  const left: { layer: string; reason: string }[] = [];
  for (const node of graph.topological()) {
    if (!CONTRACTIONS.has(node.opType) || !isDefaultDomain(node.domain)) continue;
    const name = graph.nodeName(node);
    const reason = obstacle(graph, node);
    if (reason === undefined) layers.push(layerOf(node, name));
    else left.push({ layer: name, reason });
  }
  return { layers, left };
}

function obstacle(graph: Graph, node: NodeProto): string | undefined {
  const { opType, input } = node;
  if (opType === 'ConvTranspose') return 'runtimes have no transposed convolution of whole numbers';
  if (graph.stored(input[0]!)) return 'what it reads is stored';
  const weight = stored(graph, input[1]);
  if (!weight) return 'its weights are not stored as float32';
  if (opType === 'MatMul' && weight.dims.length !== 2) return 'its weights are no matrix';
  if (opType === 'Gemm' && !isPlain(node)) return 'it scales or turns its operands';
  if (!input[2]) return undefined;
  const bias = stored(graph, input[2]);
  const { axis } = layerOf(node, '');
  return bias?.dims.length === 1 && bias.dims[0] === weight.dims[axis]
    ? undefined
    : 'its bias is no list with a number for each filter';
}

function layerOf(node: NodeProto, name: string): QuantisableLayer {
  const axis = node.opType === 'Conv' || (node.opType === 'Gemm' && intAttr(node, 'transB', 0) === 1) ? 0 : 1;
  const bias = node.input[2];
  return { name, node, weight: node.input[1]!, axis, ...(bias ? { bias } : {}) };
}

function isPlain(node: NodeProto): boolean {
  return intAttr(node, 'transA', 0) === 0 && floatAttr(node, 'alpha', 1) === 1 && floatAttr(node, 'beta', 1) === 1;
}

function stored(graph: Graph, name: string | undefined): Tensor | undefined {
  const tensor = name === undefined || name === '' ? undefined : graph.stored(name);
  return tensor?.dataType === DataType.FLOAT ? readTensor(tensor) : undefined;
}
