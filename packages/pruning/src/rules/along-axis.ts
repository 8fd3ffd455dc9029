import { intAttr, normalAxis } from '@kneepoint/onnx';
import { varyingAxes } from '../labels/label-tensor.ts';
import type { Rule } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** TopK: orders along one axis; channels elsewhere pass, in the values and in the positions. */
export const topK: Rule = (site) => within(site, intAttr(site.node, 'axis', -1), 'orders channels');

/** CumSum: adds up along one axis; channels elsewhere pass. */
export const cumSum: Rule = (site) => {
  const axis = site.folded(1)?.data[0];
  return axis === undefined ? stop(site, 'has a computed axis') : within(site, axis, 'adds up over channels');
};

function within(site: Parameters<Rule>[0], given: number, why: string): ReturnType<Rule> {
  const value = site.input(0);
  if (!value) return stop(site, 'works on a constant');
  const axis = normalAxis(given, value.dims.length);
  if (varyingAxes(value.labels).includes(axis)) return stop(site, why);
  return site.node.output.map(() => value.labels);
}
