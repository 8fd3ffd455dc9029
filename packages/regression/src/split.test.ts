import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failureOf } from './testing/failure-of.ts';
import { splitRows, TEST, TRAIN, VALIDATION } from './split.ts';

const sizes = (parts: Uint8Array) => [TRAIN, VALIDATION, TEST].map((part) => parts.filter((p) => p === part).length);

describe('a split by row', () => {
  test('has shares of 50, 25 and 25 per cent to one row, none empty', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 500 }), fc.integer(), (rows, seed) => {
        const [train = 0, validation = 0, test = 0] = sizes(splitRows({ rows, seed, trial: 0 }));
        expect(Math.abs(train - rows / 2)).toBeLessThanOrEqual(1);
        expect(Math.abs(validation - rows / 4)).toBeLessThanOrEqual(1);
        expect(Math.abs(test - rows / 4)).toBeLessThanOrEqual(1);
        expect(Math.min(train, validation, test)).toBeGreaterThan(0);
      }),
    );
  });

  test('is the same for the same seed and another for another trial', () => {
    const request = { rows: 100, seed: 5, trial: 0 };
    expect(splitRows(request)).toEqual(splitRows(request));
    expect(splitRows(request)).not.toEqual(splitRows({ ...request, trial: 1 }));
    expect(splitRows(request)).not.toEqual(splitRows({ ...request, seed: 6 }));
  });

  test('is refused under three rows', () => {
    expect(failureOf(() => splitRows({ rows: 2, seed: 1, trial: 0 })).code).toBe('REGRESSION_TOO_FEW_ROWS');
  });
});

describe('a split by group', () => {
  const groupSizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 3, maxLength: 40 });

  test('never tears a group apart, leaves no part empty, and misses a share by at most the largest group', () => {
    fc.assert(
      fc.property(groupSizes, fc.integer(), (lengths, seed) => {
        const groups = Int32Array.from(lengths.flatMap((length, id) => Array.from({ length }, () => id)));
        const parts = splitRows({ rows: groups.length, seed, trial: 1, groups });
        const partOf = new Map<number, number>();
        groups.forEach((id, row) => {
          expect(partOf.get(id) ?? parts[row]).toBe(parts[row]);
          partOf.set(id, parts[row] as number);
        });
        const counts = sizes(parts);
        expect(Math.min(...counts)).toBeGreaterThan(0);
        if (lengths.length < 8) return;
        const largest = Math.max(...lengths);
        [0.5, 0.25, 0.25].forEach((share, part) => {
          expect(Math.abs((counts[part] as number) - share * groups.length)).toBeLessThanOrEqual(largest + 1);
        });
      }),
    );
  });

  test('does not depend on the order of the rows', () => {
    const groups = Int32Array.from({ length: 60 }, (_, i) => i % 12);
    const reversed = groups.slice().reverse();
    const parts = splitRows({ rows: 60, seed: 9, trial: 0, groups });
    expect(splitRows({ rows: 60, seed: 9, trial: 0, groups: reversed }).reverse()).toEqual(parts);
  });

  test('is refused under three groups, and for the wrong number of ids', () => {
    const groups = Int32Array.of(1, 1, 2, 2);
    expect(failureOf(() => splitRows({ rows: 4, seed: 1, trial: 0, groups })).code).toBe('REGRESSION_SPLIT_IMPOSSIBLE');
    expect(failureOf(() => splitRows({ rows: 5, seed: 1, trial: 0, groups })).code).toBe('REGRESSION_SHAPE');
  });
});
