import { describe, expect, test } from 'vitest';
import { Random } from '../random.ts';
import { bootstrapInterval } from './bootstrap.ts';
import type { TaskSpec } from './spec.ts';

const hat: TaskSpec = { name: 'hat', type: 'binary', targets: ['hat'] };
const yaw: TaskSpec = { name: 'yaw', type: 'continuous', targets: ['yaw'] };

/** A binary task answered rightly for all but the rows that are named wrong. */
function answered(rows: number, wrong: (row: number) => boolean) {
  const labels = Float64Array.from({ length: rows }, (_, row) => row % 2);
  const scores = labels.map((label, row) => (wrong(row) ? 1 - label : label));
  return { labels, scores, thresholds: [0.5] };
}

describe('a bootstrap interval', () => {
  test('of an accuracy has the standard error of a binomial', () => {
    const { low, high, standardError } = bootstrapInterval(hat, {
      ...answered(400, (row) => row % 5 === 0),
      resamples: 2000,
    });
    const exact = Math.sqrt((0.8 * 0.2) / 400);
    expect(standardError / exact).toBeGreaterThan(0.9);
    expect(standardError / exact).toBeLessThan(1.1);
    expect((high - low) / (2 * 1.96 * exact)).toBeGreaterThan(0.9);
    expect((high - low) / (2 * 1.96 * exact)).toBeLessThan(1.1);
    expect([low < 0.8, high > 0.8]).toEqual([true, true]);
  });

  test('is wider where the images of a subject fail together', () => {
    const request = answered(400, (row) => Math.floor(row / 40) < 2);
    const single = bootstrapInterval(hat, request);
    const groups = Int32Array.from({ length: 400 }, (_, row) => Math.floor(row / 40));
    const clustered = bootstrapInterval(hat, { ...request, groups });
    expect(clustered.standardError).toBeGreaterThan(4 * single.standardError);
  });

  test('covers the true error of a value in about 95 of 100 draws', () => {
    const random = Random.seeded(7);
    let covered = 0;
    for (let trial = 0; trial < 100; trial++) {
      const labels = new Float64Array(150);
      const scores = Float64Array.from(labels, () => random.normal());
      const { low, high } = bootstrapInterval(yaw, { labels, scores, thresholds: [], seed: trial, resamples: 200 });
      if (low <= 1 && high >= 1) covered++;
    }
    expect(covered).toBeGreaterThan(86);
    expect(covered).toBeLessThan(100);
  });

  test('is the same for the same seed, and a point where nothing varies', () => {
    const request = answered(50, (row) => row === 3);
    expect(bootstrapInterval(hat, request)).toEqual(bootstrapInterval(hat, request));
    expect(bootstrapInterval(hat, { ...request, seed: 2 })).not.toEqual(bootstrapInterval(hat, request));
    expect(
      bootstrapInterval(
        hat,
        answered(50, () => false),
      ),
    ).toEqual({ low: 1, high: 1, standardError: 0 });
  });
});
