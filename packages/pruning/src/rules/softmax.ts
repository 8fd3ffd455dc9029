import { intAttr, normalAxis } from '@kneepoint/onnx';
import { varyingAxes } from '../labels/label-tensor.ts';
import type { Rule } from '../trace/site.ts';
import { SOFTMAX_ON_ONE_AXIS } from './mixing.ts';
import { stop } from './unknown.ts';

/** Softmax, LogSoftmax, Hardmax: channels pass unless they are what is normalised. */
export const softmax: Rule = (site) => {
  const value = site.input(0);
  if (!value) return stop(site, 'normalises a constant');
  const rank = value.dims.length;
  const axis = normalAxis(intAttr(site.node, 'axis', site.opset < SOFTMAX_ON_ONE_AXIS ? 1 : -1), rank);
  const mixed = (varying: number) => (site.opset < SOFTMAX_ON_ONE_AXIS ? varying >= axis : varying === axis);
  return varyingAxes(value.labels).some(mixed) ? stop(site, 'normalises over channels') : [value.labels];
};
