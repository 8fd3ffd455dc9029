import fc from 'fast-check';
import { describe, it } from 'vitest';
import { cases, windows } from '../testing/cases.ts';
import { checkGradient } from '../testing/check-gradient.ts';
import { oneNode } from '../testing/one-node.ts';

/** Batch, groups, channels in and out of each group, and whether there is a bias. */
const channels = fc.tuple(
  fc.integer({ min: 1, max: 2 }),
  fc.integer({ min: 1, max: 3 }),
  fc.integer({ min: 1, max: 3 }),
  fc.integer({ min: 1, max: 2 }),
  fc.boolean(),
);

describe('the gradient of Conv', () => {
  it('is right for any stride, padding, dilation and group', async () => {
    await fc.assert(
      fc.asyncProperty(windows(), channels, async (window, [batch, group, inner, outer, biased]) => {
        const { large, kernel, strides, dilations, pads } = window;
        const operands = {
          x: [batch, group * inner, ...large],
          w: [group * outer, inner, ...kernel],
          b: biased ? [group * outer] : undefined,
        };
        await checkGradient({ model: oneNode('Conv', operands, { strides, dilations, pads, group }) });
      }),
      cases(40),
    );
  });

  it.each(['SAME_UPPER', 'SAME_LOWER', 'VALID'])('is right with auto_pad %s', async (auto_pad) => {
    for (const [kernel, stride] of [
      [3, 1],
      [2, 1],
      [3, 2],
      [4, 3],
    ] as const) {
      const operands = { x: [2, 2, 7, 6], w: [3, 2, kernel, kernel], b: [3] };
      await checkGradient({ model: oneNode('Conv', operands, { auto_pad, strides: [stride, stride] }) });
    }
  });

  it.each([
    ['more padding than kernel', [2, 3, 5, 5], [4, 3, 3, 3], { pads: [3, 4, 5, 3] }],
    ['input left over behind the last window', [1, 2, 8, 9], [2, 2, 2, 2], { strides: [3, 4] }],
    ['three axes', [1, 2, 4, 3, 4], [2, 2, 2, 3, 2], { pads: [0, 1, 1, 1, 1, 0] }],
    ['a kernel of one at stride 2', [2, 3, 5, 5], [4, 3, 1, 1], { strides: [2, 2] }],
    ['many channels', [2, 9, 6, 6], [5, 9, 3, 3], { pads: [1, 1, 1, 1] }],
    ['many positions', [1, 8, 64, 64], [2, 8, 3, 3], { pads: [1, 1, 1, 1] }],
  ])('is right with %s', async (_name, x, w, attributes) => {
    await checkGradient({ model: oneNode('Conv', { x, w }, attributes) });
  });
});
