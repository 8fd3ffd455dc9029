import { describe, expect, test } from 'vitest';
import { randomLayer } from '../testing/random-layer.ts';
import { tasksOf } from '../testing/tasks.ts';
import { type CharacteristicCurve, supportOfPoint } from './characteristic-curve.ts';
import { curve } from './curve.ts';
import { knee } from './knee.ts';

const layer = randomLayer({ rows: 400, filters: 20, noise: 1 });
const { yaw, pose } = tasksOf(layer.signal);
const yawCurve = curve({ responses: layer.responses, labels: yaw.labels, task: yaw.spec, seed: 1 });

function everyNumber(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(everyNumber) : [];
}

function errorAt({ segments }: CharacteristicCurve, lambda: number, part: 'train' | 'validation'): number {
  if (segments === null) throw new Error('no exact path');
  const at = Math.max(0, segments.lambda.findIndex((end, k) => k > 0 && end <= lambda) - 1);
  const [high = 0, low = 0] = segments.lambda.slice(at, at + 2);
  const t = Math.min(1, Math.max(0, (high - lambda) / (high - low)));
  const [c0 = 0, c1 = 0, c2 = 0] = segments[part].slice(3 * at, 3 * at + 3);
  return Math.sqrt(c0 + t * (c1 + t * c2));
}

describe('a characteristic curve', () => {
  test('has 100 λ in geometric sequence over a span of 10⁴, all certified', () => {
    expect(yawCurve.points).toHaveLength(100);
    expect(yawCurve.complete).toBe(true);
    expect(yawCurve.uncertified).toEqual([]);
    yawCurve.points.forEach(({ lambda, gap }, i) => {
      expect(lambda / (yawCurve.lambdaMax * 10 ** ((-4 * i) / 99))).toBeCloseTo(1, 12);
      expect(gap).toBeLessThanOrEqual(1e-9);
    });
  });

  test('starts at the mean of the labels without a filter, and its training error only falls', () => {
    const [first] = yawCurve.points;
    expect(first?.filters).toBe(0);
    const errors = yawCurve.points.map((point) => point.rmseTrain);
    errors.slice(1).forEach((error, i) => expect(error).toBeLessThanOrEqual((errors[i] as number) * (1 + 1e-12)));
  });

  test('has in its segments, at every sampled λ, the errors of its points', () => {
    for (const { lambda, rmseTrain, rmseValidation } of yawCurve.points) {
      expect(errorAt(yawCurve, lambda, 'train')).toBeCloseTo(rmseTrain, 9);
      expect(errorAt(yawCurve, lambda, 'validation')).toBeCloseTo(rmseValidation, 9);
    }
  });

  test('names the filters of every point', () => {
    yawCurve.points.forEach(({ filters }, i) => expect(supportOfPoint(yawCurve, i)).toHaveLength(filters));
    expect(supportOfPoint(yawCurve, 40)).toEqual(expect.arrayContaining([0, 3, 7]));
  });

  test('has its knee at the filters that carry the task, with no more filters than its samples would need', () => {
    const clear = randomLayer({ rows: 2000, filters: 20, noise: 0.05 });
    const clearCurve = curve({ responses: clear.responses, labels: clear.signal, task: yaw.spec, seed: 1 });
    expect(knee(clearCurve, 0.1).kept).toEqual([0, 3, 7]);
    for (const epsilon of [0.1, 0.01, 0.001]) {
      const exact = knee(yawCurve, epsilon);
      const sampled = knee({ ...yawCurve, segments: null }, epsilon);
      expect(exact.rmseMin).toBeLessThanOrEqual(sampled.rmseMin * (1 + 1e-9));
      expect(exact.kept).toHaveLength(exact.filters);
      expect(exact.rmse).toBeCloseTo(errorAt(yawCurve, exact.lambda, 'validation'), 9);
    }
  });

  test('of several targets keeps a filter for all of them or none', () => {
    const poseCurve = curve({ responses: layer.responses, labels: pose.labels, task: pose.spec, seed: 1 });
    expect(poseCurve).toMatchObject({ grouped: true, targets: ['yaw', 'pitch'], segments: null, uncertified: [] });
    // The second target is the first one negated: ½·2·(error of one) + λ√2·‖w‖₁ is twice the single problem at λ/√2.
    expect(poseCurve.lambdaMax / yawCurve.lambdaMax).toBeCloseTo(Math.SQRT2, 9);
    poseCurve.points.forEach((point, i) => {
      expect(point.rmseTrain).toBeCloseTo(yawCurve.points[i]?.rmseTrain as number, 5);
      expect(point.rmseValidation).toBeCloseTo(yawCurve.points[i]?.rmseValidation as number, 4);
    });
  });

  test('is plain JSON of finite numbers, within a megabyte for 512 nearly collinear filters', () => {
    const wide = randomLayer({ rows: 1200, filters: 512, noise: 3 });
    const wideCurve = curve({ responses: wide.responses, labels: wide.signal, task: yaw.spec, seed: 1 });
    const text = JSON.stringify(wideCurve);
    expect(text.length).toBeLessThan(2 ** 20);
    expect(JSON.parse(text)).toEqual(wideCurve);
    expect(everyNumber(wideCurve).every(Number.isFinite)).toBe(true);
    expect(wideCurve.uncertified).toEqual([]);
  });
});

describe('a characteristic curve of degenerate data', () => {
  const few = randomLayer({ rows: 30, filters: 40, noise: 0 });
  few.responses.forEach((_, i) => {
    if (i % 40 === 2) few.responses[i] = 0.3;
    if (i % 40 === 13) few.responses[i] = few.responses[i - 13] as number;
  });

  test('more filters than rows, constant and duplicated ones: certified, finite, the constant one never kept', () => {
    const built = curve({ responses: few.responses, labels: few.signal, task: yaw.spec, seed: 1 });
    expect(built.uncertified).toEqual([]);
    expect(everyNumber(built).every(Number.isFinite)).toBe(true);
    built.points.forEach((_, i) => expect(supportOfPoint(built, i)).not.toContain(2));
    expect(built.points.at(-1)?.rmseTrain).toBeLessThan(1e-3 * (built.points[0]?.rmseTrain as number));
  });

  test('labels that do not vary: one point without a filter, and a knee of none', () => {
    for (const task of [yaw, pose]) {
      const labels = new Float64Array(30 * task.spec.targets.length).fill(4);
      const built = curve({ responses: few.responses, labels, task: task.spec, seed: 1 });
      expect(built).toMatchObject({
        lambdaMax: 0,
        points: [{ lambda: 0, filters: 0, rmseTrain: 0, rmseValidation: 0, gap: 0 }],
      });
      expect(knee(built, 0.01)).toMatchObject({ filters: 0, kept: [], rmseMin: 0, rmseMax: 0 });
    }
  });

  test('responses that do not vary: one point at the spread of the labels', () => {
    const built = curve({ responses: new Float32Array(90), labels: few.signal, task: yaw.spec, seed: 1 });
    expect(built.points).toHaveLength(1);
    expect(built.points[0]).toMatchObject({ lambda: 0, filters: 0 });
    expect(built.points[0]?.rmseTrain).toBeGreaterThan(0);
  });
});
