import type { NodeProto } from '@kneepoint/onnx';

/** One axis of a constant whose positions carry labels: positions with a removed label are cut out. */
export interface AxisCut {
  readonly kind: 'axis';
  readonly axis: number;
  readonly labels: Int32Array;
}

/**
 * A convolution's weight seen as [groups, major / groups, minor, …]: axis 0 carries `major`, axis 1 of group g carries
 * minor[g · size … ). Groups that lose every channel of either side are dropped; the others keep equally many.
 */
export interface GroupCut {
  readonly kind: 'groups';
  readonly groups: number;
  readonly major: Int32Array;
  readonly minor: Int32Array;
}

export type Cut = AxisCut | GroupCut;

/** A constant that shrinks where one node reads it. */
export interface NodeCut {
  readonly node: NodeProto;
  readonly input: number;
  readonly cut: Cut;
}

/**
 * An input that is summed or averaged along an axis. In a sum (a contraction's input) a removed channel counts as zero; a mean is over
 * those that stay. Which of the two, the trace's list says; masking writes it.
 */
export interface Consumption {
  readonly node: NodeProto;
  /** Position among the node's inputs. */
  readonly input: number;
  /** Name of the value consumed. */
  readonly value: string;
  readonly rank: number;
  readonly axis: number;
  /** One label per position along the axis. */
  readonly labels: Int32Array;
}

/** A node with filters of its own. */
export interface TracedLayer {
  readonly node: NodeProto;
  /** One label per filter. */
  readonly labels: Int32Array;
  readonly weight: FilterWeight;
}

/** Where the filters of a layer lie. */
export interface FilterWeight {
  /** Position of the weight among the node's inputs. */
  readonly input: number;
  /** The weight's axis along which filters lie; in groups, those of one group. */
  readonly axis: number;
}

/** What a rule may do to its node once it is known which channels go. */
export interface NodeEdit {
  /** The node of the copy; attributes may be set. */
  readonly node: NodeProto;
  /** Positions that stay, ascending. */
  readonly kept: (labels: Int32Array) => number[];
  /** Shape of a value at batch 1 after the cut. */
  dims(value: string): readonly number[];
  /** What the graph itself will compute for an integer input after the cut. */
  live(input: number): number[] | undefined;
  /** The integer input before the cut, at batch 1. */
  original(input: number): number[];
  /** Which entries of the integer input follow the batch size. */
  varies(input: number): boolean[];
  /** Replaces an integer input by a constant, unless the graph computes the same by itself. Of shape `dims`, a list by default. */
  setInts(input: number, values: readonly number[], dims?: readonly number[]): void;
  /** The same, but entries that follow the batch size go on doing so, whatever is given for them. */
  setSizes(input: number, values: readonly number[]): void;
}

export interface NodeRewrite {
  readonly node: NodeProto;
  readonly apply: (edit: NodeEdit) => void;
}
