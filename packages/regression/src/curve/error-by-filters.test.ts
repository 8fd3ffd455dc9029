import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import type { TaskSpec } from '../task/spec.ts';
import { curve } from './curve.ts';
import { errorByFilters } from './error-by-filters.ts';
import { errorWithin } from './error-within.ts';
import { knee } from './knee.ts';

const FILTERS = 12;

function curveOf(targets: readonly string[]) {
  const random = Random.seeded(3);
  const task: TaskSpec = { name: 'task', type: 'continuous', targets: [...targets] };
  const responses = Float32Array.from({ length: 160 * FILTERS }, () => random.normal());
  const labels = Float64Array.from({ length: 160 * targets.length }, (_, i) => {
    const row = Math.floor(i / targets.length);
    return responses[row * FILTERS + 1]! + 0.5 * responses[row * FILTERS + 4]! + 0.3 * random.normal();
  });
  return curve({ responses, labels, task, seed: 1 });
}

describe.each([
  ['one target', ['a']],
  ['two targets', ['a', 'b']],
])('the error with at most k filters, %s', (_name, targets) => {
  const found = curveOf(targets);
  const errors = errorByFilters(found);

  it('is there for every k, and never rises', () => {
    expect(errors).toHaveLength(FILTERS + 1);
    errors.forEach((error, k) => expect(error).toBeLessThanOrEqual(errors[Math.max(0, k - 1)]!));
    expect(errors.every(Number.isFinite)).toBe(true);
  });

  it('is what the knee promises, at any ε', () => {
    for (const epsilon of [0.001, 0.01, 0.1, 0.3, 0.7]) {
      const { filters, rmse } = knee(found, epsilon);
      expect(errors[filters]).toBe(rmse);
    }
    expect(errors[FILTERS]).toBe(knee(found, 0.01).rmseMin);
  });

  it('with some filters alone is that of the knee for its own, of all for all, and of none for none', () => {
    const every = Array.from({ length: FILTERS }, (_, filter) => filter);
    for (const epsilon of [0.01, 0.1, 0.5]) {
      const { kept, rmse } = knee(found, epsilon);
      expect(errorWithin(found, new Set(kept))).toBeLessThanOrEqual(rmse);
      // Filters that tell nothing promise no more, and none that told are taken away.
      expect(errorWithin(found, new Set([...kept, 0]))).toBeLessThanOrEqual(errorWithin(found, new Set(kept)));
    }
    expect(errorWithin(found, new Set(every))).toBe(errors[FILTERS]);
    expect(errorWithin(found, new Set())).toBe(errors[0]);
    expect(errorWithin(found, new Set([0, 2]))).toBe(errors[0]);
  });
});
