import { DataType, elementCount, hasAttr, intAttr, intsAttr } from '@kneepoint/onnx';
import { frontAxis, integers } from './operands.ts';
import type { OperatorRule, RuleSet, Site } from './rule.ts';
import { vjp } from './rule.ts';

/** Operators that take many elements to one. */
export const reductions: RuleSet = {
  ReduceSum: reduction(({ site, dy, dims }) => site.emit.expand(dy, dims)),

  ReduceMean: reduction(({ site, dy, dims, axes }) => {
    const share = site.emit.scalar(1 / elementCount(axes.map((axis) => dims[axis]!)));
    return site.emit.expand(site.emit.mul(dy, share), dims);
  }),

  ReduceSumSquare: reduction(({ site: { emit }, dy, x }) => emit.mul(x, emit.mul(dy, emit.scalar(2)))),

  ReduceL1: reduction(({ site: { emit }, dy, x }) => emit.mul(emit.unary('Sign', x), dy)),

  // At zero the norm has no derivative; 0 is one of its subgradients.
  ReduceL2: reduction(({ site: { emit }, dy, x, y }) =>
    emit.mul(x, emit.div(dy, emit.binary('Max', y, emit.scalar(SMALLEST)))),
  ),

  ReduceLogSum: reduction(({ site: { emit }, dy, dims, y }) => emit.expand(emit.div(dy, emit.unary('Exp', y)), dims)),

  ReduceLogSumExp: reduction(({ site: { emit }, dy, x, y }) => emit.mul(emit.unary('Exp', emit.sub(x, y)), dy)),

  ReduceMax: reduction((reduced) => extreme('ArgMax', reduced)),
  ReduceMin: reduction((reduced) => extreme('ArgMin', reduced)),
};

/** Keeps 0 / 0 away and is less than any norm that matters. */
const SMALLEST = 1e-30;

interface Reduced {
  readonly site: Site;
  readonly x: string;
  /** Shape of x. */
  readonly dims: readonly number[];
  readonly axes: readonly number[];
  /** Output and its cotangent, with the reduced axes kept at length 1. */
  readonly y: string;
  readonly dy: string;
}

/** `back` gives the cotangent of the operand, in its shape. */
function reduction(back: (reduced: Reduced) => string): OperatorRule {
  return vjp((site, [dy]) => {
    const { emit, inputs, outputs } = site;
    const x = inputs[0]!;
    const dims = emit.shape(x);
    const axes = reducedAxes(site, dims.length);
    const kept = dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
    return [back({ site, x, dims, axes, y: emit.reshape(outputs[0]!, kept), dy: emit.reshape(dy!, kept) })];
  });
}

/** Axes are an operand in opset 18, an attribute before; none at all means every axis unless the node says otherwise. */
function reducedAxes(site: Site, rank: number): readonly number[] {
  const given = hasAttr(site.node, 'axes') ? intsAttr(site.node, 'axes') : integers(site, 1);
  if (given && given.length > 0) return given.map((axis) => frontAxis(axis, rank));
  if (intAttr(site.node, 'noop_with_empty_axes', 0) !== 0) return [];
  return Array.from({ length: rank }, (_, axis) => axis);
}

/** To the first of the extreme elements alone: several that tie must not each get all of it. */
function extreme(arg: 'ArgMax' | 'ArgMin', { site, x, dims, axes, dy }: Reduced): string {
  const { emit } = site;
  const others = dims.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const perm = [...others, ...axes];
  const moved = emit.transpose(x, perm);
  const outer = elementCount(others.map((axis) => dims[axis]!));
  const rows = [outer, elementCount(dims) / outer];
  const index = emit.node(
    arg,
    [emit.reshape(moved, rows)],
    { dims: [outer, 1], type: DataType.INT64 },
    { axis: 1, keepdims: 1 },
  );
  const zeros = emit.expand(emit.scalar(0), rows);
  const placed = emit.node(
    'ScatterElements',
    [zeros, index, emit.reshape(dy, [outer, 1])],
    { dims: rows, type: emit.float },
    { axis: 1 },
  );
  return emit.transpose(
    emit.reshape(placed, emit.shape(moved)),
    perm.map((_, axis) => perm.indexOf(axis)),
  );
}
