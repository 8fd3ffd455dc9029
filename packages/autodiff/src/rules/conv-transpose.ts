import { DataType, intAttr } from '@kneepoint/onnx';
import { weightGradient } from '../formulation/choice.ts';
import { convolve, convolveTransposed } from '../formulation/convolve.ts';
import { transposedOutput, transposedWindow } from '../formulation/window.ts';
import { sumToChannels } from './conv.ts';
import type { RuleSet, Site } from './rule.ts';

/**
 * Transposed convolution, the input gradient of a convolution: its own input gradient is that convolution, and its weight gradient
 * that of the convolution with input and cotangent exchanged.
 */
export const convTranspose: RuleSet = {
  ConvTranspose: {
    forward: (site) => {
      const { emit, inputs, node } = site;
      const { small, kernel, group } = sizesOf(site);
      const large = transposedOutput(node, kernel, small);
      const [x, weight, bias] = inputs as [string, string, string?];
      if (emit.float === DataType.DOUBLE) {
        return [
          convolveTransposed(emit, x, weight, transposedWindow(node, kernel, large, small), group, bias || undefined),
        ];
      }
      const dims = [emit.shape(x)[0]!, emit.shape(weight)[1]! * group, ...large];
      return emit.copy(node, inputs, [{ dims, type: emit.float }]);
    },
    vjp: (site, [dy]) => {
      const { emit, inputs, node } = site;
      const { small, kernel, group } = sizesOf(site);
      const [x, weight] = inputs as [string, string];
      const cotangent = dy!;
      const window = transposedWindow(node, kernel, emit.shape(cotangent).slice(2), small);
      return [
        site.wants(0) ? convolve(emit, cotangent, weight, window, group) : undefined,
        site.wants(1) ? weightGradient({ emit, large: cotangent, small: x, window, group }) : undefined,
        site.wants(2) ? sumToChannels(site, cotangent) : undefined,
      ];
    },
  },
};

function sizesOf({ node, emit, inputs }: Site) {
  return {
    small: emit.shape(inputs[0]!).slice(2),
    kernel: emit.shape(inputs[1]!).slice(2),
    group: intAttr(node, 'group', 1),
  };
}
