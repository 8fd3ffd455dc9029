import type { Graph } from './graph.ts';
import type { NodeProto } from './proto.ts';

/** What a stored tensor is to the operator that reads it. */
export type WeightRole = 'parameter' | 'statistic';

/** Positions of learned weights per operator. A running mean or variance is stored but not learned. */
const ROLES: Readonly<Record<string, Readonly<Record<number, WeightRole>>>> = {
  Conv: { 1: 'parameter', 2: 'parameter' },
  ConvTranspose: { 1: 'parameter', 2: 'parameter' },
  Gemm: { 0: 'parameter', 1: 'parameter', 2: 'parameter' },
  MatMul: { 0: 'parameter', 1: 'parameter' },
  QLinearConv: { 3: 'parameter', 8: 'parameter' },
  ConvInteger: { 1: 'parameter' },
  QLinearMatMul: { 3: 'parameter' },
  MatMulInteger: { 1: 'parameter' },
  Gather: { 0: 'parameter' },
  BatchNormalization: { 1: 'parameter', 2: 'parameter', 3: 'statistic', 4: 'statistic' },
  InstanceNormalization: { 1: 'parameter', 2: 'parameter' },
  GroupNormalization: { 1: 'parameter', 2: 'parameter' },
  LayerNormalization: { 1: 'parameter', 2: 'parameter' },
  PRelu: { 1: 'parameter' },
  RNN: { 1: 'parameter', 2: 'parameter', 3: 'parameter' },
  GRU: { 1: 'parameter', 2: 'parameter', 3: 'parameter' },
  LSTM: { 1: 'parameter', 2: 'parameter', 3: 'parameter', 7: 'parameter' },
};

/** Operators that compute in whole numbers: such a tensor is a weight to them, not a size or a position. */
export const WHOLE_NUMBERS: ReadonlySet<string> = new Set([
  'QLinearConv',
  'ConvInteger',
  'QLinearMatMul',
  'MatMulInteger',
]);

/** A bias or scale that the exporter left as arithmetic; a single number there is more often a constant of the formula. */
const ARITHMETIC: ReadonlySet<string> = new Set(['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Max', 'Min', 'Sum', 'Mean']);

/** What a float constant at this input of the node is; undefined where it is a setting such as a scale, a bound or a padding. */
export function weightRole(node: NodeProto, input: number, elements: number): WeightRole | undefined {
  if (ARITHMETIC.has(node.opType)) return elements > 1 ? 'parameter' : undefined;
  return ROLES[node.opType]?.[input];
}

/** Longest chain of movements between a weight and its use. */
const MAX_STEPS = 8;
const MOVES: ReadonlySet<string> = new Set(
  'Identity Transpose Reshape Squeeze Unsqueeze Flatten Cast Expand'.split(' '),
);

/** The initializer behind a value, seen through the movements that exporters leave between a weight and its use. */
export function initializerBehind(graph: Graph, value: string): string | undefined {
  for (let at = value, steps = 0; steps < MAX_STEPS; steps++) {
    if (graph.initializer(at)) return at;
    const node = graph.producer(at);
    if (!node || !MOVES.has(node.opType)) return undefined;
    at = node.input[0] ?? '';
  }
  return undefined;
}
