import { DataType, GraphBuilder } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { checkGradient, gradientsOf } from '../testing/check-gradient.ts';
import { between, normal } from '../testing/data.ts';
import { oneNode } from '../testing/one-node.ts';

const data = { scale: between(0.5, 2), variance: between(0.5, 2) };

function network(dims: readonly number[], attributes = {}) {
  const channels = [dims[1]!];
  const operands = { x: dims, scale: channels, bias: channels, mean: channels, variance: channels };
  return oneNode('BatchNormalization', operands, attributes);
}

describe('the gradient of BatchNormalization', () => {
  it.each([[[3, 2, 4, 3]], [[4, 3]], [[2, 3, 5]], [[1, 4, 3, 3]]])(
    'is right by all operands with frozen statistics, for [%s]',
    async (dims) => {
      await checkGradient({ model: network(dims, { epsilon: { float: 0.01 } }), data });
    },
  );

  it.each([[[3, 2, 4, 3]], [[5, 3]], [[2, 3, 5]], [[1, 4, 3, 3]]])(
    "is right through the batch's statistics in training mode, for [%s]",
    async (dims) => {
      await checkGradient({
        model: network(dims, { epsilon: { float: 0.01 } }),
        data,
        training: true,
        by: ['x', 'scale', 'bias'],
      });
    },
  );
});

it('layers that share everything but their input keep their statistics apart', async () => {
  const graph = new GraphBuilder({ opset: 18 });
  const [first, second] = ['first', 'second'].map((name) => graph.input(name, [3, 2, 4]));
  const shared = ['scale', 'bias', 'mean', 'variance'].map((name) => graph.input(name, [2]));
  for (const x of [first!, second!]) graph.output(graph.node('BatchNormalization', [x, ...shared]));
  await checkGradient({ model: graph.build(), data, training: true, by: ['first', 'second', 'scale', 'bias'] });
});

describe('the running statistics', () => {
  const dims = [3, 2, 4, 3];
  it.each(['cpu', 'cuda'] as const)('move towards those of the batch by the momentum of ONNX on %s', async (target) => {
    const x = Float32Array.from({ length: 72 }, (_, i) => Math.sin(i * i) + (i % 5));
    const request = {
      model: network(dims, { momentum: { float: 0.75 } }),
      data: {
        x: { dims, type: DataType.FLOAT, data: x },
        mean: { dims: [2], type: DataType.FLOAT, data: Float32Array.of(1, -2) },
        variance: { dims: [2], type: DataType.FLOAT, data: Float32Array.of(3, 0.5) },
      },
      training: true,
      target,
    };
    const { updates } = await gradientsOf(request);
    for (const channel of [0, 1]) {
      const own = [...x].filter((_, i) => Math.floor(i / 12) % 2 === channel);
      const mean = own.reduce((a, b) => a + b, 0) / own.length;
      const variance = own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / own.length;
      expect(updates['mean']!.data[channel]).toBeCloseTo(0.75 * [1, -2][channel]! + 0.25 * mean, 5);
      expect(updates['variance']!.data[channel]).toBeCloseTo(0.75 * [3, 0.5][channel]! + 0.25 * variance, 5);
    }
  });

  it('stay as they are while they are frozen, and the mode of the file does not matter', async () => {
    const { updates, outputs } = await gradientsOf({ model: network(dims), data: { ...data, x: normal } });
    const model = oneNode(
      'BatchNormalization',
      { x: dims, scale: [2], bias: [2], mean: [2], variance: [2] },
      { training_mode: 1 },
      [DataType.FLOAT, DataType.FLOAT, DataType.FLOAT],
    );
    model.graph!.output.length = 1;
    const other = await gradientsOf({ model, data: { ...data, x: normal } });
    expect(updates).toEqual({});
    expect(other.outputs['batchnormalization1']).toEqual(outputs['batchnormalization1']);
  });
});
