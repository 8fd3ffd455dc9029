import { hasAttr, intAttr, normalAxis } from '@kneepoint/onnx';
import { varyingAxes } from '../labels/label-tensor.ts';
import type { Rule } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** QuantizeLinear and DequantizeLinear of a value: channels pass, and scales and zero points given for each follow them. */
export const quantisation: Rule = (site) => {
  const value = site.input(0);
  if (!value) return stop(site, 'works on a constant');
  if (hasAttr(site.node, 'block_size') && intAttr(site.node, 'block_size') !== 0)
    return stop(site, 'has scales for blocks');
  const parameters = [1, 2].filter((input) => site.node.input[input]);
  if (parameters.some((input) => !site.constant(input))) return stop(site, 'has computed scales');
  const axis = normalAxis(intAttr(site.node, 'axis', 1), value.dims.length);
  if (varyingAxes(value.labels)[0] !== axis) return [value.labels];
  for (const input of parameters) {
    const dims = site.constantDims(input)!;
    if (dims.length === 1 && dims[0]! > 1) site.cut(input, { kind: 'axis', axis: 0, labels: value.labels.data });
  }
  return [value.labels];
};
