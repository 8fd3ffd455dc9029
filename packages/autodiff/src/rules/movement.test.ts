import { DataType, floatTensor, GraphBuilder, intTensor } from '@kneepoint/onnx';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { checkGradient } from '../testing/check-gradient.ts';
import { gradientProperty, gradientTable, type Row } from '../testing/gradient-table.ts';

const shaped = (
  op: string,
  x: readonly number[],
  operand?: readonly number[],
  attributes: Row['attributes'] = {},
): Row => ({
  op,
  operands: { x, ...(operand && { operand: intTensor(operand) }) },
  attributes,
});

gradientTable('movement', {
  Reshape: shaped('Reshape', [2, 3, 4], [0, -1]),
  Flatten: shaped('Flatten', [2, 3, 4], undefined, { axis: 2 }),
  'Flatten from the first axis': shaped('Flatten', [2, 3, 4], undefined, { axis: 0 }),
  Squeeze: shaped('Squeeze', [1, 3, 1, 2], [0, -2]),
  'Squeeze of all': shaped('Squeeze', [1, 3, 1, 2]),
  Unsqueeze: shaped('Unsqueeze', [3, 2], [0, -1]),
  Transpose: shaped('Transpose', [2, 3, 4], undefined, { perm: [1, 2, 0] }),
  'Transpose without an order': shaped('Transpose', [2, 3, 4]),
  Expand: shaped('Expand', [3, 1], [2, 1, 4]),
  Tile: shaped('Tile', [2, 1, 3], [1, 3, 2]),
  'Tile once': shaped('Tile', [2, 3], [1, 1]),
  'DepthToSpace, depth first': shaped('DepthToSpace', [2, 8, 2, 3], undefined, { blocksize: 2 }),
  'DepthToSpace, column first': shaped('DepthToSpace', [2, 8, 2, 3], undefined, { blocksize: 2, mode: 'CRD' }),
  SpaceToDepth: shaped('SpaceToDepth', [2, 3, 4, 6], undefined, { blocksize: 2 }),
  'Concat of three': { op: 'Concat', operands: { a: [2, 3], b: [2, 1], c: [2, 2] }, attributes: { axis: -1 } },
  'Concat of one': { op: 'Concat', operands: { a: [2, 3] }, attributes: { axis: 0 } },
  'Concat with what does not train': {
    op: 'Concat',
    operands: { a: floatTensor([1, 2], [1, 2]), b: [3, 2], c: floatTensor([2, 2], [3, 4, 5, 6]) },
    attributes: { axis: 0 },
    options: { by: ['b'] },
  },
  'Split by sizes': {
    ...shaped('Split', [2, 6], [1, 3, 2], { axis: 1 }),
    outputs: [DataType.FLOAT, DataType.FLOAT, DataType.FLOAT],
  },
  'Split into equal parts, the last smaller': {
    ...shaped('Split', [5, 2], undefined, { num_outputs: 3 }),
    outputs: [DataType.FLOAT, DataType.FLOAT, DataType.FLOAT],
  },
});

const size = fc.integer({ min: 1, max: 4 });
const shape = fc.array(size, { minLength: 1, maxLength: 4 });

describe('random settings', () => {
  gradientProperty(
    'of Transpose',
    shape.chain((x) => {
      const axes = x.map((_, axis) => axis);
      const perms = fc.shuffledSubarray(axes, { minLength: x.length, maxLength: x.length });
      return perms.map((perm) => shaped('Transpose', x, undefined, { perm }));
    }),
  );

  gradientProperty(
    'of Concat',
    fc.tuple(shape, fc.array(size, { minLength: 1, maxLength: 4 }), fc.nat()).map(([base, sizes, at]) => {
      const axis = at % base.length;
      const parts = sizes.map((length, i) => [`x${i}`, base.map((dim, a) => (a === axis ? length : dim))] as const);
      return { op: 'Concat', operands: Object.fromEntries(parts), attributes: { axis } };
    }),
  );

  gradientProperty(
    'of Split',
    fc.tuple(shape, fc.array(size, { minLength: 1, maxLength: 4 }), fc.nat()).map(([base, sizes, at]) => {
      const axis = at % base.length;
      const whole = base.map((dim, a) => (a === axis ? sizes.reduce((sum, length) => sum + length, 0) : dim));
      return { ...shaped('Split', whole, sizes, { axis }), outputs: sizes.map(() => DataType.FLOAT) };
    }),
  );

  gradientProperty(
    'of Expand',
    fc.tuple(shape, fc.nat()).map(([whole, choice]) => {
      const thinned = whole.map((dim, axis) => ((choice >> axis) % 2 === 1 ? 1 : dim));
      return shaped('Expand', thinned, whole);
    }),
  );
});

describe('Split', () => {
  it('gives zeros to a part that nothing depends on', async () => {
    const graph = new GraphBuilder({ opset: 18 });
    const parts = graph.multi('Split', [graph.input('x', [2, 5]), graph.init(intTensor([2, 1, 2]))], 3, { axis: 1 });
    graph.output(graph.node('Tanh', [parts[2]!]));
    await checkGradient({ model: graph.build() });
  });
});
