import { intAttr } from '@kneepoint/onnx';
import { frontAxis } from './operands.ts';
import type { RuleSet, Site } from './rule.ts';
import { vjp } from './rule.ts';

/** Softmax and its logarithm along one axis, from their outputs. */
export const softmax: RuleSet = {
  Softmax: vjp((site, [dy]) => {
    const { emit, outputs } = site;
    const part = emit.mul(dy!, outputs[0]!);
    return [emit.sub(part, emit.mul(outputs[0]!, emit.reduceSum(part, axes(site))))];
  }),

  LogSoftmax: vjp((site, [dy]) => {
    const { emit, outputs } = site;
    return [emit.sub(dy!, emit.mul(emit.unary('Exp', outputs[0]!), emit.reduceSum(dy!, axes(site))))];
  }),
};

function axes(site: Site): readonly number[] {
  return [frontAxis(intAttr(site.node, 'axis', -1), site.emit.shape(site.inputs[0]!).length)];
}
