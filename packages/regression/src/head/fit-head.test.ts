import { describe, expect, test } from 'vitest';
import { splitTask } from '../layer/family.ts';
import { probe } from '../probe/probe.ts';
import { linearScores } from '../solve/scores.ts';
import { TEST } from '../split.ts';
import { judge } from '../task/judge.ts';
import { takeRows } from '../task/labels.ts';
import { failureOf } from '../testing/failure-of.ts';
import { randomLayer } from '../testing/random-layer.ts';
import { tasksOf } from '../testing/tasks.ts';
import { fitHead } from './fit-head.ts';

const layer = randomLayer({ rows: 400, filters: 10 });
const tasks = tasksOf(layer.signal);

describe('a head', () => {
  test.each(Object.values(tasks))('of $spec.name on the split of a probe scores as that probe', ({ spec, labels }) => {
    const split = splitTask({ spec, labels }, { rows: 400, seed: 8, trial: 0 });
    const head = fitHead({ responses: layer.responses, labels, task: spec, split });
    const [trial] = probe({ responses: layer.responses, labels, task: spec, seed: 8, trials: 1 }).trials;
    expect(head.lambda).toBe(trial?.lambda);
    expect(head.metrics.validation).toBeCloseTo(trial?.validation as number, 9);
    expect(head.metrics.test).toBeCloseTo(trial?.test as number, 9);
  });

  test('gives the metrics that its weights, bias and thresholds reproduce', () => {
    const { spec, labels } = tasks.hair;
    const split = splitTask({ spec, labels }, { rows: 400, seed: 8, trial: 0 });
    const { weights, bias, thresholds, metrics } = fitHead({ responses: layer.responses, labels, task: spec, split });
    const rows = Int32Array.from({ length: 400 }, (_, i) => i).filter((row) => split[row] === TEST);
    const scores = linearScores(layer.responses, rows, weights, bias);
    expect(judge(spec, scores, takeRows(labels, rows, 2), thresholds).value).toBe(metrics.test);
  });

  test('never sees a row that is left out', () => {
    const { spec, labels } = tasks.yaw;
    const split = splitTask({ spec, labels }, { rows: 400, seed: 8, trial: 0 });
    for (let row = 0; row < 400; row += 5) split[row] = 3;
    const head = fitHead({ responses: layer.responses, labels, task: spec, split });
    const poisoned = labels.map((value, row) => (row % 5 === 0 ? 1e9 : value));
    expect(fitHead({ responses: layer.responses, labels: poisoned, task: spec, split }).metrics).toEqual(head.metrics);
  });

  test('is refused when a part has no labelled row', () => {
    const { spec, labels } = tasks.yaw;
    const failure = failureOf(() =>
      fitHead({ responses: layer.responses, labels, task: spec, split: new Uint8Array(400) }),
    );
    expect(failure).toMatchObject({
      code: 'REGRESSION_TOO_FEW_ROWS',
      message: 'no validation row carries a label of "yaw"',
    });
  });
});
