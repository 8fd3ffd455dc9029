import { describe, expect, it } from 'vitest';
import type { BatchOutputs, ModelOutput } from './compare.ts';
import { compareOutputs, inputDependence } from './compare.ts';

const outputs = (data: readonly number[], more: Partial<ModelOutput> = {}): BatchOutputs => ({
  images: [2],
  results: [new Map([['y', { dims: [data.length], data: Float64Array.from(data), ...more }]])],
});
const differ = (a: readonly number[], b: readonly number[], more: Partial<ModelOutput> = {}) =>
  compareOutputs(outputs(a, more), outputs(b, more));

describe('answers are compared', () => {
  it('by the largest difference over the largest magnitude', () => {
    expect(differ([1, 2, 8.5], [1, 2, 8])).toMatchObject({ maxAbsDiff: 0.5, maxRelDiff: 0.0625 });
  });

  it('of whole numbers by the share that differs, however far apart', () => {
    expect(differ([1, 2, 900, 4], [1, 2, 3, 4], { whole: true })).toMatchObject({ maxAbsDiff: 0.25, maxRelDiff: 0.25 });
    expect(inputDependence(outputs([1, 2, 1, 900], { whole: true })).get('y')).toBe(0.5);
  });

  it('without those that rounding decides', () => {
    const [a, b] = [outputs([1, 9, 3, 4], { whole: true }), outputs([1, 2, 3, 4], { whole: true })];
    expect(compareOutputs(a, b, new Map([['y', [Uint8Array.of(0, 1, 0, 0)]]])).maxAbsDiff).toBe(0);
    expect(compareOutputs(a, b, new Map([['y', ['all']]])).maxAbsDiff).toBe(0);
    expect(compareOutputs(a, b, new Map([['y', [Uint8Array.of(1, 0, 0, 0)]]])).maxAbsDiff).toBe(0.25);
  });

  it('where they are not finite by being the same', () => {
    expect(differ([NaN, -Infinity, 1], [NaN, -Infinity, 1]).maxAbsDiff).toBe(0);
    for (const other of [Infinity, NaN, 5])
      expect(differ([1, other], [1, -Infinity])).toMatchObject({ maxAbsDiff: Number.MAX_VALUE });
    expect(JSON.stringify(differ([1, 2], [NaN, 0.1]).perOutput)).not.toContain('null');
  });

  it('as far apart as can be where one is longer', () => {
    expect(differ([1, 2, 3], [1, 2]).maxAbsDiff).toBe(Number.MAX_VALUE);
    expect(differ([1, 2, 3], [1, 2], { whole: true }).maxRelDiff).toBe(1);
    expect(differ([1], [], { whole: true }).maxRelDiff).toBeGreaterThan(0);
  });
});
