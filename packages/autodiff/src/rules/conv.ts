import { DataType, intAttr } from '@kneepoint/onnx';
import { inputGradient, weightGradient } from '../formulation/choice.ts';
import { convolve } from '../formulation/convolve.ts';
import { slidingWindow, type Window } from '../formulation/window.ts';
import type { OperatorRule, Site } from './rule.ts';
import { plain } from './plain.ts';

/** Conv: both gradients are convolutions again (Dumoulin and Visin 2016, ch. 4). */
export const conv: OperatorRule = {
  forward: (site) => {
    const { emit, inputs } = site;
    // In float64 there is no kernel; the gradient is checked on an equivalent graph.
    if (emit.float !== DataType.DOUBLE) return plain(site);
    const [x, weight, bias] = inputs as [string, string, string?];
    return [convolve(emit, x, weight, windowAt(site), groupOf(site), bias || undefined)];
  },
  vjp: (site, [cotangent]) => {
    const { emit, inputs } = site;
    const [x, weight] = inputs as [string, string];
    const [window, group] = [windowAt(site), groupOf(site)];
    const axes = emit.shape(cotangent!).flatMap((_, axis) => (axis === 1 ? [] : [axis]));
    return [
      site.wants(0) ? inputGradient({ emit, cotangent: cotangent!, weight, window, group }) : undefined,
      site.wants(1) ? weightGradient({ emit, large: x, small: cotangent!, window, group }) : undefined,
      site.wants(2) ? emit.reduceSum(cotangent!, axes, false) : undefined,
    ];
  },
};

function groupOf(site: Site): number {
  return intAttr(site.node, 'group', 1);
}

function windowAt(site: Site): Window {
  const { emit, inputs } = site;
  const [, , ...large] = emit.shape(inputs[0]!);
  const [, , ...kernel] = emit.shape(inputs[1]!);
  return slidingWindow(site.node, kernel, large, site.outputTypes[0]!.dims.slice(2));
}
