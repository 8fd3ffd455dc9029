import { GraphBuilder } from '@kneepoint/onnx';
import { describe, it } from 'vitest';
import { checkGradient } from '../testing/check-gradient.ts';
import { gradientTable, type Row } from '../testing/gradient-table.ts';
import { checkForward } from '../testing/same-forward.ts';

const layer = (scale: readonly number[], axis: number, bias = true): Row => ({
  op: 'LayerNormalization',
  operands: { x: [3, 4, 5], scale, ...(bias && { bias: scale }) },
  attributes: { axis, epsilon: { float: 1e-3 } },
});

gradientTable('normalisation', {
  'LayerNormalization over the last axis': layer([5], -1),
  'LayerNormalization over two axes': layer([4, 5], 1),
  'LayerNormalization without a bias': layer([5], 2, false),
  'LayerNormalization with one scale for all': layer([1], 1),
  'InstanceNormalization of images': {
    op: 'InstanceNormalization',
    operands: { x: [2, 3, 3, 4], scale: [3], bias: [3] },
  },
  'InstanceNormalization of sequences': {
    op: 'InstanceNormalization',
    operands: { x: [2, 3, 6], scale: [3], bias: [3] },
    attributes: { epsilon: { float: 0.1 } },
  },
  'GroupNormalization with a scale per group': {
    op: 'GroupNormalization',
    operands: { x: [2, 6, 3, 2], scale: [3], bias: [3] },
    attributes: { num_groups: 3 },
  },
});

describe('GroupNormalization of opset 21', () => {
  it('has a scale per channel', async () => {
    const graph = new GraphBuilder({ opset: 21 });
    const operands = [graph.input('x', [2, 6, 3, 2]), graph.input('scale', [6]), graph.input('bias', [6])];
    graph.output(graph.node('GroupNormalization', operands, { num_groups: 2 }));
    const model = graph.build();
    await checkGradient({ model });
    await checkForward({ model });
  });
});
