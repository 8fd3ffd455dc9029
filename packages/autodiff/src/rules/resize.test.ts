import { floatTensor, intTensor } from '@kneepoint/onnx';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradientsOf } from '../testing/check-gradient.ts';
import { gradientProperty, gradientTable, type Row } from '../testing/gradient-table.ts';
import { oneNode } from '../testing/one-node.ts';

const X = [2, 2, 4, 5];

const scaled = (scales: readonly number[], attributes: Row['attributes'] = {}): Row => ({
  op: 'Resize',
  operands: { x: X, roi: undefined, scales: floatTensor([scales.length], scales) },
  attributes,
  options: { by: ['x'] },
});

const sized = (sizes: readonly number[], attributes: Row['attributes'] = {}): Row => ({
  op: 'Resize',
  operands: { x: X, roi: undefined, scales: undefined, sizes: intTensor(sizes) },
  attributes,
  options: { by: ['x'] },
});

const nearest = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };

gradientTable('Resize to the nearest', {
  'twice the size, as PyTorch exports it': scaled([1, 1, 2, 2], nearest),
  'three times, half pixels': scaled([1, 1, 3, 3]),
  'a fractional scale': scaled([1, 1, 1.5, 0.6], nearest),
  'to sizes': sized([2, 2, 7, 3], { nearest_mode: 'ceil', coordinate_transformation_mode: 'asymmetric' }),
  'halves rounded up': sized([2, 2, 2, 10], { nearest_mode: 'round_prefer_ceil' }),
});

gradientTable('Resize between neighbours', {
  'linear, half pixels': scaled([1, 1, 2, 2], { mode: 'linear' }),
  'linear, as PyTorch exports it': sized([2, 2, 7, 1], {
    mode: 'linear',
    coordinate_transformation_mode: 'pytorch_half_pixel',
  }),
  'linear, corners aligned': sized([2, 2, 7, 9], { mode: 'linear', coordinate_transformation_mode: 'align_corners' }),
  'linear, along chosen axes': scaled([0.5, 2], { mode: 'linear', axes: [2, 3] }),
  cubic: scaled([1, 1, 2, 1.6], { mode: 'cubic' }),
});

const side = fc.integer({ min: 1, max: 10 });

gradientProperty(
  'Resize to any size in any way',
  fc
    .record({
      height: side,
      width: side,
      mode: fc.constantFrom('nearest', 'linear', 'cubic'),
      coordinate_transformation_mode: fc.constantFrom(
        'half_pixel',
        'pytorch_half_pixel',
        'align_corners',
        'asymmetric',
      ),
      nearest_mode: fc.constantFrom('round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'),
    })
    .map(({ height, width, ...attributes }) => sized([2, 2, height, width], attributes)),
  30,
);

describe('Resize', () => {
  it('that repeats pixels needs no matrix', async () => {
    const { op, operands, attributes } = scaled([1, 1, 2, 2], nearest);
    const model = oneNode(op, operands as Parameters<typeof oneNode>[1], attributes);
    const { operators } = await gradientsOf({ model, by: ['x'] });
    expect(operators.has('MatMul')).toBe(false);
  });

  it.each([
    ['antialias', { mode: 'linear', antialias: 1 }],
    ['tf_crop_and_resize', { coordinate_transformation_mode: 'tf_crop_and_resize' }],
  ])('says so where it has no derivative: %s', async (_name, attributes) => {
    const { op, operands } = scaled([1, 1, 0.5, 0.5]);
    const region = floatTensor([8], [0, 0, 0, 0, 1, 1, 1, 1]);
    const model = oneNode(op, { ...(operands as Parameters<typeof oneNode>[1]), roi: region }, attributes);
    await expect(gradientsOf({ model, by: ['x'] })).rejects.toMatchObject({
      code: 'AUTODIFF_OPERATOR',
      where: 'node resize1',
    });
  });
});
