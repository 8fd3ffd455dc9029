import fc from 'fast-check';
import { describe, it } from 'vitest';
import { cases, windows } from '../testing/cases.ts';
import { checkGradient } from '../testing/check-gradient.ts';
import { oneNode } from '../testing/one-node.ts';

describe('the gradient of AveragePool', () => {
  it('is right for any kernel, stride, padding, rounding and way of counting', async () => {
    await fc.assert(
      fc.asyncProperty(windows(false), fc.boolean(), fc.boolean(), async (window, ceil, counted) => {
        const { large, kernel, strides, pads } = window;
        const flags = { ceil_mode: Number(ceil), count_include_pad: Number(counted) };
        const attributes = { kernel_shape: kernel, strides, pads, ...flags };
        await checkGradient({ model: oneNode('AveragePool', { x: [2, 2, ...large] }, attributes) });
      }),
      cases(40),
    );
  });

  it.each(['SAME_UPPER', 'SAME_LOWER', 'VALID'])('is right with auto_pad %s', async (auto_pad) => {
    for (const count_include_pad of [0, 1]) {
      const attributes = { kernel_shape: [3, 2], strides: [2, 2], auto_pad, count_include_pad };
      await checkGradient({ model: oneNode('AveragePool', { x: [2, 2, 6, 5] }, attributes) });
    }
  });
});

describe('the gradient of GlobalAveragePool', () => {
  it.each([[[2, 3, 4, 3]], [[1, 2, 5]]])('is right for [%s]', async (x) => {
    await checkGradient({ model: oneNode('GlobalAveragePool', { x }) });
  });
});
