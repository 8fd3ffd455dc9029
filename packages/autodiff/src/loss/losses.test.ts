import { DataType, seededRandom } from '@kneepoint/onnx';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Emitter } from '../emit/emitter.ts';
import { emitLosses } from './emit-losses.ts';
import type { LossTerm } from './loss.ts';
import { lossGraph, type Row } from './testing/loss-graph.ts';
import { torchFigures } from '../step/testing/torch-figures.ts';

const ROWS = 4;
const WIDTH = 5;

type Reference = (answers: Row, labels: Row) => number;
type Draw = (uniform: () => number, columns: number) => number[];

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const mean = (values: Row) => values.reduce((a, b) => a + b, 0) / values.length;
const sum = (values: Row) => values.reduce((a, b) => a + b, 0);
const softmax = (z: Row) => z.map((value) => Math.exp(value) / sum(z.map(Math.exp)));
const crossEntropy = (p: number, y: number) => -y * Math.log(p) - (1 - y) * Math.log(1 - p);

const numbers: Draw = (uniform, columns) => Array.from({ length: columns }, () => 4 * uniform() - 2);
const bits: Draw = (uniform, columns) => Array.from({ length: columns }, () => (uniform() < 0.5 ? 0 : 1));
const oneHot: Draw = (uniform, columns) => {
  const chosen = Math.floor(uniform() * columns);
  return Array.from({ length: columns }, (_, k) => (k === chosen ? 1 : 0));
};

interface Case {
  readonly title: string;
  readonly term: Record<string, unknown>;
  readonly labels: Draw;
  readonly reference: Reference;
}

const scale = [0.5, 2, 10];
const pairs = [
  [1, 4],
  [0.5, 2],
  [3, 1],
];
const classWeights = [1, 5, 0.25];

const cases: readonly Case[] = [
  {
    title: 'squared error',
    term: { kind: 'squaredError' },
    labels: numbers,
    reference: (z, y) => mean(z.map((value, k) => (value - y[k]!) ** 2)),
  },
  {
    title: 'squared error in units of each target',
    term: { kind: 'ordered', scale },
    labels: numbers,
    reference: (z, y) => mean(z.map((value, k) => ((value - y[k]!) / scale[k]!) ** 2)),
  },
  {
    title: "Huber's error",
    term: { kind: 'ordered', scale, huber: 0.7 },
    labels: numbers,
    reference: (z, y) =>
      mean(
        z.map((value, k) => {
          const error = Math.abs(value - y[k]!) / scale[k]!;
          return error <= 0.7 ? error ** 2 : 2 * 0.7 * error - 0.7 ** 2;
        }),
      ),
  },
  {
    title: 'binary cross-entropy',
    term: { kind: 'binary' },
    labels: bits,
    reference: (z, y) => mean(z.map((value, k) => crossEntropy(sigmoid(value), y[k]!))),
  },
  {
    title: 'several labels, weighted by class and smoothed',
    term: { kind: 'multilabel', classWeights: pairs, smoothing: 0.2 },
    labels: bits,
    reference: (z, y) => mean(z.map((value, k) => pairs[k]![y[k]!]! * crossEntropy(sigmoid(value), 0.8 * y[k]! + 0.1))),
  },
  {
    title: 'categorical cross-entropy',
    term: { kind: 'categorical' },
    labels: oneHot,
    reference: (z, y) => -sum(softmax(z).map((p, k) => y[k]! * Math.log(p))),
  },
  {
    title: 'classes weighted and smoothed',
    term: { kind: 'categorical', classWeights, smoothing: 0.3 },
    labels: oneHot,
    reference: (z, y) =>
      sum(y.map((value, k) => value * classWeights[k]!)) *
      -sum(softmax(z).map((p, k) => (0.7 * y[k]! + 0.1) * Math.log(p))),
  },
  {
    title: 'distillation of classes',
    term: { kind: 'distillation', form: 'categorical', temperature: 3 },
    labels: numbers,
    reference: (z, t) => {
      const [student, teacher] = [z, t].map((logits) => softmax(logits.map((value) => value / 3)));
      return -9 * sum(teacher!.map((p, k) => p * Math.log(student![k]!)));
    },
  },
  {
    title: 'distillation of labels',
    term: { kind: 'distillation', form: 'binary', temperature: 2 },
    labels: numbers,
    reference: (z, t) => 4 * mean(z.map((value, k) => crossEntropy(sigmoid(value / 2), sigmoid(t[k]! / 2)))),
  },
  {
    title: 'distillation of numbers',
    term: { kind: 'distillation', form: 'squared', scale },
    labels: numbers,
    reference: (z, t) => mean(z.map((value, k) => ((value - t[k]!) / scale[k]!) ** 2)),
  },
];

