import { intAttr, intsAttr, stringAttr } from '@kneepoint/onnx';
import type { Emitter } from '../emit/emitter.ts';
import { forWanted, frontAxis, integers, refused } from './operands.ts';
import type { OperatorRule, RuleSet, Site } from './rule.ts';
import { vjp } from './rule.ts';

/** Back to the shape of the input: the derivative of everything that keeps the elements in their order. */
const reshaped: OperatorRule = vjp((site, [dy]) => [site.emit.reshape(dy!, site.emit.shape(site.inputs[0]!))]);

/** Operators that move whole blocks of elements: joined, parted, laid out anew, repeated. */
export const movement: RuleSet = {
  Reshape: reshaped,
  Flatten: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,

  Transpose: vjp((site, [dy]) => {
    const rank = site.emit.shape(site.inputs[0]!).length;
    const perm = intsAttr(
      site.node,
      'perm',
      Array.from({ length: rank }, (_, axis) => rank - 1 - axis),
    );
    return [
      site.emit.transpose(
        dy!,
        perm.map((_, axis) => perm.indexOf(axis)),
      ),
    ];
  }),

  Concat: vjp((site, [dy]) => {
    const { emit, inputs } = site;
    const axis = frontAxis(intAttr(site.node, 'axis'), emit.shape(dy!).length);
    const sizes = inputs.map((input) => emit.shape(input)[axis]!);
    const wanted = inputs.filter((_, i) => site.wants(i)).length;
    if (wanted > 1) return parted(emit, dy!, axis, sizes);
    return forWanted(site, (i) => {
      const start = sum(sizes.slice(0, i));
      return emit.slice(dy!, [axis], [start], [start + sizes[i]!]);
    });
  }),

  Split: vjp((site, cotangents) => {
    const { emit } = site;
    const whole = emit.shape(site.inputs[0]!);
    const axis = frontAxis(intAttr(site.node, 'axis', 0), whole.length);
    const parts = partSizes(site, whole[axis]!).map((size, i) => {
      const dims = whole.map((dim, a) => (a === axis ? size : dim));
      return cotangents[i] ?? emit.expand(emit.scalar(0), dims);
    });
    return [emit.concat(parts, axis)];
  }),

  Expand: vjp((site, [dy]) => [site.emit.unbroadcast(dy!, site.emit.shape(site.inputs[0]!))]),

  Tile: vjp((site, [dy]) => {
    const { emit } = site;
    const from = emit.shape(site.inputs[0]!);
    const apart = from.flatMap((dim, axis) => [emit.shape(dy!)[axis]! / dim, dim]);
    const repeats = from.map((_, axis) => 2 * axis).filter((axis) => apart[axis] !== 1);
    return [emit.reshape(emit.reduceSum(emit.reshape(dy!, apart), repeats), from)];
  }),

  // The inverse of each is the other, but SpaceToDepth knows only the first of the two orders of DepthToSpace.
  DepthToSpace: vjp((site, [dy]) => {
    const { emit } = site;
    const blocksize = intAttr(site.node, 'blocksize');
    const dims = emit.shape(site.inputs[0]!);
    if (stringAttr(site.node, 'mode', 'DCR') === 'DCR') {
      return [emit.node('SpaceToDepth', [dy!], { dims, type: emit.float }, { blocksize })];
    }
    const [n, c, h, w] = dims as [number, number, number, number];
    const cells = emit.reshape(dy!, [n, c / blocksize ** 2, h, blocksize, w, blocksize]);
    return [emit.reshape(emit.transpose(cells, [0, 1, 3, 5, 2, 4]), dims)];
  }),

  SpaceToDepth: vjp((site, [dy]) => {
    const { emit } = site;
    const type = { dims: emit.shape(site.inputs[0]!), type: emit.float };
    return [emit.node('DepthToSpace', [dy!], type, { blocksize: intAttr(site.node, 'blocksize') })];
  }),
};

/** Consecutive parts of a value along an axis. */
function parted(emit: Emitter, x: string, axis: number, sizes: readonly number[]): readonly string[] {
  const types = sizes.map((size) => ({
    dims: emit.shape(x).map((dim, a) => (a === axis ? size : dim)),
    type: emit.typeOf(x).type,
  }));
  return emit.multi('Split', [x, emit.ints(sizes)], types, { axis });
}

/** How long the parts of a Split are, also those that nobody named. */
function partSizes(site: Site, whole: number): readonly number[] {
  const given = integers(site, 1);
  if (given) return given;
  const parts = site.outputs.length;
  if (parts === 0) throw refused(site, 'it has no outputs');
  const size = Math.ceil(whole / parts);
  return Array.from({ length: parts }, (_, i) => Math.min(size, whole - i * size));
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
