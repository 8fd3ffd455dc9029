import type { ModelProto } from '@kneepoint/onnx';
import { Graph, intTensor, Layers, readTensor, seededRandom, smallNets, vggStyle } from '@kneepoint/onnx';
import { openSession } from '@kneepoint/runtime';
import { describe, expect, it } from 'vitest';
import { trainableOf } from '../forward/trainable.ts';
import type { LossTerm } from '../loss/loss.ts';
import type { StepRequest } from './request.ts';
import { weightsOf } from './state.ts';
import { RunningStep } from './testing/run-step.ts';
import { withWeights } from './with-weights.ts';

const ROWS = 32;

const vgg = () => vggStyle({ widths: [8, 8, 'pool', 12, 12, 'pool', 16], size: 16, seed: 1, headTasks: { logits: 5 } });
const NETS: Readonly<Record<string, (seed: number) => ModelProto>> = { ...smallNets, vgg };

/** Random images and, for each, one of `classes` at random: nothing to generalise, all to be learned by heart. */
function memories(channels: number, classes: number, seed = 3) {
  const random = seededRandom(seed);
  const image = Float32Array.from({ length: ROWS * channels * 256 }, () => random.normal());
  const label = new Float32Array(ROWS * classes);
  for (let row = 0; row < ROWS; row++) label[row * classes + Math.floor(random.uniform() * classes)] = 1;
  return { image, 'label/task': label };
}

const categorical: LossTerm = { kind: 'categorical', name: 'task', output: 'logits' };
const adam = { kind: 'adam' } as const;

async function open(model: ModelProto, rest: Partial<StepRequest> = {}): Promise<RunningStep> {
  const channels = 3;
  return RunningStep.open({ model, trainable: 'all', loss: [categorical], optimizer: adam, ...rest }, [
    ROWS,
    channels,
    16,
    16,
  ]);
}

async function using<T>(running: RunningStep, work: (running: RunningStep) => Promise<T>): Promise<T> {
  try {
    return await work(running);
  } finally {
    await running.release();
  }
}

describe('a small network learns 32 random images by heart in 100 steps', () => {
  it.each([
    ['vgg', 'frozen'],
    ['residual', 'train'],
    ['depthwise', 'train'],
    ['concat', 'train'],
    ['inception', 'train'],
  ] as const)('%s with batch normalisation: %s', async (name, batchNorm) => {
    await using(await open(NETS[name]!(1), { batchNorm }), async (running) => {
      const data = memories(3, 5);
      const first = await running.loss(data);
      let last = first;
      for (let step = 1; step < 100; step++) last = await running.loss(data, 0.03);
      expect(first).toBeGreaterThan(1);
      expect(last).toBeLessThan(0.02);
    });
  });
});

it('the same step from the same weights gives the same bits', async () => {
  const twice = await Promise.all(
    [1, 2].map(async () =>
      using(await open(smallNets['residual']!(1), { batchNorm: 'train', clipNorm: 1 }), async (running) => {
        for (let step = 0; step < 5; step++) await running.run(memories(3, 5, step));
        return running.state;
      }),
    ),
  );
  expect(Object.keys(twice[0]!).length).toBeGreaterThan(20);
  expect(twice[0]).toEqual(twice[1]);
});

