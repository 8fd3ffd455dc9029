import { describe, expect, test } from 'vitest';
import { Random } from '../random.ts';
import { bootstrap, bootstrapInterval, pairedError } from './bootstrap.ts';
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

  test('of fewer than five subjects is that of their images, and says so', () => {
    const request = answered(120, (row) => row % 10 === 0);
    const of = (subjects: number) =>
      bootstrapInterval(hat, { ...request, groups: Int32Array.from({ length: 120 }, (_, row) => row % subjects) });
    expect(of(5).drawn).toBe('subject');
    for (const few of [1, 3, 4]) expect(of(few)).toEqual(bootstrapInterval(hat, request));
    expect(of(1)).toMatchObject({ drawn: 'image' });
    expect(of(1).high - of(1).low).toBeGreaterThan(0.05);
  });

  test('where every answer is right or wrong is that of Clopper and Pearson', () => {
    const right = bootstrapInterval(
      hat,
      answered(20, () => false),
    );
    expect(right.low).toBeCloseTo(0.8316, 4);
    expect(right.high).toBe(1);
    expect(right.standardError).toBeGreaterThan(0.04);
    const wrong = bootstrapInterval(
      hat,
      answered(20, () => true),
    );
    expect([wrong.low, wrong.high]).toEqual([0, expect.closeTo(1 - 0.8316, 4)]);
  });

  test('of a difference knows what both get wrong: McNemar at 20 common and 12 single errors of 200', () => {
    const was = bootstrap(
      hat,
      answered(200, (row) => row < 20),
    );
    const now = bootstrap(
      hat,
      answered(200, (row) => row < 32),
    );
    // √(b + c − (b − c)² / n) / n with b = 12 and c = 0.
    expect(pairedError(was.draws, now.draws)).toBeCloseTo(Math.sqrt(12 - 144 / 200) / 200, 2.5);
    expect(pairedError(was.draws, was.draws)).toBe(0);
    expect(() => pairedError(was.draws, now.draws.subarray(1))).toThrow(RangeError);
  });

  test('is the same for the same seed', () => {
    const request = answered(50, (row) => row === 3);
    expect(bootstrapInterval(hat, request)).toEqual(bootstrapInterval(hat, request));
    expect(bootstrapInterval(hat, { ...request, seed: 2 })).not.toEqual(bootstrapInterval(hat, request));
  });
});
