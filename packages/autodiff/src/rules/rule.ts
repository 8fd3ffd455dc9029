import type { NodeProto, Tensor } from '@kneepoint/onnx';
import type { Emitter } from '../emit/emitter.ts';

/** A forward node as its rule sees it, placed in the step graph. */
export interface Site {
  readonly node: NodeProto;
  readonly name: string;
  readonly emit: Emitter;
  /** Names of the inputs in the step graph; '' where an optional input is absent. */
  readonly inputs: readonly string[];
  /** Names of the outputs in the step graph; '' where an optional output is absent. */
  readonly outputs: readonly string[];
  /** Whether the gradient of an input is needed. False for constants, frozen weights and whatever leads to none that trains. */
  wants(input: number): boolean;
  /** Whether batch normalisation and dropout are in training mode. */
  readonly training: boolean;
  /** The numbers of an input that follows from constants and shapes alone (axes, pads, slice ends, a fixed operand). */
  constant(input: number): Tensor | undefined;
  /** Values that `forward` set aside for `vjp`, such as pooling indices or batch statistics. */
  readonly saved: Map<string, string>;
  /** Says that an initializer of the model (by position of the input) has this value after the step: a running statistic. */
  update(input: number, value: string): void;
  /** An extra input of the step graph that the caller fills with uniform [0, 1) numbers of the step's own seed. */
  noise(dims: readonly number[]): string;
}

/**
 * How one operator is placed and differentiated. Rules are written for opset 18, with shapes known and batch fixed, and emit through
 * the site's emitter only.
 */
export interface OperatorRule {
  /** Positions of inputs that are running statistics in training mode: `forward` calls `update` for each. */
  readonly state?: readonly number[];
  /** Emits the node where the plain copy would not do (an extra output is needed, or training mode differs). Returns its outputs. */
  forward?(this: void, site: Site): readonly string[];
  /**
   * The vector-Jacobian product: cotangents of the outputs in (undefined: that output has none), cotangents of the inputs out, each
   * of its input's shape. Entries for which `wants` is false are ignored. Never called when all cotangents are undefined.
   */
  vjp(this: void, site: Site, cotangents: readonly (string | undefined)[]): readonly (string | undefined)[];
}

/** A family of operators: the registry is the union of families. */
export type RuleSet = Readonly<Record<string, OperatorRule>>;

/** A rule for an operator without extras. */
export function vjp(rule: OperatorRule['vjp']): OperatorRule {
  return { vjp: rule };
}

/** The operator's output does not change with small changes of its inputs (shapes, comparisons, integers): no gradient flows. */
export const FLAT: OperatorRule = { vjp: (site) => site.inputs.map(() => undefined) };