const RUNS = Number(process.env['KNEEPOINT_CASES'] ?? 20);

describe('each loss is the mean of its rows by weight, with the gradient that differences give', () => {
  it.each(cases.map((one) => [one.title, one] as const))('%s', async (_, { term, labels, reference }) => {
    const columns = [1, 4] as const;
    const width = columns[1] - columns[0];
    const full = { name: 'task', output: 'y', columns, weight: 1.5, ...term } as LossTerm;
    const graph = await lossGraph([full], [ROWS, WIDTH]);
    try {
      await fc.assert(
        fc.asyncProperty(fc.integer(), async (seed) => {
          const random = seededRandom(seed);
          const uniform = () => random.uniform();
          const answers = numbers(uniform, ROWS * WIDTH);
          const rows = Array.from({ length: ROWS }, () => labels(uniform, width));
          const weights = Array.from({ length: ROWS }, (__, row) => (row === 0 ? 1 : Math.floor(3 * uniform()) / 2));
          const feeds = { answers, 'label/task': rows.flat(), 'rowWeight/task': weights };
          const expected = (values: Row) =>
            sum(
              weights.map((weight, row) => {
                const start = row * WIDTH;
                return weight * reference(values.slice(start + columns[0], start + columns[1]), rows[row]!);
              }),
            ) / sum(weights);
          const { total, task, gradient } = await graph.run(feeds);
          expect(task![0]).toBeCloseTo(expected(answers), 9);
          expect(total![0]).toBeCloseTo(1.5 * expected(answers), 9);
          const h = 1e-5;
          answers.forEach((value, i) => {
            const [up, down] = [h, -h].map((step) => expected(answers.with(i, value + step)));
            expect(gradient![i]).toBeCloseTo((1.5 * (up! - down!)) / (2 * h), 6);
          });
        }),
        { numRuns: RUNS },
      );
    } finally {
      await graph.release();
    }
  });
});

it.each<[string, LossTerm]>([
  ['binary', { kind: 'binary', name: 'task', output: 'y' }],
  ['categorical', { kind: 'categorical', name: 'task', output: 'y' }],
  ['distillation', { kind: 'distillation', form: 'categorical', name: 'task', output: 'y' }],
])('%s stays finite in float32 for answers of ±1000', async (_, term) => {
  const graph = await lossGraph([term], [2, 2], DataType.FLOAT);
  const { total, gradient } = await graph.run({
    answers: [1000, -1000, -1000, 1000],
    'label/task': [0, 1, 0, 1],
    'rowWeight/task': [1, 1],
  });
  await graph.release();
  expect([...total!, ...gradient!].every(Number.isFinite)).toBe(true);
  expect(total![0]).toBeGreaterThan(0.1);
});

it('two terms on overlapping columns of an image-like output add up', async () => {
  const terms: LossTerm[] = [
    { kind: 'squaredError', name: 'left', output: 'y', columns: [0, 3] },
    { kind: 'squaredError', name: 'right', output: 'y', columns: [2, 5], weight: 2 },
  ];
  const graph = await lossGraph(terms, [1, WIDTH, 1, 1]);
  const zeros = { 'label/left': [0, 0, 0], 'label/right': [0, 0, 0], 'rowWeight/left': [1], 'rowWeight/right': [1] };
  const { total, left, right, gradient } = await graph.run({ answers: [3, 3, 6, 9, 9], ...zeros });
  await graph.release();
  expect([left![0], right![0], total![0]]).toEqual([18, 66, 150]);
  expect(gradient).toEqual([2, 2, 4 + 8, 12, 12]);
});

