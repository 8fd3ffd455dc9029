import { describe, expect, test } from 'vitest';
import { splitTask } from '../layer/family.ts';
import { Random } from '../random.ts';
import { TRAIN } from '../split.ts';
import { failureOf } from '../testing/failure-of.ts';
import { randomLayer } from '../testing/random-layer.ts';
import { tasksOf } from '../testing/tasks.ts';
import { bestCell, type Cell } from './cell.ts';
import { probe } from './probe.ts';

const layer = randomLayer({ rows: 600, filters: 12, noise: 0.05 });
const tasks = tasksOf(layer.signal);

function everyNumber(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(everyNumber) : [];
}

describe('a probe', () => {
  test.each(Object.values(tasks))('of $spec.name reads what the layer carries, far from chance', ({ spec, labels }) => {
    const cell = probe({ responses: layer.responses, labels, task: spec, seed: 1 });
    expect(cell.trials).toHaveLength(3);
    expect(cell.n).toEqual({ train: 300, validation: 150, test: 150 });
    if (cell.higherIsBetter) expect(cell.mean).toBeGreaterThan(cell.chance + 0.15);
    else expect(cell.mean).toBeLessThan(0.2 * cell.chance);
    expect(cell.mean).toBeCloseTo(
      cell.trials.reduce((sum, trial) => sum + trial.test / 3, 0),
      12,
    );
    expect(everyNumber(cell).every(Number.isFinite)).toBe(true);
  });

  test('of noise stays at chance', () => {
    const random = Random.seeded(11);
    const labels = new Float64Array(600).map(() => (random.uniform() < 0.5 ? 1 : 0));
    const cell = probe({ responses: layer.responses, labels, task: tasks.gender.spec, seed: 1 });
    expect(Math.abs(cell.mean - 0.5)).toBeLessThan(0.12);
  });

  test('is held out from its thresholds on validation too: noise is at chance there, where thresholds chosen on few rows flatter it', () => {
    const random = Random.seeded(12);
    const few = randomLayer({ rows: 80, filters: 4 });
    const trials = Array.from({ length: 20 }, () => {
      const labels = new Float64Array(80).map(() => (random.uniform() < 0.5 ? 1 : 0));
      return probe({ responses: few.responses, labels, task: tasks.gender.spec, seed: 1, trials: 1 }).trials[0]!;
    });
    const mean = (of: (trial: (typeof trials)[number]) => number) => trials.reduce((sum, t) => sum + of(t) / 20, 0);
    expect(Math.abs(mean(({ heldOut }) => heldOut) - 0.5)).toBeLessThan(0.05);
    expect(mean(({ validation }) => validation)).toBeGreaterThan(0.55);
    const plain = probe({ responses: layer.responses, labels: tasks.mood.labels, task: tasks.mood.spec, seed: 1 });
    for (const trial of plain.trials) expect(trial.heldOut).toBe(trial.validation);
  });

  test('of images among which others have no label is that of these images alone, subjects drawn whole', () => {
    const { spec, labels } = tasks.mood;
    const targets = spec.targets.length;
    const rows = [...layer.signal.keys()].filter((row) => row % 3 !== 0 && row > 90);
    const some = labels.map((label, at) => (rows.includes(Math.floor(at / targets)) ? label : NaN));
    // Forty subjects, each with images before and after others.
    const groups = Int32Array.from(layer.signal.keys(), (row) => (row * 7) % 40);
    const of = <T extends Float32Array | Float64Array>(values: T, width: number): T =>
      values.filter((_, at) => rows.includes(Math.floor(at / width))) as T;
    const { missing, ...own } = probe({ responses: layer.responses, labels: some, task: spec, seed: 1, groups });
    const alone = probe({
      ...{ responses: of(layer.responses, 12), labels: of(labels, targets), task: spec, seed: 1 },
      groups: groups.filter((_, row) => rows.includes(row)),
    });
    expect(missing).toBe(600 - rows.length);
    expect(own.interval!.drawn).toBe('subject');
    expect({ ...own, missing: 0 }).toEqual(alone);
  });

  test('explains as much of the labels of test as the metric of that name says', () => {
    const cell = probe({ responses: layer.responses, labels: tasks.yaw.labels, task: tasks.yaw.spec, seed: 1 });
    expect(cell.r2).toBeCloseTo(cell.others.r2!, 9);
    expect(cell.r2).toBeLessThan(1);
    const still = probe({
      responses: layer.responses,
      labels: new Float64Array(600).fill(0.3),
      task: tasks.yaw.spec,
      seed: 1,
    });
    expect(still.r2).toBe(0);
  });

  test('is the same for the same seed, and its trials differ', () => {
    const request = { responses: layer.responses, labels: tasks.mood.labels, task: tasks.mood.spec, seed: 3 };
    const cell = probe(request);
    expect(probe(request)).toEqual(cell);
    expect(probe({ ...request, seed: 4 }).trials).not.toEqual(cell.trials);
    expect(cell.trials[0]).not.toEqual(cell.trials[1]);
    // What is of one trial alone is of the first.
    const { interval, logMe, hScore } = probe({ ...request, trials: 1 });
    expect(cell.interval).toEqual(interval);
    expect(cell.logMe).toBeCloseTo(logMe!, 9);
    expect(cell.hScore).toBeCloseTo(hScore!, 9);
  });

  test('leaves rows without a label out and counts them', () => {
    const labels = tasks.yaw.labels.map((value, i) => (i % 3 === 0 ? NaN : value));
    const cell = probe({ responses: layer.responses, labels, task: tasks.yaw.spec, seed: 1 });
    expect(cell.missing).toBe(200);
    expect(cell.n).toEqual({ train: 200, validation: 100, test: 100 });
    const poisoned = layer.responses.map((value, i) => (Math.floor(i / 12) % 3 === 0 ? 1e6 : value));
    expect(probe({ responses: poisoned, labels, task: tasks.yaw.spec, seed: 1 }).mean).toBeCloseTo(cell.mean, 9);
  });

  test('cannot learn a person that it has not seen when rows are grouped by person', () => {
    // Every person answers with a constant of their own, so that only a person's other images tell the label.
    const random = Random.seeded(5);
    const persons = 40;
    const groups = Int32Array.from({ length: 400 }, (_, i) => i % persons);
    const style = Array.from({ length: persons * 30 }, () => random.normal());
    const responses = Float32Array.from({ length: 400 * 30 }, (_, i) => {
      const row = Math.floor(i / 30);
      return (style[(row % persons) * 30 + (i % 30)] as number) + 0.01 * random.normal();
    });
    const coin = Array.from({ length: persons }, () => (random.uniform() < 0.5 ? 0 : 1));
    const labels = Float64Array.from(groups, (person) => coin[person] as number);
    const request = { responses, labels, task: tasks.gender.spec, seed: 2 };
    expect(probe(request).mean).toBeGreaterThan(0.9);
    expect(probe({ ...request, groups }).mean).toBeLessThan(0.75);
  });

  test('is not spoiled by a filter that training images hardly move and others do', () => {
    const responses = layer.responses.slice();
    const split = splitTask(tasks.yaw, { rows: 600, seed: 1, trial: 0 });
    split.forEach((part, row) => {
      const loud = part === TRAIN ? (row < 8 ? 1e-7 : 0) : row % 50 === 0 ? 0.01 : 0;
      responses[row * 12 + 5] = loud;
    });
    const request = { labels: tasks.yaw.labels, task: tasks.yaw.spec, seed: 1, trials: 1 };
    const clean = probe({ ...request, responses: layer.responses });
    expect(probe({ ...request, responses }).mean).toBeLessThan(1.2 * clean.mean);
  });

  test('does not read a filter of which float32 holds little more than the mean', () => {
    const responses = layer.responses.slice();
    const telling = (row: number): number => tasks.yaw.labels[row]!;
    const seen = (spread: number) => {
      for (let row = 0; row < 600; row++) responses[row * 12 + 5] = 1 + spread * telling(row);
      return probe({ responses, labels: tasks.yaw.labels, task: tasks.yaw.spec, seed: 1, trials: 1 }).mean;
    };
    expect(seen(1e-1)).toBeLessThan(0.1 * seen(1e-6));
  });

  test('has a finite answer for constant filters, duplicates, constant labels and more filters than rows', () => {
    const few = randomLayer({ rows: 12, filters: 30 });
    few.responses.forEach((_, i) => {
      if (i % 30 === 4) few.responses[i] = 0;
      if (i % 30 === 5) few.responses[i] = few.responses[i + 1] as number;
    });
    for (const labels of [few.signal, new Float64Array(12).fill(2)]) {
      const cell = probe({ responses: few.responses, labels, task: tasks.yaw.spec, seed: 1 });
      expect(everyNumber(cell).every(Number.isFinite)).toBe(true);
    }
  });

  test.each([
    ['two rows', { responses: new Float32Array(2), labels: new Float64Array(2) }, 'REGRESSION_TOO_FEW_ROWS'],
    ['no rows', { responses: new Float32Array(0), labels: new Float64Array(0) }, 'REGRESSION_TOO_FEW_ROWS'],
    [
      'two labels of nine',
      { responses: new Float32Array(9), labels: Float64Array.of(1, 2, ...Array<number>(7).fill(NaN)) },
      'REGRESSION_TOO_FEW_ROWS',
    ],
    [
      'a NaN response',
      { responses: Float32Array.of(1, 2, NaN, 4), labels: new Float64Array(4) },
      'REGRESSION_NOT_FINITE',
    ],
    ['half a row', { responses: new Float32Array(7), labels: new Float64Array(4) }, 'REGRESSION_SHAPE'],
    [
      'two groups',
      { responses: new Float32Array(4), labels: new Float64Array(4), groups: Int32Array.of(1, 1, 2, 2) },
      'REGRESSION_SPLIT_IMPOSSIBLE',
    ],
    ['9000 filters', { responses: new Float32Array(36_000), labels: new Float64Array(4) }, 'REGRESSION_TOO_LARGE'],
    [
      'no trial',
      { responses: new Float32Array(4), labels: new Float64Array(4), trials: 0 },
      'REGRESSION_SETTING_INVALID',
    ],
  ])('of %s is refused', (_, request, code) => {
    expect(failureOf(() => probe({ ...request, task: tasks.yaw.spec, seed: 1 })).code).toBe(code);
  });
});

test('the best layer is chosen on validation, in the direction of the metric, the first of equals', () => {
  const cell = probe({ responses: layer.responses, labels: tasks.yaw.labels, task: tasks.yaw.spec, seed: 1 });
  const withValidation = (validation: number, higherIsBetter: boolean): Cell => ({
    ...cell,
    validation,
    higherIsBetter,
    mean: -validation,
  });
  expect(bestCell([3, 1, 1, 2].map((value) => withValidation(value, false)))).toBe(1);
  expect(bestCell([1, 3, 3, 2].map((value) => withValidation(value, true)))).toBe(1);
  expect(bestCell([])).toBe(-1);
});
