import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelProto } from '@kneepoint/onnx';
import {
  DataType,
  decodeModel,
  elementCount,
  freeBatch,
  Graph,
  GraphBuilder,
  inputSpec,
  readTensor,
  seededRandom,
  smallNets,
  writeTensor,
} from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { learnedInitializers, trainableOf } from '../forward/trainable.ts';
import type { LossTerm } from '../loss/loss.ts';
import type { StepRequest } from './request.ts';
import { initialState, weightsOf } from './state.ts';
import { RunningStep } from './testing/run-step.ts';
import { withWeights } from './with-weights.ts';

const ROWS = 4;

/** Labels of 0 for a squared error of every output. */
function towardsZero(model: ModelProto): LossTerm[] {
  return new Graph(model).outputs.map(({ name }) => ({ kind: 'squaredError', name, output: name }));
}

async function steps(model: ModelProto, count: number, batchNorm: StepRequest['batchNorm'], rate = 0.001) {
  const { name, channels, height, width } = inputSpec(model);
  const dims = [ROWS, channels, height, width];
  const random = seededRandom(4);
  const image = Float32Array.from({ length: elementCount(dims) }, () => random.uniform());
  const request = {
    model,
    trainable: 'all',
    ...(batchNorm === undefined ? {} : { batchNorm }),
    loss: towardsZero(model),
    optimizer: { kind: 'adam' },
  } as const;
  const running = await RunningStep.open(request, dims);
  const labels = running.step.inputs.filter(({ role }) => role === 'label');
  const feeds = Object.fromEntries(labels.map((label) => [label.name, new Float32Array(elementCount(label.dims))]));
  const losses: number[] = [];
  for (let i = 0; i < count; i++) losses.push(await running.loss({ [name]: image, ...feeds }, rate));
  await running.release();
  return { running, losses };
}

/** conv - relu - dropout - conv - global pool, stored in half precision between two casts. */
function halfPrecision(): ModelProto {
  const net = new GraphBuilder({ opset: 17 });
  const random = seededRandom(3);
  const half = (dims: number[], name: string) =>
    net.initProto(
      writeTensor(name, {
        dims,
        type: DataType.FLOAT16,
        data: Float32Array.from({ length: elementCount(dims) }, () => 0.3 * random.normal()),
      }),
    );
  const pads = { pads: [1, 1, 1, 1] };
  let x = net.node('Cast', [net.input('image', ['N', 3, 8, 8])], { to: DataType.FLOAT16 });
  x = net.relu(net.node('Conv', [x, half([4, 3, 3, 3], 'first.weight'), half([4], 'first.bias')], pads));
  x = net.node('Dropout', [x]);
  x = net.node('Conv', [x, half([2, 4, 3, 3], 'second.weight')], pads);
  x = net.node('Cast', [net.flatten(net.globalAveragePool(x))], { to: DataType.FLOAT });
  net.output(x, ['N', 2]);
  return net.build();
}

it('a network in half precision trains in single and is stored in half again', async () => {
  const model = halfPrecision();
  const { running, losses } = await steps(model, 30, 'frozen', 0.01);
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 4);
  const stored = withWeights(model, weightsOf(running.step, running.state)).graph!.initializer[0]!;
  expect(stored.dataType).toBe(DataType.FLOAT16);
  const [half, single] = [readTensor(stored).data as Float32Array, running.state['weight/first.weight']!];
  half.forEach((value, i) => expect(Math.abs(value - single[i]!)).toBeLessThan(1e-3));
  expect([...half]).not.toEqual([...(readTensor(model.graph!.initializer[0]!).data as Float32Array)]);
});

it('dropout asks for noise in training, and for none when frozen', async () => {
  const noise = ({ running }: Awaited<ReturnType<typeof steps>>) =>
    running.step.inputs.filter(({ role }) => role === 'noise').map(({ dims }) => dims);
  expect(noise(await steps(halfPrecision(), 1, 'train'))).toEqual([[ROWS, 4, 8, 8]]);
  expect(noise(await steps(halfPrecision(), 1, 'frozen'))).toEqual([]);
});