describe('what is frozen stays', () => {
  it('whole layers are constants of the graph, and only the head moves', async () => {
    const model = vgg();
    const head = trainableOf(model, { headOnly: 'logits' });
    expect([...head]).toEqual(['logits.weight', 'logits.bias']);
    await using(await open(model, { trainable: head }), async (running) => {
      expect(running.step.weights.map(({ name }) => name)).toEqual([...head]);
      const before = running.state;
      await running.run(memories(3, 5));
      for (const [name, value] of Object.entries(running.state)) expect(value).not.toEqual(before[name]);
    });
  });

  it('layers are frozen by the names of their nodes', () => {
    const model = smallNets['residual']!(1);
    const all = trainableOf(model);
    const rest = trainableOf(model, { freeze: ['conv1', 'bn1'] });
    expect([...all].filter((name) => !rest.has(name))).toEqual(['conv1.weight', 'bn1.scale', 'bn1.bias']);
    expect(() => trainableOf(model, { freeze: ['conv99'] })).toThrow('the model has no node conv99');
  });

  it('running statistics move in training, and are constants when frozen', async () => {
    const model = smallNets['residual']!(1);
    const statistics = (running: RunningStep) => running.step.weights.filter(({ kind }) => kind === 'statistic');
    const frozen = await open(model);
    expect(statistics(frozen)).toEqual([]);
    await frozen.release();
    await using(await open(model, { batchNorm: 'train' }), async (running) => {
      const before = running.state;
      await running.run(memories(3, 5));
      expect(statistics(running).length).toBeGreaterThan(6);
      for (const { input } of statistics(running)) expect(running.state[input]).not.toEqual(before[input]);
    });
  });
});

it('the model with the new weights answers as the step did, in its own form', async () => {
  const model = vgg();
  await using(await open(model), async (running) => {
    const data = memories(3, 5);
    await running.run(data);
    const trained = withWeights(model, weightsOf(running.step, running.state));
    const answers = (await running.run(data))['output/logits']!;
    const session = await openSession(trained, { threads: 1 });
    const { logits } = await session.run({ image: { dims: [ROWS, 3, 16, 16], data: data.image } });
    await session.release();
    const expected = logits!.data as Float32Array;
    answers.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4));
    expect(new Graph(trained).opset).toBe(new Graph(model).opset);
    expect(readTensor(model.graph!.initializer[0]!)).toEqual(readTensor(vgg().graph!.initializer[0]!));
  });
});

it('clipping bounds what a step of plain descent moves', async () => {
  const moved = async (clipNorm?: number) =>
    using(await open(vgg(), { optimizer: { kind: 'sgd' }, ...(clipNorm ? { clipNorm } : {}) }), async (running) => {
      const before = running.state;
      const { gradNorm } = await running.run(memories(3, 5), 1);
      const squares = Object.entries(running.state).flatMap(([name, value]) =>
        Array.from(value, (v, i) => (v - before[name]![i]!) ** 2),
      );
      return { gradNorm: gradNorm![0]!, distance: Math.sqrt(squares.reduce((a, b) => a + b)) };
    });
  const free = await moved();
  const bound = free.gradNorm / 3;
  const held = await moved(bound);
  expect(free.distance).toBeCloseTo(free.gradNorm, 4);
  expect(held.gradNorm).toBe(free.gradNorm);
  expect(held.distance).toBeCloseTo(bound, 4);
  expect((await moved(free.gradNorm * 2)).distance).toBeCloseTo(free.distance, 6);
});

it('rows of weight 0 change nothing, whatever they hold', async () => {
  const after = async (spoil: (label: Float32Array, image: Float32Array) => void) =>
    using(await open(vgg()), async (running) => {
      const data = memories(3, 5);
      spoil(data['label/task'], data.image);
      const rowWeight = Float32Array.from({ length: ROWS }, (_, row) => (row < 20 ? 1 : 0));
      await running.run({ ...data, 'rowWeight/task': rowWeight });
      return running.state;
    });
  const clean = await after(() => undefined);
  expect(await after((label) => label.fill(NaN, 20 * 5))).toEqual(clean);
  expect(await after((_, image) => image.fill(7, 20 * 3 * 256))).toEqual(clean);
  expect(await after((label) => label.fill(0.5, 0, 10))).not.toEqual(clean);
});

it('a batch without any label has loss 0 and leaves the weights of plain descent alone', async () => {
  await using(await open(vgg(), { optimizer: { kind: 'sgd' } }), async (running) => {
    const before = running.state;
    const data = { ...memories(3, 5), 'rowWeight/task': new Float32Array(ROWS) };
    expect(await running.loss(data)).toBe(0);
    expect(running.state).toEqual(before);
  });
});

