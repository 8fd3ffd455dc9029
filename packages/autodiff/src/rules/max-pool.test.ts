import { DataType } from '@kneepoint/onnx';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cases, windows } from '../testing/cases.ts';
import { checkGradient, gradientsOf } from '../testing/check-gradient.ts';
import { distinct } from '../testing/data.ts';
import { oneNode } from '../testing/one-node.ts';

const tensor = (dims: readonly number[], data: readonly number[]) => ({
  dims,
  type: DataType.FLOAT,
  data: Float32Array.from(data),
});

describe('the gradient of MaxPool', () => {
  it('is right for any kernel, stride, padding, dilation and rounding', async () => {
    await fc.assert(
      fc.asyncProperty(windows(), fc.boolean(), fc.nat(1), async (window, ceil, storage_order) => {
        const { large, kernel, strides, dilations, pads } = window;
        const attributes = { kernel_shape: kernel, strides, dilations, pads, ceil_mode: Number(ceil), storage_order };
        await checkGradient({
          model: oneNode('MaxPool', { x: [2, 2, ...large] }, attributes),
          data: { x: distinct() },
        });
      }),
      cases(40),
    );
  });

  it.each(['SAME_UPPER', 'SAME_LOWER', 'VALID'])('is right with auto_pad %s', async (auto_pad) => {
    const attributes = { kernel_shape: [3, 2], strides: [2, 2], auto_pad };
    await checkGradient({ model: oneNode('MaxPool', { x: [2, 2, 6, 5] }, attributes), data: { x: distinct() } });
  });

  it.each(['cpu', 'cuda'] as const)(
    'goes to exactly one of equals, the one that the kernel names, on %s',
    async (target) => {
      const model = oneNode('MaxPool', { x: [1, 1, 2, 4] }, { kernel_shape: [2, 2], strides: [2, 2] });
      const { gradients } = await gradientsOf({
        model,
        data: { x: tensor([1, 1, 2, 4], [7, 7, 0, 1, 7, 7, 1, 0]) },
        weights: { maxpool1: tensor([1, 1, 1, 2], [5, 3]) },
        target,
      });
      expect([...(gradients['x']!.data as Float32Array)]).toEqual([5, 0, 0, 3, 0, 0, 0, 0]);
    },
  );

  it('adds up where windows overlap', async () => {
    const model = oneNode('MaxPool', { x: [1, 1, 3] }, { kernel_shape: [2] });
    const { gradients } = await gradientsOf({
      model,
      data: { x: tensor([1, 1, 3], [0, 9, 1]) },
      weights: { maxpool1: tensor([1, 1, 2], [2, 5]) },
    });
    expect([...(gradients['x']!.data as Float32Array)]).toEqual([0, 7, 0]);
  });
});

describe('the gradient of GlobalMaxPool', () => {
  it.each([[[2, 3, 4, 3]], [[1, 2, 5]]])('is right for [%s]', async (x) => {
    await checkGradient({ model: oneNode('GlobalMaxPool', { x }), data: { x: distinct() } });
  });

  it('goes to exactly one of equals', async () => {
    const { gradients } = await gradientsOf({
      model: oneNode('GlobalMaxPool', { x: [1, 2, 2, 2] }),
      data: { x: tensor([1, 2, 2, 2], [1, 4, 4, 0, 2, 2, 2, 2]) },
      weights: { globalmaxpool1: tensor([1, 2, 1, 1], [3, -1]) },
    });
    expect([...(gradients['x']!.data as Float32Array)]).toEqual([0, 3, 0, 0, -1, 0, 0, 0]);
  });
});
