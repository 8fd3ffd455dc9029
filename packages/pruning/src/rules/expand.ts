import { intAttr, normalAxis } from '@kneepoint/onnx';
import { alongAxis, varyingAxes } from '../labels/label-tensor.ts';
import type { Rule, Site } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** Expand: repeats a value along axes of size 1; the channel axis, where there is one, is written as 1 ("as it is"). */
export const expand: Rule = (site) => {
  const value = site.input(0);
  if (!site.folded(1)) return stop(site, 'has a computed shape');
  if (!value) return repeatedConstant(site);
  const rank = site.outputDims().length;
  const lead = rank - value.dims.length;
  if (value.batch >= 0) site.batch = value.batch + lead;
  const labels = { dims: [...new Array<number>(lead).fill(1), ...value.labels.dims], data: value.labels.data };
  const [axis] = varyingAxes(labels);
  if (axis !== undefined) setSize(site, 1, axis, () => 1);
  return [labels];
};

/** ConstantOfShape with a shape known beforehand: channels of its own, which follow those that they meet. */
export const constantOfShape: Rule = (site) => {
  if (!site.folded(0)) return stop(site, 'has a computed shape');
  return filled(site, 0, channelAxis(site.outputDims()));
};

function repeatedConstant(site: Site): ReturnType<Rule> {
  const dims = site.constant(0) && site.constantDims(0);
  if (!dims) return stop(site, 'repeats computed numbers');
  const output = site.outputDims();
  const lead = output.length - dims.length;
  const longest = dims.reduce((best, size, axis) => (size > dims[best]! ? axis : best), 0);
  const own = (dims[longest] ?? 1) === 1 ? channelAxis(output) : longest + lead;
  const joined = joinedAxis(site, output.length);
  // A class token joins the tokens along an axis where it is one: its channels lie along its own.
  const axis = joined !== undefined && (dims[joined - lead] ?? 1) > 1 ? joined : own;
  const [labels] = filled(site, 1, axis);
  if ((dims[axis - lead] ?? 1) > 1) site.cut(0, { kind: 'axis', axis: axis - lead, labels: labels!.data });
  return [labels!];
}

/** The axis along which a Concat joins it to others: coordinates are further channels there, whatever their other lengths are. */
function joinedAxis(site: Site, rank: number): number | undefined {
  const joins = site.readers(0).find(({ node }) => node.opType === 'Concat');
  return joins && normalAxis(intAttr(joins.node, 'axis', 1), rank);
}

function filled(site: Site, shape: number, axis: number): ReturnType<Rule> {
  const dims = site.outputDims();
  site.batch = [...(site.foldedAtBatchTwo(shape)?.data ?? [])].findIndex(
    (size, i) => size !== site.folded(shape)!.data[i],
  );
  setSize(site, shape, axis, (size) => size);
  return [alongAxis(dims.length, axis, site.labels.fresh(dims[axis]!))];
}

function channelAxis(dims: readonly number[]): number {
  return dims.length > 1 ? 1 : 0;
}

/** Writes what is left of the channel axis into a shape operand, unless that entry lets the axis be. */
function setSize(site: Site, input: number, axis: number, sizeOf: (kept: number) => number): void {
  const rank = site.outputDims().length;
  site.rewrite((edit) => {
    const original = edit.original(input);
    const position = axis - rank + original.length;
    const left = edit.dims(site.node.output[0]!)[axis]!;
    if (position < 0 || original[position] === 1 || edit.live(input)?.[position] === left) return;
    edit.setSizes(input, original.with(position, sizeOf(left)));
  });
}
