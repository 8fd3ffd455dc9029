import { intAttr, intsAttr } from './attributes.ts';
import type { NodeProto } from './proto.ts';

/** What an operator costs on the shapes at hand. */
export interface OperatorCost {
  /** Multiply-accumulates with learned or computed factors. */
  readonly macs: number;
  /** Additions of a bias. */
  readonly biasFlops: number;
  /** Operations that are neither: activations, normalisation, pooling, arithmetic. */
  readonly elementwiseFlops: number;
}

/** Shapes of a node's inputs and first output, as far as they are known; missing optional inputs are undefined. */
export interface NodeShapes {
  readonly inputs: readonly (readonly number[] | undefined)[];
  readonly output: readonly number[];
}

export type CostRule = (node: NodeProto, shapes: NodeShapes) => OperatorCost | undefined;

const size = (dims: readonly number[]) => dims.reduce((product, dim) => product * dim, 1);
const elementwise = (elementwiseFlops: number): OperatorCost => ({ macs: 0, biasFlops: 0, elementwiseFlops });
const contraction = (macs: number, biasFlops: number): OperatorCost => ({ macs, biasFlops, elementwiseFlops: 0 });

/** One multiply-accumulate per output element and weight of its filter. */
const conv: CostRule = (_node, { inputs: [, weight, bias], output }) =>
  weight && contraction(size(output) * size(weight.slice(1)), bias ? size(output) : 0);

/** The same with scales and zero points between the operands. */
const qLinearConv: CostRule = (node, { inputs, output }) =>
  conv(node, { inputs: [inputs[0], inputs[3], inputs[8]], output });

/** Each input element meets every weight of its channel once. */
const convTranspose: CostRule = (_node, { inputs: [x, weight, bias], output }) =>
  x && weight && contraction(size(x) * size(weight.slice(1)), bias ? size(output) : 0);

const gemm: CostRule = (node, { inputs: [a, , bias], output }) => {
  const inner = a?.[intAttr(node, 'transA', 0) ? 0 : 1];
  return inner === undefined ? undefined : contraction(size(output) * inner, bias ? size(output) : 0);
};

const matMul: CostRule = (_node, { inputs: [a], output }) => a && contraction(size(output) * (a.at(-1) ?? 1), 0);

const perOutput =
  (flops: number): CostRule =>
  (_node, { output }) =>
    elementwise(flops * size(output));

const pool: CostRule = (node, { output }) => elementwise(size(output) * size(intsAttr(node, 'kernel_shape')));

const perInput: CostRule = (_node, { inputs: [x] }) => x && elementwise(size(x));

const table = (names: string, rule: CostRule): [string, CostRule][] => names.split(' ').map((name) => [name, rule]);

/**
 * The rule of every operator that can be counted. Conventions: a contraction counts multiply-accumulates; an elementwise operator
 * one operation per output element (normalisation two: scale and shift; softmax three: exp, sum, divide); pooling one per
 * element of the window; moving data is free. What is not here costs 0 and is listed by the report.
 */
export const OPERATOR_COSTS: ReadonlyMap<string, CostRule> = new Map([
  ...table('Conv', conv),
  ...table('ConvInteger', (node, { inputs, output }) => conv(node, { inputs: inputs.slice(0, 2), output })),
  ...table('QLinearConv', qLinearConv),
  ...table('ConvTranspose', convTranspose),
  ...table('Gemm', gemm),
  ...table('MatMul QLinearMatMul MatMulInteger', matMul),
  ...table('MaxPool AveragePool LpPool', pool),
  ...table(
    'GlobalAveragePool GlobalMaxPool ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2',
    perInput,
  ),
  ...table('ArgMax ArgMin', perInput),
  ...table('BatchNormalization InstanceNormalization GroupNormalization LayerNormalization', perOutput(2)),
  ...table('Softmax LogSoftmax', perOutput(3)),
  ...table('Relu LeakyRelu PRelu Elu Selu Celu ThresholdedRelu Clip HardSigmoid HardSwish', perOutput(1)),
  ...table(
    'Sigmoid Tanh Softplus Softsign Gelu Erf Mish Exp Log Sqrt Reciprocal Abs Neg Floor Ceil Round Sign',
    perOutput(1),
  ),
  ...table('Sin Cos Not And Or Xor Equal Greater Less GreaterOrEqual LessOrEqual Where', perOutput(1)),
  ...table('Resize Upsample', perOutput(1)),
  ...table('Add Sub Mul Div Pow Mod Max Min Sum Mean', perOutput(1)),
  ...table('Identity Dropout Cast Constant ConstantOfShape Shape Size Range', perOutput(0)),
  ...table('Reshape Flatten Squeeze Unsqueeze Transpose Concat Split Slice Gather Expand Tile Pad', perOutput(0)),
  ...table('DepthToSpace SpaceToDepth', perOutput(0)),
]);

/** Operators whose cost is too large to leave out when a shape is missing. */
export const CONTRACTIONS: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);
