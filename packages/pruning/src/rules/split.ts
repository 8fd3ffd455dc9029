import { hasAttr, intAttr, intsAttr, normalAxis, removeAttr, setAttr } from '@kneepoint/onnx';
import { alongAxis, varyingAxes } from '../labels/label-tensor.ts';
import type { Rule } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** The opset from which Split takes its sizes as an input. */
const SIZES_AS_INPUT = 13;

/** Split: each part keeps its own labels, and sizes follow what is left of each. */
export const split: Rule = (site) => {
  const value = site.input(0);
  if (!value) return stop(site, 'splits a constant');
  const rank = value.dims.length;
  const axis = normalAxis(intAttr(site.node, 'axis', 0), rank);
  const [varying] = varyingAxes(value.labels);
  if (varying !== axis) return site.node.output.map(() => value.labels);
  let start = 0;
  const parts = sizes(site, axis).map((size) => value.labels.data.slice(start, (start += size)));
  site.rewrite((edit) => {
    const left = parts.map((labels) => edit.kept(labels).length);
    if (parts.every((labels, i) => labels.length === left[i])) return;
    removeAttr(edit.node, 'num_outputs');
    if (site.opset < SIZES_AS_INPUT) setAttr(edit.node, 'split', left);
    else edit.setInts(1, left);
  });
  return parts.map((labels) => alongAxis(rank, axis, labels));
};

function sizes(site: Parameters<Rule>[0], axis: number): readonly number[] {
  if (hasAttr(site.node, 'split')) return intsAttr(site.node, 'split');
  const operand = site.folded(1);
  return operand ? [...operand.data] : site.node.output.map((_, i) => site.outputDims(i)[axis]!);
}
