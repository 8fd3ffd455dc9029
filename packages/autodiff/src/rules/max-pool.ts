import type { Attributes } from '@kneepoint/onnx';
import { DataType, intAttr, intsAttr, stringAttr } from '@kneepoint/onnx';
import { compareToWinners, comparesWinners } from '../formulation/compare-to-winners.ts';
import { scatterToWinners } from '../formulation/scatter-to-winners.ts';
import { slidingOutput, slidingWindow } from '../formulation/window.ts';
import type { RuleSet, Site } from './rule.ts';

/** Max pooling: the kernel's own index says which element of a window gets the gradient, also among equals. */
export const maxPool: RuleSet = {
  MaxPool: {
    forward: (site) => {
      const { emit, inputs, node } = site;
      const x = inputs[0]!;
      const [batch, channels, ...large] = emit.shape(x) as [number, number, ...number[]];
      const small = slidingOutput(node, kernelOf(site), large);
      const dims = [batch, channels, ...small];
      const types = [
        { dims, type: emit.typeOf(x).type },
        { dims, type: DataType.INT64 },
      ];
      const compared = comparesWinners(emit, slidingWindow(node, kernelOf(site), large, small));
      if (compared || !site.wants(0)) return emit.copy(node, inputs, types);
      const [y, indices] = emit.multi('MaxPool', [x], types, attributesOf(site)) as [string, string];
      site.saved.set('indices', indices);
      if ((node.output[1] ?? '') === '' || intAttr(node, 'storage_order', 0) === 0) return [y, indices];
      // The network reads indices that count columns first.
      return [y, emit.copy(node, inputs, types)[1]!];
    },
    vjp: (site, [dy]) => {
      const { emit, inputs, node } = site;
      const large = emit.shape(inputs[0]!);
      const window = slidingWindow(node, kernelOf(site), large.slice(2), emit.shape(dy!).slice(2));
      const indices = site.saved.get('indices');
      if (indices !== undefined) return [scatterToWinners(emit, dy!, indices, window, large)];
      return [compareToWinners(emit, { x: inputs[0]!, y: site.outputs[0]!, dy: dy! }, window)];
    },
  },

  GlobalMaxPool: {
    forward: (site) => {
      const { emit, inputs, node } = site;
      const x = inputs[0]!;
      const [, , ...large] = emit.shape(x);
      const axes = large.map((_, axis) => axis + 2);
      if (emit.float === DataType.DOUBLE) return [emit.reduce('ReduceMax', x, axes)];
      const dims = [...emit.shape(x).slice(0, 2), ...large.map(() => 1)];
      return emit.copy(node, inputs, [{ dims, type: emit.float }]);
    },
    vjp: ({ emit, inputs }, [dy]) => {
      const x = inputs[0]!;
      const [batch, channels, ...large] = emit.shape(x) as [number, number, ...number[]];
      const flat = emit.reshape(x, [batch, channels, large.reduce((a, b) => a * b, 1)]);
      const dims = [batch, channels, 1];
      // The first of equals.
      const winner = emit.node('ArgMax', [flat], { dims, type: DataType.INT64 }, { axis: 2 });
      const share = emit.reshape(dy!, dims);
      const spread = emit.node('ScatterElements', [emit.zerosLike(flat), winner, share], emit.typeOf(flat), {
        axis: 2,
      });
      return [emit.reshape(spread, emit.shape(x))];
    },
  },
};

function kernelOf({ node }: Site): readonly number[] {
  return intsAttr(node, 'kernel_shape');
}

function attributesOf(site: Site): Attributes {
  const { node } = site;
  const kernel = kernelOf(site);
  const ones = kernel.map(() => 1);
  const auto = stringAttr(node, 'auto_pad', 'NOTSET');
  return {
    kernel_shape: kernel,
    strides: intsAttr(node, 'strides', ones),
    dilations: intsAttr(node, 'dilations', ones),
    ceil_mode: intAttr(node, 'ceil_mode', 0),
    ...(auto === 'NOTSET'
      ? {
          pads: intsAttr(
            node,
            'pads',
            [...ones, ...ones].map(() => 0),
          ),
        }
      : { auto_pad: auto }),
  };
}
