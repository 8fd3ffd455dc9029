import { describe, expect, it } from 'vitest';
import { range, siege } from '../../bench/hostile/siege.ts';
import type { SubjectName } from '../../bench/hostile/subjects.ts';

/** The first seed; the long run (bench/hostile/run.ts) begins at 0. */
const FROM = 10_000_000;

describe('spoiled files, a fiftieth of the long run', () => {
  it.each<[SubjectName, number, number]>([
    ['models', 2000, 2],
    ['images', 200, 1],
    ['data sets', 200, 1],
  ])(
    '%s are all taken or refused with a code, within five seconds each and within their memory',
    async (subject, count, processes) => {
      const report = await siege({ subject, seeds: range(FROM, count), processes });
      expect([report.wrong, report.deaths]).toEqual([[], []]);
      // Both happen, else nothing is tried: a door that takes all, or none.
      expect(report.outcomes['accepted']).toBeGreaterThan(count / 50);
      expect(Object.keys(report.outcomes).length).toBeGreaterThan(2);
    },
  );
});

/** Seeds that were once received wrongly: pages of a Parquet file that do not decode, a zip whose entry is damaged. */
const CASES: Readonly<Partial<Record<SubjectName, readonly number[]>>> = {
  'data sets': [36, 76, 80, 116, 125, 231, 271, 369, 387, 469, 633, 640, 651, 820, 886, 976],
};

it.each(Object.entries(CASES))('%s that were once received wrongly are refused with a code', async (subject, seeds) => {
  const report = await siege({ subject: subject as SubjectName, seeds, processes: 1 });
  expect([report.wrong, report.deaths]).toEqual([[], []]);
});