it('the gradient at an output has the dimensions of that output', () => {
  const emit = new Emitter();
  const y = emit.input('y', [3, 2, 1, 1]);
  const { seeds, inputs } = emitLosses(emit, [{ kind: 'squaredError', name: 't', output: 'y' }], new Map([['y', y]]));
  expect(emit.shape(seeds.get('y')!)).toEqual([3, 2, 1, 1]);
  expect(inputs.map(({ name, dims }) => [name, dims])).toEqual([
    ['label/t', [3, 2]],
    ['rowWeight/t', [3]],
  ]);
});

describe('values and gradients are those of PyTorch', () => {
  const { answers, rows, columns, losses } = torchFigures;

  it.each(losses.map((one) => [JSON.stringify(one.term), one] as const))('%s', async (_, one) => {
    const graph = await lossGraph([{ ...one.term, name: 'task', output: 'y' } as LossTerm], [rows, columns]);
    const weights = new Array<number>(rows).fill(1);
    const { total, gradient } = await graph.run({ answers, 'label/task': one.labels, 'rowWeight/task': weights });
    await graph.release();
    expect(total![0]).toBeCloseTo(one.value, 12);
    gradient!.forEach((value, i) => expect(value).toBeCloseTo(one.gradient[i]!, 12));
  });
});

describe('a label that is not known', () => {
  it.each<[string, LossTerm]>([
    [
      'binary',
      { kind: 'multilabel', name: 'task', output: 'y', classWeights: pairs as [number, number][], smoothing: 0.2 },
    ],
    ['squared', { kind: 'squaredError', name: 'task', output: 'y', scale, huber: 0.7 }],
  ])('leaves the loss and the gradient of the others as they are without it: %s', async (_, term) => {
    const answers = [0.3, -2, 1, -1, 0.5, 2];
    const partial = await lossGraph([{ ...term, partial: true } as LossTerm], [2, 3]);
    const whole = await lossGraph([term], [2, 3]);
    const nothing = await partial.run({ answers, 'label/task': [1, 0, 1, 0, 1, 1], 'rowWeight/task': [1, 1] });
    const same = await whole.run({ answers, 'label/task': [1, 0, 1, 0, 1, 1], 'rowWeight/task': [1, 1] });
    expect(nothing).toEqual(same);
    // Each label as a task of its own gives the mean over labels; the middle one of the first row is not known.
    const single = await Promise.all(
      [0, 1, 2].map((k) => {
        const own = 'scale' in term ? { scale: [scale[k]!] } : { classWeights: [pairs[k]!] };
        return lossGraph([{ ...term, ...own } as LossTerm], [2, 1]);
      }),
    );
    const alone = await Promise.all(
      single.map((graph, k) =>
        graph.run({
          answers: [answers[k]!, answers[3 + k]!],
          'label/task': [[1, NaN, 1][k]!, [0, 1, 1][k]!],
          'rowWeight/task': [k === 1 ? 0 : 1, 1],
        }),
      ),
    );
    const { total, gradient } = await partial.run({
      answers,
      'label/task': [1, NaN, 1, 0, 1, 1],
      'rowWeight/task': [2 / 3, 1],
    });
    const rows = [2, 1, 2];
    expect(total![0]).toBeCloseTo(sum(alone.map((one, k) => (one['total']![0]! * rows[k]!) / 5)), 12);
    gradient!.forEach((value, i) => {
      const k = i % 3;
      expect(value).toBeCloseTo((alone[k]!['gradient']![Math.floor(i / 3)]! * rows[k]!) / 5, 12);
    });
    expect(Math.abs(gradient![1]!)).toBe(0);
    await Promise.all([partial, whole, ...single].map((graph) => graph.release()));
  });
});

it('two terms of one name are refused', () => {
  const emit = new Emitter();
  const term: LossTerm = { kind: 'squaredError', name: 't', output: 'y' };
  const y = emit.input('y', [3, 2]);
  expect(() => emitLosses(emit, [term, term], new Map([['y', y]]))).toThrow('two terms are named t');
});
