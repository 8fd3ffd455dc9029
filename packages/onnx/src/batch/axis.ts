import { Failure } from '@kneepoint/failures';
import { hasAttr, intsAttr } from '../attributes.ts';
import type { Graph } from '../graph.ts';
import type { NodeProto } from '../proto.ts';
import { tensorDims, tensorNumbers } from '../tensor.ts';

/** An entry of a shape that is computed in the graph: a number, the batch of the moment, or a length that is not followed. */
export type ShapeEntry = number | 'batch' | undefined;

/** What is known of a value that depends on the image. Values without an entry do not: they are constants or shape arithmetic. */
export interface BatchAxis {
  /** The axis along which images are stacked. */
  readonly axis: number;
  /** Number of dimensions. */
  readonly rank: number;
  /** Whether other dimensions may be folded into that axis, so that its length is some multiple of the batch. */
  readonly merged: boolean;
}

/** What a rule sees of its node. */
export interface BatchContext {
  readonly graph: Graph;
  readonly node: NodeProto;
  /** The batch size fixed in the file. */
  readonly batch: number;
  /** The batch axis of each input; undefined for those that do not depend on the image. */
  readonly inputs: readonly (BatchAxis | undefined)[];
  /** The entries of an operand that is a shape, constant or computed; undefined where they are not known. */
  shapeOperand(input: number): readonly ShapeEntry[] | undefined;
  /** Asks for a constant operand to be replaced; with `live`, its first entry is read from that value's own batch at run time. */
  replaceOperand(input: number, values: readonly number[], live?: string): void;
}

/** The batch axis of the outputs, or (a string) what the node does that keeps the batch fixed. */
export type BatchRule = (context: BatchContext) => BatchAxis | string;

export const DIFFERENT_AXES = 'its inputs have the batch on different axes';

/** The batch axis of the first input that depends on the image. */
export function imageAxis({ inputs }: BatchContext): BatchAxis {
  const found = inputs.find((input) => input !== undefined);
  if (!found) throw new Failure('INTERNAL', 'a batch rule was asked about a node that does not see the image');
  return found;
}

/** Dimensions of a constant, without reading its values. */
export function constantDims(graph: Graph, name: string): readonly number[] | undefined {
  const stored = graph.stored(name);
  return stored ? tensorDims(stored) : graph.constant(name)?.dims;
}

/** A list of integers that newer opsets pass as an input and older ones as an attribute; undefined where it is not constant. */
export function integers(
  { graph, node }: BatchContext,
  input: number,
  attribute: string,
): readonly number[] | undefined {
  const name = node.input[input];
  if (name) {
    const tensor = graph.constant(name);
    return tensor && tensorNumbers(tensor);
  }
  return hasAttr(node, attribute) ? intsAttr(node, attribute) : undefined;
}

/** An axis counted from the front. */
export function absolute(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** The batch axis after other axes were dropped. */
export function withoutAxes(input: BatchAxis, axes: readonly number[]): BatchAxis {
  const before = axes.filter((axis) => axis < input.axis).length;
  return { ...input, rank: input.rank - axes.length, axis: input.axis - before };
}
