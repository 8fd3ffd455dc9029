import { axesOf, intAttr } from '@kneepoint/onnx';
import { alongAxis, uniform, varyingAxes } from '../labels/label-tensor.ts';
import type { Rule } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** ReduceProd and ReduceLogSumExp: over space channels pass, over channels they stay. */
export const reduce: Rule = (site) => reduction(site, 'stop');

/** ReduceMean, ReduceMax and ReduceMin: a removed channel does not count. */
export const reduceOfKept: Rule = (site) => reduction(site, 'average');

/** ReduceSum, ReduceL1, ReduceL2 and the like: a removed channel counts as zero, and adds nothing to a sum over channels. */
export const reduceOfZero: Rule = (site) => reduction(site, 'consume');

/** ArgMax and ArgMin, one axis. */
export const argReduce: Rule = (site) => reduction(site, 'stop', [intAttr(site.node, 'axis', 0)]);

/** `over` is what happens to a value whose channels are reduced over. */
function reduction(
  site: Parameters<Rule>[0],
  over: 'stop' | 'consume' | 'average',
  given?: number[],
): ReturnType<Rule> {
  const value = site.input(0);
  if (!value) return stop(site, 'reduces a constant');
  const rank = value.dims.length;
  const operand = site.folded(1);
  if (!given && site.node.input[1] && !operand) return stop(site, 'has computed axes');
  const named = given?.map((axis) => (axis < 0 ? axis + rank : axis)) ?? axesOf(site.node, operand, rank);
  const none = !named || (named.length === 0 && intAttr(site.node, 'noop_with_empty_axes', 0) === 0);
  const axes = none ? value.dims.map((_, axis) => axis) : named;
  const keeps = intAttr(site.node, 'keepdims', 1) === 1;
  const outRank = keeps ? rank : rank - axes.length;
  const shift = (axis: number) => (keeps ? axis : axis - axes.filter((gone) => gone < axis).length);
  if (value.batch >= 0) site.batch = axes.includes(value.batch) ? -1 : shift(value.batch);
  const [varying] = varyingAxes(value.labels);
  if (varying === undefined) {
    // Reduced or not, one label over everything: nothing can be taken from it.
    return [uniform(outRank, value.labels.data[0]!)];
  }
  if (!axes.includes(varying)) return [alongAxis(outRank, shift(varying), value.labels.data)];
  if (over === 'stop') return stop(site, 'reduces over channels');
  site[over](0, varying, value.labels.data);
  return [site.fixed(outRank, 'sums over channels')];
}
