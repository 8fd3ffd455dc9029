import { intAttr, normalAxis } from '@kneepoint/onnx';
import { varyingAxes } from '../labels/label-tensor.ts';
import type { Rule } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** The opset from which Softmax works on one axis; before it, on everything from the axis on. */
const ONE_AXIS = 13;

/** Softmax, LogSoftmax, Hardmax: channels pass unless they are what is normalised. */
export const softmax: Rule = (site) => {
  const value = site.input(0);
  if (!value) return stop(site, 'normalises a constant');
  const rank = value.dims.length;
  const axis = normalAxis(intAttr(site.node, 'axis', site.opset < ONE_AXIS ? 1 : -1), rank);
  const mixed = (varying: number) => (site.opset < ONE_AXIS ? varying >= axis : varying === axis);
  return varyingAxes(value.labels).some(mixed) ? stop(site, 'normalises over channels') : [value.labels];
};
