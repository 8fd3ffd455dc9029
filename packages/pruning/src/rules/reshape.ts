import { hasAttr, intAttr, intsAttr, removeAttr, reshapeTarget, setAttr } from '@kneepoint/onnx';
import { expanded, varyingAxes } from '../labels/label-tensor.ts';
import type { NodeEdit } from '../trace/edits.ts';
import type { Rule, Site } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** Flatten, Squeeze, Unsqueeze: the same elements in another shape, which follows by itself. */
export const reshapeByRule: Rule = (site) => {
  const value = site.input(0);
  if (!value) return stop(site, 'reshapes a constant');
  const dims = site.outputDims();
  if (site.node.opType === 'Squeeze' && !site.node.input[1] && !hasAttr(site.node, 'axes')) {
    // One channel left would take the axis with it.
    site.freeze(value.labels, 'drops every axis of size 1');
  }
  site.batch = batchAfter(value.dims, dims, value.batch);
  return [{ dims, data: expanded(value.labels, value.dims) }];
};

/** Reshape: the same elements in another shape, which is an operand to be kept right. */
export const reshape: Rule = (site) => {
  const value = site.input(0);
  if (!value) return stop(site, 'reshapes a constant');
  const operand = requested(site);
  if (!operand) return stop(site, 'has a computed shape');
  const dims = site.outputDims();
  site.batch = batchOf(site, value, dims);
  if (varyingAxes(value.labels).length === 0) return [{ dims: dims.map(() => 1), data: value.labels.data }];
  site.rewrite((edit) => keepShape(site, edit, operand, value.batch));
  return [{ dims, data: expanded(value.labels, value.dims) }];
};

function requested(site: Site): number[] | undefined {
  if (hasAttr(site.node, 'shape')) return [...intsAttr(site.node, 'shape')];
  const folded = site.folded(1);
  return folded && [...folded.data];
}

/** The axis that doubles when the batch does. */
function batchOf(site: Site, value: { dims: readonly number[]; batch: number }, dims: readonly number[]): number {
  if (value.batch < 0) return -1;
  const doubled = value.dims.map((size, axis) => (axis === value.batch ? 2 * size : size));
  const operand = site.foldedAtBatchTwo(1)?.data ?? requested(site);
  const target = operand && reshapeTarget(doubled, [...operand], allowZero(site));
  if (!target) return batchAfter(value.dims, dims, value.batch);
  return target.findIndex((size, axis) => size !== dims[axis]);
}

function keepShape(site: Site, edit: NodeEdit, operand: readonly number[], batch: number): void {
  const wanted = edit.dims(site.node.output[0]!);
  const source = edit.dims(site.node.input[0]!);
  const computed = hasAttr(site.node, 'shape') ? operand : edit.live(1);
  const same = (dims: readonly number[] | undefined) => dims?.every((size, axis) => size === wanted[axis]) ?? false;
  if (computed && same(reshapeTarget(source, computed, allowZero(site)))) return;
  const varies = hasAttr(site.node, 'shape') ? operand.map(() => false) : edit.varies(1);
  // What follows the batch cannot be written as a number: 0 copies it from the input, −1 works it out.
  const next = wanted.map((size, axis) => {
    if (varies[axis]) return axis === batch && source[axis] === size ? 0 : -1;
    if (operand[axis] === 0 && source[axis] === size) return 0;
    return operand[axis] === -1 ? -1 : size;
  });
  const frees = next.flatMap((size, axis) => (size === -1 ? [axis] : []));
  for (const axis of frees) if (frees.length > 1 && !varies[axis]) next[axis] = wanted[axis]!;
  // With `allowzero` a 0 asks for an axis of none, and copies nothing.
  if (allowZero(site) && next.some((size, axis) => size === 0 && wanted[axis] !== 0))
    removeAttr(edit.node, 'allowzero');
  if (hasAttr(site.node, 'shape')) setAttr(edit.node, 'shape', next);
  else edit.setInts(1, next);
}

function allowZero(site: Site): boolean {
  return intAttr(site.node, 'allowzero', 0) === 1;
}

/** Where a leading axis of images ends up when axes of size 1 come and go. */
function batchAfter(from: readonly number[], to: readonly number[], batch: number): number {
  if (batch < 0) return -1;
  const before = from.slice(0, batch).filter((size) => size !== 1).length;
  if (before === 0 && batch === 0) return to[0] === from[0] || from[0] === 1 ? 0 : -1;
  return -1;
}
