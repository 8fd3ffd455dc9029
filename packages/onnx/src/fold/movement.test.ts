import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  broadcast,
  concatenate,
  move,
  reshapeTarget,
  selection,
  sliceRange,
  transposition,
  volume,
} from './movement.ts';

const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
const counting = (dims: readonly number[]) => Int32Array.from({ length: volume(dims) }, (_, i) => i);

describe('movements', () => {
  it('a transposition followed by its inverse changes nothing', () => {
    const drawn = shape.chain((dims) =>
      fc.tuple(fc.constant(dims), fc.shuffledSubarray([...dims.keys()], { minLength: dims.length })),
    );
    fc.assert(
      fc.property(drawn, ([dims, perm]) => {
        const there = transposition(dims, perm);
        const back = transposition(
          there.dims,
          perm.map((_, axis) => perm.indexOf(axis)),
        );
        expect(back.dims).toEqual(dims);
        expect(move(move(counting(dims), there), back)).toEqual(counting(dims));
      }),
    );
  });

  it('parts selected along an axis join to the whole again', () => {
    const drawn = shape.chain((dims) => fc.tuple(fc.constant(dims), fc.nat(dims.length - 1), fc.nat(3)));
    fc.assert(
      fc.property(drawn, ([dims, axis, cut]) => {
        const positions = [...Array(dims[axis]).keys()];
        const parts = [positions.slice(0, cut), positions.slice(cut)].map((list) => {
          const part = selection(dims, axis, list);
          return { dims: part.dims, data: move(counting(dims), part) };
        });
        expect(concatenate(parts, axis)).toEqual({ dims, data: counting(dims) });
      }),
    );
  });

  it('broadcasting repeats along axes of size 1 and new ones', () => {
    expect([...move(Int32Array.of(1, 2), broadcast([2, 1], [2, 2, 2]))]).toEqual([1, 1, 2, 2, 1, 1, 2, 2]);
  });
});

it.each([
  [[2, 3, 4], [0, -1], false, [2, 12]],
  [[2, 3, 4], [4, 0, -1], false, [4, 3, 2]],
  [[2, 3], [7], false, undefined],
  [[2, 3], [-1, 4], false, undefined],
  [[0, 3], [0, 5], true, [0, 5]],
])('Reshape of %j to %j asks for %j', (dims, operand, allowZero, target) => {
  expect(reshapeTarget(dims, operand, allowZero)).toEqual(target);
});

it.each([
  [8, 2, 5, 1, { start: 2, count: 3 }],
  [8, -3, Number.MAX_SAFE_INTEGER, 1, { start: 5, count: 3 }],
  [8, 0, 8, 3, { start: 0, count: 3 }],
  [8, -1, Number.MIN_SAFE_INTEGER, -1, { start: 7, count: 8 }],
  [8, 6, 2, 1, { start: 6, count: 0 }],
  [8, 20, 30, 1, { start: 8, count: 0 }],
])('Slice of %i from %i to %i by %i', (size, start, end, step, range) => {
  expect(sliceRange(size, start, end, step)).toEqual(range);
});
