import fc from 'fast-check';
import { describe, it } from 'vitest';
import { cases, windows } from '../testing/cases.ts';
import { checkGradient } from '../testing/check-gradient.ts';
import { oneNode } from '../testing/one-node.ts';

const channels = fc.tuple(
  fc.integer({ min: 1, max: 2 }),
  fc.integer({ min: 1, max: 2 }),
  fc.integer({ min: 1, max: 3 }),
  fc.integer({ min: 1, max: 3 }),
  fc.boolean(),
);

describe('the gradient of ConvTranspose', () => {
  it('is right for any stride, padding, dilation, output padding and group', async () => {
    await fc.assert(
      fc.asyncProperty(windows(), channels, fc.nat(2), async (window, [batch, group, inner, outer, biased], extra) => {
        const { kernel, strides, dilations, pads } = window;
        const small = window.large.map((size) => Math.min(size, 4));
        const operands = {
          x: [batch, group * inner, ...small],
          w: [group * inner, outer, ...kernel],
          b: biased ? [group * outer] : undefined,
        };
        const output_padding = strides.map((stride) => Math.min(extra, stride - 1));
        // What the padding takes away must leave something.
        const left = small.map((size, axis) => {
          const full = strides[axis]! * (size - 1) + dilations[axis]! * (kernel[axis]! - 1) + 1 + output_padding[axis]!;
          return full - pads[axis]! - pads[axis + kernel.length]!;
        });
        fc.pre(left.every((size) => size > 0));
        const attributes = { strides, dilations, pads, group, output_padding };
        await checkGradient({ model: oneNode('ConvTranspose', operands, attributes) });
      }),
      cases(30),
    );
  });

  it.each([
    { auto_pad: 'SAME_UPPER', strides: [2, 2] },
    { auto_pad: 'SAME_LOWER', strides: [2, 2] },
    { auto_pad: 'VALID', strides: [2, 2] },
    { output_shape: [8, 9], strides: [2, 2] },
  ])('is right with %o', async (attributes) => {
    await checkGradient({ model: oneNode('ConvTranspose', { x: [1, 2, 4, 4], w: [2, 3, 3, 3], b: [3] }, attributes) });
  });
});
