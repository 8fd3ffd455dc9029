import { describe, expect, test } from 'vitest';
import { curve } from '../curve/curve.ts';
import { knee } from '../curve/knee.ts';
import { probe } from '../probe/probe.ts';
import { randomLayer } from '../testing/random-layer.ts';
import { tasksOf } from '../testing/tasks.ts';
import { analyseLayer } from './analyse-layer.ts';
import type { LabelledTask } from '../task/spec.ts';
import type { Progress } from './analyse-steps.ts';

const layer = randomLayer({ rows: 300, filters: 10 });
const tasks = tasksOf(layer.signal);
const some = [tasks.yaw, tasks.pose, tasks.mood];
const groups = Int32Array.from({ length: 300 }, (_, i) => i % 23);

describe('the analysis of a layer', () => {
  test('gives each task what it has alone, in the order asked', async () => {
    const { cells, curves } = await analyseLayer({ responses: layer.responses, tasks: some, seed: 1, groups });
    for (const [i, task] of some.entries()) {
      const request = { responses: layer.responses, labels: task.labels, task: task.spec, seed: 1, groups };
      expect(cells[i]).toEqual(probe(request));
      const alone = await analyseLayer({ responses: layer.responses, tasks: [task], seed: 1, groups });
      expect(alone).toEqual({ cells: [cells[i]], curves: [curves[i]] });
      // Summed in another order, because one trial has fewer cells than three.
      const direct = curve(request);
      expect(direct.points.map((point) => point.filters)).toEqual(curves[i]?.points.map((point) => point.filters));
      expect(knee(direct, 0.01).kept).toEqual(knee(curves[i] as typeof direct, 0.01).kept);
    }
  });

  test('keeps tasks apart that miss other labels or are split another way', async () => {
    const gaps = { ...tasks.yaw, labels: tasks.yaw.labels.map((value, i) => (i % 4 === 0 ? NaN : value)) };
    const byRow = { ...tasks.mood, splitBy: 'row' as const };
    const { cells } = await analyseLayer({
      responses: layer.responses,
      tasks: [gaps, byRow, tasks.pose],
      seed: 1,
      groups,
    });
    const alone = (task: LabelledTask, own: { groups?: Int32Array }) =>
      probe({ responses: layer.responses, labels: task.labels, task: task.spec, seed: 1, ...own });
    expect(cells).toEqual([alone(gaps, { groups }), alone(byRow, {}), alone(tasks.pose, { groups })]);
    expect(cells.map((cell) => cell.missing)).toEqual([75, 0, 0]);
    expect(cells[1]?.n).toEqual({ train: 150, validation: 75, test: 75 });
  });

  test('reports steps up to their total, never backwards', async () => {
    const seen: Progress[] = [];
    await analyseLayer({ responses: layer.responses, tasks: some, seed: 1, onProgress: (step) => seen.push(step) });
    const done = seen.map((step) => step.done);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(seen.at(-1)).toMatchObject({ stage: 'curve', done: seen[0]?.total, total: seen[0]?.total });
  });

  test('stops at a signal that comes while it runs', async () => {
    const controller = new AbortController();
    let steps = 0;
    const running = analyseLayer({
      responses: layer.responses,
      tasks: some,
      seed: 1,
      signal: controller.signal,
      onProgress: () => {
        steps++;
        setImmediate(() => controller.abort(new Error('no longer wanted')));
      },
    });
    await expect(running).rejects.toThrow('no longer wanted');
    expect(steps).toBeLessThan(4);
  });

  test('is refused without tasks, and for a path without samples', async () => {
    const refused = { code: 'REGRESSION_SETTING_INVALID' };
    await expect(analyseLayer({ responses: layer.responses, tasks: [], seed: 1 })).rejects.toMatchObject(refused);
    const request = { responses: layer.responses, tasks: some, seed: 1 };
    await expect(analyseLayer({ ...request, lambdas: 1 })).rejects.toMatchObject(refused);
    await expect(analyseLayer({ ...request, trials: 0 })).rejects.toMatchObject(refused);
  });
});
