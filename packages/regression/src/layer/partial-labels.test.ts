import { describe, expect, test } from 'vitest';
import { fitHead } from '../head/fit-head.ts';
import { TEST, TRAIN, VALIDATION } from '../split.ts';
import { bootstrapInterval } from '../task/bootstrap.ts';
import { judge, judgeChance } from '../task/judge.ts';
import type { LabelledTask } from '../task/spec.ts';
import { randomLayer } from '../testing/random-layer.ts';
import { tasksOf } from '../testing/tasks.ts';
import { analyseLayer } from './analyse-layer.ts';

const layer = randomLayer({ rows: 400, filters: 10 });
const { hair, gender } = tasksOf(layer.signal);

/** Every third row knows its goatee only, every fifth its beard only, every fifteenth neither. */
const masked: LabelledTask = {
  ...hair,
  labels: hair.labels.map((value, i) => {
    const row = Math.floor(i / 2);
    return (i % 2 === 1 && row % 3 === 0) || (i % 2 === 0 && row % 5 === 0) ? NaN : value;
  }),
};
/** By a row that knows one label alone, and by none. */
const split = Uint8Array.from({ length: 400 }, (_, row) => [TRAIN, TRAIN, VALIDATION, TEST][row % 4]!);

const column = ({ labels }: LabelledTask, k: number): Float64Array => labels.filter((_, i) => i % 2 === k);
const headOf = ({ spec, labels }: LabelledTask) => fitHead({ responses: layer.responses, labels, task: spec, split });

describe('a row of which some labels are known', () => {
  test('gives each label the head that it has on the rows that carry it, alone', () => {
    const head = headOf(masked);
    [0, 1].forEach((k) => {
      const alone = headOf({ spec: { ...gender.spec, name: 'alone' }, labels: column(masked, k) });
      expect([...head.weights.subarray(k * 10, (k + 1) * 10)]).toEqual([...alone.weights]);
      expect(head.bias[k]).toBe(alone.bias[0]);
      expect(head.thresholds[k]).toBe(alone.thresholds[0]);
    });
  });

  test('changes nothing of the labels that it does not know', () => {
    const fewer = { ...masked, labels: masked.labels.map((value, i) => (i % 2 === 0 && i % 7 < 3 ? NaN : value)) };
    const [before, after] = [headOf(masked), headOf(fewer)];
    expect([...after.weights.subarray(10)]).toEqual([...before.weights.subarray(10)]);
    expect([...after.weights.subarray(0, 10)]).not.toEqual([...before.weights.subarray(0, 10)]);
  });

  test('counts in cell and curve, and one that knows nothing does not', async () => {
    const { cells, curves } = await analyseLayer({ responses: layer.responses, tasks: [masked, gender], seed: 1 });
    expect(cells[0]!.missing).toBe(Math.ceil(400 / 15));
    expect(cells[1]!.missing).toBe(0);
    expect(cells[0]!.mean).toBeGreaterThan(0.9);
    const [curve] = curves;
    expect(curve!.uncertified).toEqual([]);
    expect(curve!.points.every(({ rmseTrain, rmseValidation }) => rmseTrain > 0 && rmseValidation > 0)).toBe(true);
    const last = curve!.points.at(-1)!;
    expect(last.rmseValidation).toBeLessThan(curve!.points[0]!.rmseValidation);
    // Another truth where it is not known is the same data.
    const left = (row: number): boolean => row % 15 === 0;
    const rows = Array.from({ length: 400 }, (_, row) => row).filter((row) => !left(row));
    const without = await analyseLayer({
      responses: Float32Array.from(rows.flatMap((row) => [...layer.responses.subarray(row * 10, row * 10 + 10)])),
      tasks: [
        {
          ...masked,
          labels: Float64Array.from(rows.flatMap((row) => [...masked.labels.subarray(row * 2, row * 2 + 2)])),
        },
      ],
      seed: 1,
    });
    expect(without.curves[0]!.points.map(({ filters }) => filters)).toEqual(
      curve!.points.map(({ filters }) => filters),
    );
    without.curves[0]!.points.forEach((point, i) => {
      expect(point.rmseValidation).toBeCloseTo(curve!.points[i]!.rmseValidation, 9);
    });
    expect(without.cells[0]!.mean).toBeCloseTo(cells[0]!.mean, 12);
  });

  test('keeps the filters of all rows where every label is known', async () => {
    const nearly = { ...hair, labels: hair.labels.map((value, i) => (i === 1 ? NaN : value)) };
    const request = { responses: layer.responses, seed: 1 };
    const [whole, partial] = await Promise.all(
      [hair, nearly].map((task) => analyseLayer({ ...request, tasks: [task] })),
    );
    whole!.curves[0]!.points.forEach(({ rmseValidation }, i) => {
      expect(partial!.curves[0]!.points[i]!.rmseValidation / rmseValidation).toBeCloseTo(1, 1);
    });
  });

  test('is judged by what is known of it', () => {
    const labels = Float64Array.of(1, NaN, 0, 1, NaN, 0, 1, 1);
    const scores = Float64Array.of(0.9, 0.9, 0.9, 0.9, 0.1, 0.1, 0.9, 0.1);
    expect(judge(hair.spec, scores, labels, [0.5, 0.5])).toEqual({
      value: 4 / 6,
      others: { balancedAccuracy: ((1 + 0) / 2 + (0.5 + 1) / 2) / 2 },
    });
    expect(judgeChance(hair.spec, labels, labels)).toBeCloseTo(4 / 6, 12);
    expect(bootstrapInterval(hair.spec, { scores, labels, thresholds: [0.5, 0.5] }).low).toBeGreaterThanOrEqual(0);
  });
});
