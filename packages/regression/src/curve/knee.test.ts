import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failureOf } from '../testing/failure-of.ts';
import type { CharacteristicCurve } from './characteristic-curve.ts';
import { knee } from './knee.ts';

interface DrawnPoint {
  readonly kept: readonly number[];
  readonly train: number;
  readonly validation: number;
}

/** A curve of sampled points, as those of several targets are. */
function sampledCurve(drawn: readonly DrawnPoint[]): CharacteristicCurve {
  let before: readonly number[] = [];
  const supports = drawn.map(({ kept }) => {
    const changes = [
      ...before.filter((j) => !kept.includes(j)).map((j) => -(j + 1)),
      ...kept.filter((j) => !before.includes(j)).map((j) => j + 1),
    ];
    before = kept;
    return changes;
  });
  return {
    task: 'pose',
    targets: ['yaw', 'pitch'],
    filters: 10,
    grouped: true,
    standardised: true,
    trial: 0,
    n: { train: 2, validation: 1, test: 1 },
    lambdaMax: 1,
    points: drawn.map(({ kept, train, validation }, i) => ({
      lambda: 0.5 ** i,
      filters: kept.length,
      rmseTrain: train,
      rmseValidation: validation,
      gap: 0,
    })),
    supports,
    uncertified: [],
    segments: null,
    skipped: [],
    complete: true,
  };
}

const pointsOf = (rmse: readonly number[], kept: readonly (readonly number[])[]): DrawnPoint[] =>
  rmse.map((value, i) => ({ kept: kept[i] ?? [], train: value, validation: value }));

describe('the knee of a sampled curve', () => {
  const example = sampledCurve(pointsOf([10, 6, 3, 2.05, 2], [[], [4], [4, 1], [4, 1, 7], [1, 4, 7, 9]]));

  test('is the smallest number of filters within ε of the whole drop', () => {
    expect(knee(example, 0.6)).toMatchObject({ filters: 1, kept: [4], rmse: 6, lambda: 0.5, rmseMin: 2, rmseMax: 10 });
    expect(knee(example, 0.1)).toMatchObject({ filters: 3, kept: [1, 4, 7] });
    expect(knee(example, 0.2)).toMatchObject({ filters: 2, kept: [1, 4] });
    expect(knee(example, 0.001)).toMatchObject({ filters: 4, kept: [1, 4, 7, 9] });
  });

  test('reads validation unless asked for train', () => {
    const twofold = sampledCurve([
      { kept: [], train: 10, validation: 10 },
      { kept: [2], train: 5, validation: 4 },
      { kept: [2, 3], train: 1, validation: 6 },
    ]);
    expect(knee(twofold, 0.01)).toMatchObject({ on: 'validation', filters: 1, rmse: 4 });
    expect(knee(twofold, 0.01, { on: 'train' })).toMatchObject({ on: 'train', filters: 2, rmse: 1 });
  });

  test('takes the better of two sets of equal size', () => {
    const twice = sampledCurve(pointsOf([10, 5, 3, 2.9, 1], [[], [0], [0, 1], [0, 2], [0, 1, 2]]));
    expect(knee(twice, 0.25)).toMatchObject({ filters: 2, kept: [0, 2], rmse: 2.9 });
  });

  test('is not moved by an error that explodes behind the minimum', () => {
    const kept = [[], [0], [0, 1], [0, 1, 2], [0, 1, 2, 3]];
    const tame = knee(sampledCurve(pointsOf([10, 6, 3, 2, 2.5], kept)), 0.1);
    expect(knee(sampledCurve(pointsOf([10, 6, 3, 2, 500], kept)), 0.1)).toEqual(tame);
  });

  test('is no filter at all on a flat curve, and where no filter helps', () => {
    expect(knee(sampledCurve(pointsOf([3, 3, 3], [[], [1], [1, 2]])), 0.01)).toMatchObject({ filters: 0, kept: [] });
    expect(knee(sampledCurve(pointsOf([3, 4, 5], [[], [1], [1, 2]])), 0.01)).toMatchObject({ filters: 0, kept: [] });
    expect(knee(sampledCurve(pointsOf([3], [[]])), 0.01)).toMatchObject({
      filters: 0,
      kept: [],
      rmseMin: 3,
      rmseMax: 3,
    });
  });

  test('never loses filters as ε falls, and meets its inequality', () => {
    const errors = fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: 2, maxLength: 8 });
    const epsilon = fc.double({ min: 1e-4, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(errors, epsilon, epsilon, (drawn, a, b) => {
        const nested = drawn.map((_, i) => Array.from({ length: i }, (_, j) => j));
        const drawnCurve = sampledCurve(pointsOf(drawn, nested));
        const [tight, loose] = [knee(drawnCurve, Math.min(a, b)), knee(drawnCurve, Math.max(a, b))];
        expect(tight.filters).toBeGreaterThanOrEqual(loose.filters);
        expect(tight.kept).toHaveLength(tight.filters);
        const allowed = tight.epsilon * (tight.rmseMax - tight.rmseMin);
        expect(tight.rmse - tight.rmseMin).toBeLessThanOrEqual(allowed * (1 + 1e-12) + 1e-12);
        drawn
          .slice(0, tight.filters)
          .forEach((rmse) => expect(rmse - tight.rmseMin).toBeGreaterThan(allowed * (1 - 1e-12) - 1e-12));
      }),
    );
  });
});

test('the knee of an exact path lies between samples where the error is lowest', () => {
  // Filter 3 is alone from λ = 4 to 2, filter 5 joins until 1, then 3 leaves. On train the error falls steadily; on validation
  // MSE = 8 − 12t + 9t² at first, lowest between the knots at t = 2/3, λ = 8/3.
  const base = sampledCurve(pointsOf([Math.sqrt(8)], [[]]));
  const exact: CharacteristicCurve = {
    ...base,
    grouped: false,
    targets: ['yaw'],
    segments: {
      lambda: [4, 2, 1, 0.5],
      change: [4, 6, -4],
      train: [8, -4, 0, 4, -3, 0, 1, -0.75, 0],
      validation: [8, -12, 9, 5, 0, 0, 5, 0, 0],
    },
  };
  const found = knee(exact, 0.01);
  expect(found).toMatchObject({ filters: 1, kept: [3] });
  expect(found.lambda).toBeCloseTo(8 / 3, 12);
  expect(found.rmse).toBeCloseTo(2, 12);
  expect(knee(exact, 0.01, { on: 'train' })).toMatchObject({ filters: 1, lambda: 0.5, rmse: 0.5, kept: [5] });
});

test.each([0, 1, -0.1, 2, NaN, Infinity])('ε = %d is refused', (epsilon) => {
  const failure = failureOf(() => knee(sampledCurve(pointsOf([1], [[]])), epsilon));
  expect(failure).toMatchObject({ code: 'REGRESSION_SETTING_INVALID', where: 'epsilon' });
});
