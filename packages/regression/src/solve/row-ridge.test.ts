import { describe, expect, test } from 'vitest';
import { analyseLayer } from '../layer/analyse-layer.ts';
import { centre, scalingOf } from '../statistics/centre.ts';
import { Moments, pilotOf } from '../statistics/moments.ts';
import { randomLayer } from '../testing/random-layer.ts';
import { tasksOf } from '../testing/tasks.ts';
import { chooseRidge, RIDGE_LAMBDAS } from './choose-ridge.ts';
import { unscale } from './ridge.ts';
import { chooseRidgeByRows } from './row-ridge.ts';

const [rows, filters, targets] = [90, 130, 3];
const { responses, signal } = randomLayer({ rows, filters, noise: 1 });
// A filter that never varies, and one that all but sleeps on the training rows.
for (let row = 0; row < rows; row++) {
  responses[row * filters + 5] = 7;
  responses[row * filters + 6] = row === 3 ? 1e-3 : row > 60 ? row : 0;
}
const labels = Float64Array.from({ length: rows * targets }, (_, i) => {
  const value = signal[Math.floor(i / targets)]!;
  return [value, value > 1 ? 1 : 0, Math.sin(i)][i % targets]!;
});
const between = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, i) => from + i);
const [train, validation] = [between(0, 60), between(60, rows)];
const blocks = [
  { from: 0, count: 1 },
  { from: 1, count: 2 },
];

describe('ridge through the rows', () => {
  test.each([...RIDGE_LAMBDAS.map((lambda) => [lambda]), RIDGE_LAMBDAS])(
    'finds the penalty and the weights that it finds through the filters, of %s',
    (...penalties) => {
      const pilot = pilotOf(responses, filters, labels, targets, train);
      const [a, b] = [train, validation].map((part) => new Moments(pilot).add(responses, labels, part));
      const scaling = scalingOf(a!, { validation: b! });
      const wanted = chooseRidge(centre(a!, scaling), centre(b!, scaling), blocks, penalties);
      const found = chooseRidgeByRows({ responses, filters, labels, targets, train, validation, blocks, penalties });
      expect(found.lambdas).toEqual(wanted.lambdas);
      const [left, right] = [unscale(found.weights, found.scaling), unscale(wanted.weights, scaling)];
      const largest = Math.max(...right.weights.map(Math.abs));
      left.weights.forEach((weight, i) => expect(Math.abs(weight - right.weights[i]!) / largest).toBeLessThan(1e-4));
      left.intercepts.forEach((value, t) => expect(value).toBeCloseTo(right.intercepts[t]!, 2));
    },
  );

  test('gives a layer of more filters than rows the cells that it has with its curves', async () => {
    const wide = randomLayer({ rows: 100, filters: 60, noise: 1 });
    const { yaw, gender } = tasksOf(wide.signal);
    const request = { responses: wide.responses, tasks: [yaw, gender], seed: 3, lambdas: 2 };
    const { cells } = await analyseLayer(request);
    expect(cells[0]!.n.train).toBeLessThan(60);
    const alone = await analyseLayer({ ...request, curves: false });
    expect(alone.curves).toEqual([]);
    alone.cells.forEach((cell, i) => {
      expect(cell.validation).toBeCloseTo(cells[i]!.validation, 4);
      expect(cell.mean).toBeCloseTo(cells[i]!.mean, 4);
      expect(cell.trials.map(({ lambda }) => lambda)).toEqual(cells[i]!.trials.map(({ lambda }) => lambda));
    });
  });
});
