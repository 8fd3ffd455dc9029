import fc from 'fast-check';
import { describe, it } from 'vitest';
import { cases } from '../testing/cases.ts';
import { checkGradient } from '../testing/check-gradient.ts';
import { oneNode } from '../testing/one-node.ts';

const size = fc.integer({ min: 1, max: 4 });

describe('the gradient of Gemm', () => {
  it('is right for any transposition, factor and addend', async () => {
    const addend = fc.constantFrom<'none' | 'full' | 'row' | 'column' | 'vector' | 'scalar'>(
      'none',
      'full',
      'row',
      'column',
      'vector',
      'scalar',
    );
    const factor = fc.constantFrom(1, 0.5, -2);
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(size, size, size),
        fc.boolean(),
        fc.boolean(),
        addend,
        factor,
        factor,
        async ([m, k, n], transA, transB, shape, alpha, beta) => {
          const dims = { none: undefined, full: [m, n], row: [1, n], column: [m, 1], vector: [n], scalar: [] }[shape];
          const operands = { a: transA ? [k, m] : [m, k], b: transB ? [n, k] : [k, n], c: dims };
          const attributes = {
            transA: Number(transA),
            transB: Number(transB),
            alpha: { float: alpha },
            beta: { float: beta },
          };
          await checkGradient({ model: oneNode('Gemm', operands, attributes) });
        },
      ),
      cases(30),
    );
  });
});

describe('the gradient of MatMul', () => {
  it.each([
    [
      [2, 3],
      [3, 4],
    ],
    [[3], [3, 4]],
    [[2, 3], [3]],
    [[3], [3]],
    [
      [2, 2, 3],
      [3, 4],
    ],
    [
      [2, 3],
      [2, 3, 4],
    ],
    [
      [3, 1, 2, 3],
      [2, 3, 4],
    ],
    [
      [1, 2, 3],
      [3, 3, 2],
    ],
    [[2, 2, 3], [3]],
    [[3], [2, 3, 4]],
  ])('is right for [%s] · [%s]', async (a, b) => {
    await checkGradient({ model: oneNode('MatMul', { a, b }) });
  });
});
