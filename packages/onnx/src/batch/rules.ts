import type { BatchRule } from './axis.ts';
import * as compute from './compute-rules.ts';
import * as move from './movement-rules.ts';

const entries = (names: string, rule: BatchRule): [string, BatchRule][] => names.split(' ').map((name) => [name, rule]);

/** The rule of every operator through which the batch is followed. An operator without one keeps the batch fixed. */
export const BATCH_RULES: ReadonlyMap<string, BatchRule> = new Map([
  ...entries('Conv ConvTranspose MaxPool AveragePool LpPool GlobalAveragePool GlobalMaxPool', compute.spatial),
  ...entries(
    'BatchNormalization InstanceNormalization GroupNormalization LRN DepthToSpace SpaceToDepth',
    compute.spatial,
  ),
  ...entries('Add Sub Mul Div Pow Mod Max Min Sum Mean PRelu Where And Or Xor', compute.elementwise),
  ...entries('Equal Greater Less GreaterOrEqual LessOrEqual', compute.elementwise),
  ...entries(
    'Relu LeakyRelu Elu Selu Celu ThresholdedRelu Clip HardSigmoid HardSwish Sigmoid Tanh',
    compute.elementwise,
  ),
  ...entries('Softplus Softsign Gelu Erf Mish Exp Log Sqrt Reciprocal Abs Neg Floor Ceil Round', compute.elementwise),
  ...entries('Sign Sin Cos Not Identity Dropout Cast', compute.elementwise),
  ...entries('MatMul', compute.matMul),
  ...entries('Gemm', compute.gemm),
  ...entries('Softmax LogSoftmax Hardmax', compute.softmax),
  ...entries('LayerNormalization', compute.trailing(-1)),
  ...entries('TopK', compute.along(-1)),
  ...entries('Split', compute.along(0)),
  ...entries('Concat', compute.concat),
  ...entries('ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2', compute.reduce),
  ...entries('ArgMax ArgMin', compute.argExtreme),
  ...entries('Resize Upsample', compute.resize),
  ...entries('Flatten', move.flatten),
  ...entries('Transpose', move.transpose),
  ...entries('Gather', move.gather),
  ...entries('Slice', move.slice),
  ...entries('Squeeze', move.squeeze),
  ...entries('Unsqueeze', move.unsqueeze),
  ...entries('Reshape', move.reshape),
  ...entries('Expand', move.expand),
  ...entries('Pad', move.pad),
]);
