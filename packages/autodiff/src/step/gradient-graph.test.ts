import { DataType, elementCount, Graph, readTensor, seededRandom, smallNets } from '@kneepoint/onnx';
import type { Dense } from '@kneepoint/runtime';
import { openSession } from '@kneepoint/runtime';
import { describe, expect, it } from 'vitest';
import type { LossTerm } from '../loss/loss.ts';
import { forwardGraph } from './forward-graph.ts';
import { gradientsOf } from './gradient-graph.ts';
import { measured, RunningStep } from './testing/run-step.ts';

const ROWS = 3;
const loss: LossTerm[] = [{ kind: 'categorical', name: 'task', output: 'logits', smoothing: 0.1 }];
const dims = [ROWS, 3, 16, 16];

function batch(seed = 2) {
  const random = seededRandom(seed);
  const draw = (count: number) => Float64Array.from({ length: count }, () => random.normal());
  const label = new Float64Array(ROWS * 5);
  for (let row = 0; row < ROWS; row++) label[row * 5 + row] = 1;
  return { image: draw(elementCount(dims)), label };
}

async function gradientFeeds(model: Parameters<typeof gradientsOf>[0]['model'], float: DataType) {
  const graph = gradientsOf({ model, shapes: await measured(model, dims), loss, wrt: 'all', float });
  const Numbers = float === DataType.DOUBLE ? Float64Array : Float32Array;
  const { image, label } = batch();
  const stored = new Graph(model);
  const feeds: Record<string, Dense> = {
    image: { dims, data: Numbers.from(image) },
    'label/task': { dims: [ROWS, 5], data: Numbers.from(label) },
    'rowWeight/task': { dims: [ROWS], data: new Numbers(ROWS).fill(1) },
  };
  for (const { name, input, dims: size } of graph.weights) {
    feeds[input] = { dims: size, data: Numbers.from(readTensor(stored.initializer(name)!).data as Float32Array) };
  }
  return { graph, feeds };
}

describe('gradients of a whole network', () => {
  it.each(['residual', 'depthwise', 'concat', 'squeezeExcite', 'shuffle', 'unet'])(
    '%s: differences in float64 agree along random directions',
    async (name) => {
      const model = smallNets[name]!(6);
      const { graph, feeds } = await gradientFeeds(model, DataType.DOUBLE);
      const session = await openSession(graph.model, { threads: 1 });
      const results = await session.run(feeds);
      const random = seededRandom(9);
      for (const { name: initializer, input, dims: size } of graph.weights) {
        const gradient = results[graph.gradients.get(initializer)!]!.data as Float64Array;
        const direction = Float64Array.from({ length: elementCount(size) }, () => random.normal());
        const at = async (h: number) => {
          const data = (feeds[input]!.data as Float64Array).map((value, i) => value + h * direction[i]!);
          return Number(
            (await session.run({ ...feeds, [input]: { dims: size, data } }, [graph.loss]))[graph.loss]!.data[0],
          );
        };
        const h = 1e-6;
        const slope = ((await at(h)) - (await at(-h))) / (2 * h);
        const expected = gradient.reduce((sum, value, i) => sum + value * direction[i]!, 0);
        expect(Math.abs(slope - expected)).toBeLessThan(1e-6 * Math.max(1, Math.abs(expected)));
      }
      await session.release();
    },
  );

  it('are what a step of plain descent at rate 1 takes off the weights', async () => {
    const model = smallNets['residual']!(6);
    const { graph, feeds } = await gradientFeeds(model, DataType.FLOAT);
    const session = await openSession(graph.model, { threads: 1 });
    const results = await session.run(feeds);
    await session.release();
    const running = await RunningStep.open({ model, trainable: 'all', loss, optimizer: { kind: 'sgd' } }, dims);
    const before = running.state;
    const { image, label } = batch();
    const { loss: value } = await running.run({ image, 'label/task': label }, 1);
    await running.release();
    expect(value![0]).toBeCloseTo(Number(results[graph.loss]!.data[0]), 5);
    expect(graph.gradients.size).toBe(running.step.weights.length);
    for (const { name, input } of running.step.weights) {
      const gradient = results[graph.gradients.get(name)!]!.data as Float32Array;
      running.state[input]!.forEach((next, i) => expect(before[input]![i]! - next).toBeCloseTo(gradient[i]!, 3));
    }
  });

  it('are none where the loss depends on nothing that is asked for', async () => {
    const model = smallNets['heads']!(6);
    const shapes = await measured(model, dims);
    const one: LossTerm[] = [{ kind: 'squaredError', name: 'yaw', output: 'yaw' }];
    const wrt = new Set(['roll.weight']);
    expect(() => gradientsOf({ model, shapes, loss: one, wrt })).toThrow('the loss depends on none of the weights');
  });
});

it('the forward half alone answers as the model does, and takes the weights that the step takes', async () => {
  const model = smallNets['residual']!(6);
  const forward = forwardGraph({ model, shapes: await measured(model, dims), trainable: 'all' });
  const stored = new Graph(model);
  const feeds: Record<string, Dense> = { image: { dims, data: Float32Array.from(batch().image) } };
  for (const { name, input, dims: size } of forward.weights) {
    feeds[input] = { dims: size, data: readTensor(stored.initializer(name)!).data };
  }
  const [half, whole] = await Promise.all([forward.model, model].map((one) => openSession(one, { threads: 1 })));
  const found = (await half!.run(feeds))[forward.scores.get('logits')!]!.data as Float32Array;
  const expected = (await whole!.run(feeds))['logits']!.data as Float32Array;
  found.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4));
  await Promise.all([half!.release(), whole!.release()]);
  const running = await RunningStep.open({ model, trainable: 'all', loss, optimizer: { kind: 'sgd' } }, dims);
  expect(forward.weights.map(({ name }) => name)).toEqual(running.step.weights.map(({ name }) => name));
  await running.release();
});
