import type { Rule } from '../trace/site.ts';
import { cumSum, topK } from './along-axis.ts';
import { concat } from './concat.ts';
import { conv, convTranspose } from './convolution.ts';
import { depthToSpace, spaceToDepth } from './depth-to-space.ts';
import { einsum } from './einsum.ts';
import { elementwise, unary } from './elementwise.ts';
import { constantOfShape, expand } from './expand.ts';
import { gather } from './gather.ts';
import { gemm } from './gemm.ts';
import { matmul } from './matmul.ts';
import {
  batchNormalization,
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  lpNormalization,
  meanVarianceNormalization,
  mixesChannels,
} from './normalisation.ts';
import { pad } from './pad.ts';
import { maxUnpool, pooling } from './pooling.ts';
import { quantisation } from './quantisation.ts';
import { argReduce, reduce, reduceOfKept, reduceOfZero } from './reduce.ts';
import { recurrent } from './recurrent.ts';
import { reshape, reshapeByRule } from './reshape.ts';
import { resize } from './resize.ts';
import { gridSample, regions } from './sampling.ts';
import { slice } from './slice.ts';
import { softmax } from './softmax.ts';
import { split } from './split.ts';
import { tile } from './tile.ts';
import { transpose } from './transpose.ts';
import { wholeNumbers } from './whole-numbers.ts';

const same = (rule: Rule, ...operators: string[]) => Object.fromEntries(operators.map((name) => [name, rule]));

/** One rule per operator of the default domain. An operator that is not here freezes what it touches. */
export const RULES: Readonly<Record<string, Rule | undefined>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  Gemm: gemm,
  MatMul: matmul,
  Einsum: einsum,
  ...same(recurrent, 'LSTM', 'GRU', 'RNN'),
  BatchNormalization: batchNormalization,
  InstanceNormalization: instanceNormalization,
  LayerNormalization: layerNormalization,
  GroupNormalization: groupNormalization,
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,
  LRN: mixesChannels,
  ...same(unary, 'Relu', 'LeakyRelu', 'Elu', 'Selu', 'Celu', 'Sigmoid', 'HardSigmoid', 'HardSwish', 'Swish', 'Tanh'),
  ...same(unary, 'Softplus', 'Softsign', 'Gelu', 'Erf', 'Mish', 'ThresholdedRelu', 'Shrink', 'Clip', 'Identity'),
  ...same(unary, 'Abs', 'Neg', 'Exp', 'Log', 'Sqrt', 'Reciprocal', 'Floor', 'Ceil', 'Round', 'Sign', 'Cast', 'Not'),
  ...same(unary, 'Sin', 'Cos', 'Tan', 'Sinh', 'Cosh', 'Asin', 'Acos', 'Atan', 'Asinh', 'Acosh', 'Atanh'),
  ...same(unary, 'IsNaN', 'IsInf'),
  ...same(unary, 'Dropout'),
  ...same(elementwise, 'Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Sum', 'Mean', 'Pow', 'Mod', 'PRelu', 'Where'),
  ...same(elementwise, 'Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'And', 'Or', 'Xor'),
  ...same(pooling, 'MaxPool', 'AveragePool', 'LpPool', 'GlobalAveragePool', 'GlobalMaxPool', 'GlobalLpPool'),
  MaxUnpool: maxUnpool,
  ...same(quantisation, 'QuantizeLinear', 'DequantizeLinear'),
  QLinearConv: wholeNumbers(3, 0),
  ConvInteger: wholeNumbers(1, 0),
  QLinearMatMul: wholeNumbers(3, -1),
  MatMulInteger: wholeNumbers(1, -1),
  Concat: concat,
  Split: split,
  Slice: slice,
  Reshape: reshape,
  ...same(reshapeByRule, 'Flatten', 'Squeeze', 'Unsqueeze'),
  Transpose: transpose,
  Gather: gather,
  ...same(reduceOfKept, 'ReduceMean', 'ReduceMax', 'ReduceMin'),
  ...same(reduce, 'ReduceProd', 'ReduceLogSumExp'),
  ...same(reduceOfZero, 'ReduceSum', 'ReduceL1', 'ReduceL2', 'ReduceLogSum', 'ReduceSumSquare'),
  ...same(argReduce, 'ArgMax', 'ArgMin'),
  Pad: pad,
  ...same(softmax, 'Softmax', 'LogSoftmax', 'Hardmax'),
  ...same(resize, 'Resize', 'Upsample'),
  Expand: expand,
  ConstantOfShape: constantOfShape,
  Tile: tile,
  CumSum: cumSum,
  TopK: topK,
  GridSample: gridSample,
  ...same(regions, 'RoiAlign', 'MaxRoiPool'),
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
};
