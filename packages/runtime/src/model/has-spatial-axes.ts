import type { Graph, NodeProto } from '@kneepoint/onnx';
import { initializerBehind, isDefaultDomain } from '@kneepoint/onnx';

/** Operators whose first output always is N × C × positions. */
const SPATIAL: ReadonlySet<string> = new Set([
  'Conv',
  'ConvTranspose',
  'MaxPool',
  'AveragePool',
  'GlobalAveragePool',
  'GlobalMaxPool',
  'DepthToSpace',
  'SpaceToDepth',
]);

/** Operators whose outputs have the rank of their first input that is not a constant. */
const SAME_RANK: ReadonlySet<string> = new Set([
  ...[
    'Relu',
    'LeakyRelu',
    'PRelu',
    'Elu',
    'Selu',
    'Celu',
    'Sigmoid',
    'HardSigmoid',
    'HardSwish',
    'Tanh',
    'Softplus',
    'Softsign',
  ],
  ...[
    'Mish',
    'Gelu',
    'Clip',
    'Abs',
    'Neg',
    'Exp',
    'Sqrt',
    'Identity',
    'Dropout',
    'Cast',
    'BatchNormalization',
    'InstanceNormalization',
  ],
  ...[
    'LRN',
    'Erf',
    'Add',
    'Sub',
    'Mul',
    'Div',
    'Max',
    'Min',
    'Sum',
    'Mean',
    'Concat',
    'Split',
    'Pad',
    'Resize',
    'Upsample',
  ],
]);

/** Whether a value certainly is N × C × positions, told from the operators that lead to it; false means not known. */
export function hasSpatialAxes(graph: Graph, value: string): boolean {
  const maker = makerOf(graph, value);
  return maker !== undefined && SPATIAL.has(maker.opType);
}

/** Whether a value comes from a matrix of weights at its right, so that its channels lie on its last axis, however many it has. */
export function hasChannelsLast(graph: Graph, value: string): boolean {
  const maker = makerOf(graph, value);
  return maker?.opType === 'MatMul' && initializerBehind(graph, maker.input[1] ?? '') !== undefined;
}

/** The node that gave a value its axes: operators that keep the rank of their input are passed. */
function makerOf(graph: Graph, value: string): NodeProto | undefined {
  const seen = new Set<string>();
  for (let at: string | undefined = value; at !== undefined && !seen.has(at);) {
    seen.add(at);
    const node = graph.producer(at);
    if (!node || !isDefaultDomain(node.domain)) return undefined;
    if (!SAME_RANK.has(node.opType)) return node;
    at = node.input.find(
      (input) => input !== '' && graph.producer(input) && graph.producer(input)?.opType !== 'Constant',
    );
  }
  return undefined;
}