it('several tasks on several outputs and on columns of one are summed by weight', async () => {
  const loss: LossTerm[] = [
    { kind: 'ordered', name: 'yaw', output: 'yaw', scale: [20], weight: 0.5 },
    { kind: 'binary', name: 'pitch', output: 'pitch' },
    { kind: 'squaredError', name: 'roll', output: 'roll', weight: 2 },
    { kind: 'squaredError', name: 'again', output: 'roll', weight: 0 },
  ];
  await using(await open(smallNets['heads']!(2), { loss }), async (running) => {
    const labels = Object.fromEntries(loss.map(({ name }) => [`label/${name}`, new Float32Array(ROWS).fill(1)]));
    const outputs = await running.run({ image: memories(3, 5).image, ...labels });
    const value = (name: string) => outputs[`loss/${name}`]![0]!;
    expect(outputs['loss']![0]).toBeCloseTo(0.5 * value('yaw') + value('pitch') + 2 * value('roll'), 4);
    expect(value('again')).toBe(value('roll'));
  });
});

it('a network with shape arithmetic, an old opset and a bias behind a Reshape trains', async () => {
  const net = new Layers(4, { opset: 11 });
  const x = net.relu(net.conv(net.image(3, 16), 4, { stride: 4 }));
  const { graph } = net;
  const shape = graph.node('Shape', [x]);
  const rows = graph.node('Unsqueeze', [graph.node('Gather', [shape, graph.init(intTensor([0], []))])], { axes: [0] });
  const flat = graph.node('Reshape', [x, graph.node('Concat', [rows, graph.init(intTensor([-1]))], { axis: 0 })]);
  const product = graph.node('MatMul', [flat, net.weight('fc.weight', [64, 5])]);
  const bias = graph.node('Unsqueeze', [net.weight('fc.bias', [5])], { axes: [0] });
  graph.output(graph.node('Identity', [graph.node('Add', [product, bias])], {}, 'logits'), ['N', 5]);
  const model = graph.build();
  expect([...trainableOf(model)]).toEqual(['conv1.weight', 'conv1.bias', 'fc.weight', 'fc.bias']);
  await using(await open(model), async (running) => {
    const data = memories(3, 5);
    const first = await running.loss(data);
    for (let step = 0; step < 20; step++) await running.loss(data);
    expect(await running.loss(data)).toBeLessThan(first / 2);
    expect(running.step.weights.map(({ name }) => name)).toContain('fc.bias');
  });
});

it.each<[string, Partial<StepRequest>, string]>([
  ['an output that is not there', { loss: [{ ...categorical, output: 'nothing' }] }, 'the model has no output nothing'],
  [
    'columns beyond the output',
    { loss: [{ ...categorical, columns: [2, 9] }] },
    'columns [2, 9) of an output that has 5',
  ],
  ['no loss at all', { loss: [] }, 'the loss has no terms'],
  ['nothing that trains', { trainable: new Set() }, 'no weight that trains has an influence on the loss'],
  ['a clip of nothing', { clipNorm: 0 }, 'clipNorm is 0'],
  ['a decay below 0', { weightDecay: -1 }, 'weightDecay is -1'],
  ['momentum that grows', { optimizer: { kind: 'sgd', momentum: 1 } }, 'momentum is 1'],
  ['Nesterov without momentum', { optimizer: { kind: 'sgd', nesterov: true } }, 'nesterov without momentum'],
  [
    'weights for other classes',
    { loss: [{ ...categorical, classWeights: [1] }] },
    'classWeights has 1 entries for 5 columns',
  ],
])('a request is refused for %s', async (_, rest, message) => {
  await expect(open(vgg(), rest)).rejects.toMatchObject({ code: 'TRAINING_OPTION_INVALID', message });
});