it('of normalisations only those that are named go by their batch', async () => {
  const model = smallNets['residual']!(1);
  const { running } = await steps(model, 2, new Set(['bn2']));
  const statistics = running.step.weights.filter(({ kind }) => kind === 'statistic').map(({ name }) => name);
  expect(statistics).toEqual(['bn2.mean', 'bn2.var']);
  const before = initialState(running.step, model);
  for (const name of statistics) expect(running.state[`weight/${name}`]).not.toEqual(before[`weight/${name}`]);
});

it('weights leave the step without being copied', async () => {
  const { running } = await steps(smallNets['residual']!(1), 1, 'train');
  const copies = running.step.model.graph!.node.filter(({ opType }) => opType === 'Identity');
  expect(copies.flatMap(({ output }) => output).filter((name) => name.startsWith('next/'))).toEqual([]);
});

it('without a gradient, decay shrinks kernels and matrices and nothing else', async () => {
  const model = smallNets['residual']!(1);
  const running = await RunningStep.open(
    {
      model,
      trainable: 'all',
      loss: towardsZero(model),
      optimizer: { kind: 'adamw' },
      weightDecay: 0.5,
    },
    [ROWS, 3, 16, 16],
  );
  const before = running.state;
  const feeds = {
    image: new Float32Array(ROWS * 3 * 256),
    'label/logits': new Float32Array(ROWS * 5),
    'rowWeight/logits': new Float32Array(ROWS),
  };
  await running.run(feeds, 0.1);
  await running.release();
  const learned = learnedInitializers(model);
  for (const { name, input } of running.step.weights) {
    const factor = learned.get(name)!.decays ? 0.95 : 1;
    running.state[input]!.forEach((value, i) => expect(value).toBeCloseTo(factor * before[input]![i]!, 6));
  }
});

it('a student learns its teacher on one output and a task on another', async () => {
  const model = smallNets['heads']!(1);
  const loss: LossTerm[] = [
    { kind: 'distillation', form: 'binary', name: 'teacher', output: 'yaw', temperature: 2 },
    { kind: 'binary', name: 'roll', output: 'roll', classWeights: [[1, 3]], smoothing: 0.1 },
  ];
  const running = await RunningStep.open(
    { model, trainable: trainableOf(model), loss, optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true } },
    [ROWS, 3, 16, 16],
  );
  const random = seededRandom(1);
  const feeds = {
    image: Float32Array.from({ length: ROWS * 768 }, () => random.normal()),
    'label/teacher': Float32Array.of(-2, 1, 3, -1),
    'label/roll': Float32Array.of(0, 1, 1, 0),
  };
  let last = {} as Record<string, Float32Array>;
  for (let i = 0; i < 100; i++) last = await running.run(feeds, 0.01);
  await running.release();
  last['output/yaw']!.forEach((value, i) => expect(value).toBeCloseTo(feeds['label/teacher'][i]!, 0));
  const roll = last['output/roll']!;
  expect([...roll].map((value) => (value > 0 ? 1 : 0))).toEqual([...feeds['label/roll']]);
  // Smoothed labels of 0.95 and 0.05 keep the answers bounded.
  roll.forEach((value) => expect(Math.abs(value)).toBeLessThan(4));
});

const folder = process.env['KNEEPOINT_DATA'];

describe.runIf(folder).each(['head-pose-estimation-adas-0001', 'slim-320', 'seetaface-onet'])('%s', (file) => {
  it('trains as it is, from its own opset', async () => {
    const { model } = freeBatch(decodeModel(readFileSync(join(folder ?? '', 'models', `${file}.onnx`))));
    const { running, losses } = await steps(model, 6, 'train');
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    expect(running.step.weights.length).toBeGreaterThan(10);
  });
});
