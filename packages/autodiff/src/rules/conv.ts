import { DataType, intAttr } from '@kneepoint/onnx';
import { inputGradient, weightGradient } from '../formulation/choice.ts';
import { convolve } from '../formulation/convolve.ts';
import { slidingOutput, slidingWindow } from '../formulation/window.ts';
import type { RuleSet, Site } from './rule.ts';

/** Convolution: both gradients are convolutions again (Dumoulin and Visin 2016, ch. 4). */
export const conv: RuleSet = {
  Conv: {
    forward: (site) => {
      const { emit, inputs, node } = site;
      const { large, kernel, group } = sizesOf(site);
      const small = slidingOutput(node, kernel, large);
      const [x, weight, bias] = inputs as [string, string, string?];
      if (emit.float === DataType.DOUBLE) {
        return [convolve(emit, x, weight, slidingWindow(node, kernel, large, small), group, bias || undefined)];
      }
      const dims = [emit.shape(x)[0]!, emit.shape(weight)[0]!, ...small];
      return emit.copy(node, inputs, [{ dims, type: emit.float }]);
    },
    vjp: (site, [dy]) => {
      const { emit, inputs, node } = site;
      const { large, kernel, group } = sizesOf(site);
      const [x, weight] = inputs as [string, string];
      const cotangent = dy!;
      const window = slidingWindow(node, kernel, large, emit.shape(cotangent).slice(2));
      return [
        site.wants(0) ? inputGradient({ emit, cotangent, weight, window, group }) : undefined,
        site.wants(1) ? weightGradient({ emit, large: x, small: cotangent, window, group }) : undefined,
        site.wants(2) ? sumToChannels(site, cotangent) : undefined,
      ];
    },
  },
};

/** The gradient of a bias. */
export function sumToChannels({ emit }: Site, cotangent: string): string {
  const axes = emit.shape(cotangent).flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  return emit.reduceSum(cotangent, axes, false);
}

function sizesOf({ node, emit, inputs }: Site) {
  return {
    large: emit.shape(inputs[0]!).slice(2),
    kernel: emit.shape(inputs[1]!).slice(2),
    group: intAttr(node, 'group', 1),
  };
}
