import type { Graph } from '@kneepoint/onnx';
import { isDefaultDomain } from '@kneepoint/onnx';

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
  ...['LRN', 'Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Sum', 'Mean', 'Concat', 'Split', 'Pad', 'Resize', 'Upsample'],
]);

/** Whether a value certainly is N × C × positions, told from the operators that lead to it; false means not known. */
export function hasSpatialAxes(graph: Graph, value: string): boolean {
  const seen = new Set<string>();
  for (let at: string | undefined = value; at !== undefined && !seen.has(at);) {
    seen.add(at);
    const node = graph.producer(at);
    if (!node || !isDefaultDomain(node.domain)) return false;
    if (SPATIAL.has(node.opType)) return true;
    if (!SAME_RANK.has(node.opType)) return false;
    at = node.input.find(
      (input) => input !== '' && graph.producer(input) && graph.producer(input)?.opType !== 'Constant',
    );
  }
  return false;
}
