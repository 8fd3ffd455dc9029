import { describe, expect, test } from 'vitest';
import { centre, scalingOf } from '../statistics/centre.ts';
import { Moments, pilotOf } from '../statistics/moments.ts';
import { explainedShare, hScore } from './h-score.ts';
import { logMe } from './log-me.ts';
import { rankCorrelation } from './rank-correlation.ts';

const ROWS = 120;
const FILTERS = 7;
/** More than there are rows. */
const WIDE = 200;

/** The responses, values and classes of fixtures/transferability.py. */
function made(filters = FILTERS): { responses: Float32Array; values: Float64Array; classes: number[] } {
  const responses = Float32Array.from({ length: ROWS * filters }, (_, at) => {
    const [i, j] = [Math.floor(at / filters), at % filters];
    return Math.abs(Math.sin(0.37 * (i + 1) * (j + 1) + 0.11 * j));
  });
  const f = (i: number, j: number): number => responses[i * filters + j]!;
  const rows = Array.from({ length: ROWS }, (_, i) => i);
  return {
    responses,
    values: Float64Array.from(rows, (i) => 3 * f(i, 0) - 2 * f(i, 1) + 0.3 * Math.sin(1.7 * i) + 5),
    classes: rows.map((i) => (i * 7 + Math.floor(4 * f(i, 2))) % 3),
  };
}

/** Moments about a point of their own, so that a score which forgets it is found out. */
function momentsOf(labels: Float64Array, targets: number, responses = made().responses): Moments {
  const rows = Int32Array.from({ length: ROWS }, (_, i) => i);
  const filters = responses.length / ROWS;
  return new Moments(pilotOf(responses, filters, labels, targets, rows)).add(responses, labels);
}

const values = momentsOf(made().values, 1);
const onehot = Float64Array.from(made().classes.flatMap((own) => [0, 1, 2].map((id) => (id === own ? 1 : 0))));
const classes = momentsOf(onehot, 3);

describe('scores that foresee a transfer', () => {
  // Made by fixtures/transferability.py, with NumPy.
  test('are those of their authors', () => {
    expect(logMe(values, [{ from: 0, count: 1 }])[0]).toBeCloseTo(-1.4411425825225905, 9);
    expect(logMe(classes, [{ from: 0, count: 3 }])[0]).toBeCloseTo(-0.7089900896999423, 9);
    const scaling = scalingOf(classes);
    expect(hScore(centre(classes, scaling), scaling.targetMean)).toBeCloseTo(0.017473305318059962, 9);
    expect(explainedShare(centre(values, scalingOf(values)))).toBeCloseTo(0.9580193767491769, 9);
    expect(logMe(momentsOf(made(WIDE).values, 1, made(WIDE).responses), [{ from: 0, count: 1 }])[0]).toBeCloseTo(
      -1.4654364322149926,
      9,
    );
  });

  test('of several tasks on one Gram matrix are those of each alone', () => {
    const both = Float64Array.from({ length: ROWS * 4 }, (_, at) => {
      const [row, target] = [Math.floor(at / 4), at % 4];
      return target === 3 ? made().values[row]! : onehot[row * 3 + target]!;
    });
    const [ofClasses, ofValues] = logMe(momentsOf(both, 4), [
      { from: 0, count: 3 },
      { from: 3, count: 1 },
    ]);
    expect(ofClasses).toBeCloseTo(logMe(classes, [{ from: 0, count: 3 }])[0]!, 9);
    expect(ofValues).toBeCloseTo(logMe(values, [{ from: 0, count: 1 }])[0]!, 9);
  });

  test('count a filter that is there twice, or always silent, once or not at all', () => {
    const wide = Float32Array.from({ length: ROWS * (FILTERS + 2) }, (_, at) => {
      const [row, filter] = [Math.floor(at / (FILTERS + 2)), at % (FILTERS + 2)];
      return filter === FILTERS ? 0 : made().responses[row * FILTERS + (filter > FILTERS ? 0 : filter)]!;
    });
    const doubled = momentsOf(onehot, 3, wide);
    const scaling = scalingOf(doubled);
    expect(hScore(centre(doubled, scaling), scaling.targetMean)).toBeCloseTo(0.017473305318059962, 6);
    expect(Number.isFinite(logMe(doubled, [{ from: 0, count: 3 }])[0])).toBe(true);
  });

  test('say nothing of a layer that is too wide or silent, of no rows, or of a class that no row is of', () => {
    const one = [{ from: 0, count: 1 }];
    const none = (filters: number) =>
      new Moments({ shift: new Float64Array(filters), targetShift: new Float64Array(1) });
    const two = (responses: Float32Array) => none(responses.length / 2).add(responses, Float64Array.of(0, 1));
    expect(logMe(two(new Float32Array(2 * 1025).fill(1)), one)).toEqual([null]);
    expect(logMe(none(3), one)).toEqual([null]);
    expect(logMe(two(new Float32Array(2 * 3)), one)).toEqual([null]);
    expect(logMe(two(Float32Array.of(0, 1)), one)).toEqual([expect.any(Number)]);
    const absent = Float64Array.from({ length: ROWS * 4 }, (_, at) =>
      at % 4 === 3 ? 0 : onehot[Math.floor(at / 4) * 3 + (at % 4)]!,
    );
    const [withAbsent, alone] = logMe(momentsOf(absent, 4), [
      { from: 0, count: 4 },
      { from: 3, count: 1 },
    ]);
    expect(withAbsent).toBeCloseTo(logMe(classes, [{ from: 0, count: 3 }])[0]!, 9);
    expect(alone).toBeNull();
  });
});

describe('rank correlation', () => {
  test('goes by order alone, equal numbers sharing their rank', () => {
    expect(rankCorrelation([1, 2, 3], [10, 100, 1000])).toBe(1);
    expect(rankCorrelation([1, 2, 3], [3, 2, 1])).toBe(-1);
    // np.corrcoef of the mean ranks [1, 2.5, 2.5, 4, 5] and [2, 1, 3.5, 3.5, 5]
    expect(rankCorrelation([1, 2, 2, 3, 5], [2, 1, 4, 4, 9])).toBeCloseTo(0.7631578947368421, 9);
  });

  test('is not known of numbers that are all equal', () => {
    expect(rankCorrelation([1, 1], [1, 2])).toBeNull();
    expect(rankCorrelation([], [])).toBeNull();
  });
});
