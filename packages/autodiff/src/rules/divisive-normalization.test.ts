import { floatTensor } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { gradientsOf } from '../testing/check-gradient.ts';
import { awayFrom } from '../testing/data.ts';
import { gradientTable, type Row } from '../testing/gradient-table.ts';
import { oneNode } from '../testing/one-node.ts';

const local = (channels: number, size: number): Row => ({
  op: 'LRN',
  operands: { x: [2, channels, 3, 2] },
  attributes: { size, alpha: { float: 0.5 }, beta: { float: 0.6 }, bias: { float: 2 } },
});

gradientTable('divisive normalisation', {
  'LRN over three channels': local(6, 3),
  'LRN over one channel': local(3, 1),
  'LRN over more channels than there are': local(2, 9),
  'LpNormalization to length 1': { op: 'LpNormalization', operands: { x: [3, 4] } },
  'LpNormalization along channels': { op: 'LpNormalization', operands: { x: [2, 3, 4] }, attributes: { axis: 1 } },
  'LpNormalization by the sum of magnitudes': {
    op: 'LpNormalization',
    operands: { x: [3, 4] },
    attributes: { p: 1 },
    data: { x: awayFrom([0]) },
  },
});

describe('LpNormalization', () => {
  it('leaves a vector of zeros as it is', async () => {
    const { outputs } = await gradientsOf({
      model: oneNode('LpNormalization', { x: [1, 3] }),
      data: { x: floatTensor([1, 3], [0, 0, 0]) },
    });
    expect([...(outputs['lpnormalization1']!.data as Float32Array)]).toEqual([0, 0, 0]);
  });
});
