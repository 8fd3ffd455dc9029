import type { Folded, NodeProto } from '@kneepoint/onnx';
import { axesOf, intAttr, intsAttr, normalAxis } from '@kneepoint/onnx';

/** What is known of a node that reads a value. */
export interface Reader {
  readonly node: NodeProto;
  readonly opset: number;
  /** Rank of the value read. */
  readonly rank: number;
  /** A small constant among the node's inputs. */
  readonly folded: (input: number) => Folded | undefined;
}

/** The opset from which Softmax works on one axis; before it, on everything from the axis on. */
export const SOFTMAX_ON_ONE_AXIS = 13;

const from = (start: number, rank: number) => Array.from({ length: Math.max(0, rank - start) }, (_, i) => start + i);
const space = ({ rank }: Reader) => from(2, rank);
const lastAxes = ({ node, rank }: Reader) => from(normalAxis(intAttr(node, 'axis', -1), rank), rank);
const oneAxis = ({ node, rank }: Reader) => [normalAxis(intAttr(node, 'axis', -1), rank)];
const firstAxis = ({ node, rank }: Reader) => [normalAxis(intAttr(node, 'axis', 0), rank)];
const reduced = ({ node, rank, folded }: Reader) => axesOf(node, folded(1), rank) ?? from(0, rank);
const softmax = (reader: Reader) => {
  if (reader.opset >= SOFTMAX_ON_ONE_AXIS) return oneAxis(reader);
  return from(normalAxis(intAttr(reader.node, 'axis', 1), reader.rank), reader.rank);
};

const same = (axes: (reader: Reader) => number[], operators: string) =>
  Object.fromEntries(operators.split(' ').map((name) => [name, axes]));

/** The axes along which an operator works on all positions at once, so that none of them could go. */
const MIXED: Readonly<Record<string, ((reader: Reader) => number[]) | undefined>> = {
  ...same(space, 'Conv ConvTranspose BatchNormalization InstanceNormalization GroupNormalization GridSample'),
  ...same(space, 'MaxPool AveragePool LpPool GlobalAveragePool GlobalMaxPool GlobalLpPool'),
  ...same(softmax, 'Softmax LogSoftmax Hardmax'),
  ...same(reduced, 'ReduceMean ReduceMax ReduceMin ReduceProd ReduceLogSumExp ReduceSum ReduceL1 ReduceL2'),
  ...same(reduced, 'ReduceLogSum ReduceSumSquare'),
  ...same(oneAxis, 'TopK LpNormalization'),
  ...same(firstAxis, 'ArgMax ArgMin'),
  LayerNormalization: lastAxes,
};

/** Operators that keep every axis where it is. */
const KEEPS: ReadonlySet<string> = new Set(
  'Identity Cast Relu LeakyRelu Sigmoid Tanh Exp Sqrt Softplus Abs Neg'.split(' '),
);

/** The axes of a value that a reader mixes, and where it passes them on, the axis of its result that each becomes. */
export function readAxes(reader: Reader): { readonly mixed: readonly number[]; readonly passes?: readonly number[] } {
  const { node, rank } = reader;
  if (KEEPS.has(node.opType)) return { mixed: [], passes: from(0, rank) };
  if (node.opType === 'Transpose') {
    const perm = intsAttr(node, 'perm', from(0, rank).reverse());
    return { mixed: [], passes: from(0, rank).map((axis) => perm.indexOf(axis)) };
  }
  return { mixed: MIXED[node.opType]?.(reader) ?? [] };
}
