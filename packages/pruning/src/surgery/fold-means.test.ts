import type { ModelProto } from '@kneepoint/onnx';
import { encodeModel, floatTensor, Graph, Layers } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { analyzeChannels } from '../analysis/analysis.ts';
import type { Plan } from '../plan/plan.ts';
import { randomPlan } from '../plan/plan-by-criterion.ts';
import { measureShapes, noise, run } from '../testing/ort.ts';
import type { Shapes } from '../trace/trace.ts';
import { consumerInputs, foldMeans } from './fold-means.ts';
import { prune } from './prune.ts';

/** The output of a model on one image. */
async function output(model: ModelProto, image: Float32Array): Promise<Float32Array> {
  const graph = new Graph(model);
  const [input] = graph.inputs;
  const type = input!.type!.value;
  const dims = type.case === 'tensorType' ? type.value.shape!.dim.map((dim) => Number(dim.value.value) || 1) : [];
  const results = await run(encodeModel(model), [{ name: input!.name, dims, data: image }]);
  return results.get(graph.outputs[0]!.name)!.data as Float32Array;
}

/** Channels that do not depend on the image: their mean says everything, so folding must reproduce the original exactly. */
async function constantChannels(build: (net: Layers, x: string) => string) {
  const net = new Layers(6);
  const x = net.image(8, 6);
  // The first convolution has zero weights: each of its channels is its bias everywhere.
  const bias = noise([8], 3);
  const still = net.note(
    net.graph.node(
      'Conv',
      [
        x,
        net.graph.init(floatTensor([8, 8, 1, 1], new Float32Array(64)), 'zero'),
        net.graph.init(floatTensor([8], bias), 'level'),
      ],
      { kernel_shape: [1, 1] },
      'still',
    ),
    [8, 6, 6],
  );
  net.output(build(net, still));
  const model = net.build();
  const shapes = await measureShapes(model);
  const plan = randomPlan(analyzeChannels(model, shapes), 0.5, 1);
  return { model, shapes, plan, bias };
}

function means(model: ModelProto, shapes: Shapes, plan: Plan, bias: Float32Array): Map<string, Float64Array> {
  return new Map(
    consumerInputs(model, shapes, plan).map(({ value, axis }) => {
      const size = shapes.get(value)![axis]!;
      return [value, Float64Array.from({ length: size }, (_, i) => bias[Math.floor((i * 8) / size)]!)];
    }),
  );
}

const kernel = (size: number, attributes = {}) => ({ kernel_shape: [size, size], ...attributes });
const node = (net: Layers, op: string, inputs: string[], shape: number[], attributes = {}) =>
  net.note(net.graph.node(op, inputs, attributes, 'consumer'), shape);

const CONSUMERS: readonly [string, (net: Layers, x: string) => string][] = [
  ['a convolution with a bias', (net, x) => net.conv(x, 5, { pad: 0, name: 'consumer' })],
  ['a convolution without one', (net, x) => net.conv(x, 5, { pad: 0, bias: false, name: 'consumer' })],
  ['a grouped convolution', (net, x) => net.conv(x, 6, { pad: 0, group: 2, name: 'consumer' })],
  [
    // Each place sees one tap of the kernel: the fold is right on the average over space.
    'a strided transposed convolution, on the average',
    (net, x) =>
      net.globalPool(
        node(net, 'ConvTranspose', [x, net.weight('w', [8, 5, 2, 2])], [5, 12, 12], kernel(2, { strides: [2, 2] })),
      ),
  ],
  ['a linear layer on flattened space', (net, x) => net.linear(net.flatten(x), 5, 'consumer')],
  [
    'a Gemm with alpha, beta and B as it is',
    (net, x) =>
      node(net, 'Gemm', [net.flatten(net.globalPool(x)), net.weight('w', [8, 5]), net.weight('c', [1, 5])], [5], {
        alpha: { float: 0.5 },
        beta: { float: 2 },
      }),
  ],
  ['a Gemm without C', (net, x) => node(net, 'Gemm', [net.flatten(net.globalPool(x)), net.weight('w', [8, 5])], [5])],
  ['a MatMul', (net, x) => node(net, 'MatMul', [net.flatten(net.globalPool(x)), net.weight('w', [8, 5])], [5])],
];

describe('folding the means of removed channels', () => {
  it.each(CONSUMERS)('is exact for channels that never change: %s', async (_, build) => {
    const { model, shapes, plan, bias } = await constantChannels(build);
    expect(plan.removedClasses.length).toBeGreaterThan(0);
    const image = noise([1, 8, 6, 6], 8);
    const pruned = prune(model, shapes, plan);
    const folded = foldMeans(pruned, model, shapes, plan, means(model, shapes, plan, bias));
    const [whole, cut, shifted] = [
      await output(model, image),
      await output(pruned, image),
      await output(folded, image),
    ];
    const distance = (a: Float32Array) => Math.max(...a.map((value, i) => Math.abs(value - whole[i]!)));
    expect(distance(cut)).toBeGreaterThan(0.01);
    expect(distance(shifted)).toBeLessThan(1e-5);
  });

  it('does not change a bias that another node shares', async () => {
    const net = new Layers(6);
    const x = net.relu(net.conv(net.image(3, 6), 8));
    const bias = net.weight('shared', [4]);
    const conv = (name: string, input: string, channels: number) =>
      net.note(
        net.graph.node('Conv', [input, net.weight(`${name}.w`, [4, channels, 1, 1]), bias], kernel(1), name),
        [4, 6, 6],
      );
    const sum = net.pointwise('Add', [conv('a', x, 8), conv('b', 'image', 3)]);
    net.output(sum);
    const model = net.build();
    const shapes = await measureShapes(model);
    const plan = randomPlan(analyzeChannels(model, shapes), 0.5, 1);
    const folded = foldMeans(
      prune(model, shapes, plan),
      model,
      shapes,
      plan,
      new Map([[x, new Float64Array(8).fill(1)]]),
    );
    const inputs = folded
      .graph!.node.filter((part) => part.name === 'a' || part.name === 'b')
      .map((part) => part.input[2]);
    expect(inputs).toEqual(
      ['a_bias', 'shared'].map((name, i) => (i === 0 ? (expect.not.stringMatching(/^shared$/) as string) : name)),
    );
  });

  it.each([
    [new Float64Array(3), '3 means were given for 8 channels'],
    [new Float64Array(8).fill(Number.NaN), 'mean 0 is NaN'],
  ])('refuses means that do not fit', async (mean, message) => {
    const { model, shapes, plan } = await constantChannels((net, x) => net.conv(x, 5, { name: 'consumer' }));
    const pruned = prune(model, shapes, plan);
    expect(() => foldMeans(pruned, model, shapes, plan, new Map([['still', mean]]))).toThrow(
      expect.objectContaining({ code: 'FOLD_BAD_MEANS', message, where: 'value still' }),
    );
  });
});

it('consumers are listed with the channels they lose, in the positions of the original', async () => {
  const { model, shapes, plan } = await constantChannels((net, x) => net.linear(net.flatten(x), 5, 'consumer'));
  const [consumer] = consumerInputs(model, shapes, plan);
  const kept = plan.layers[0]!.kept;
  const gone = [0, 1, 2, 3, 4, 5, 6, 7].filter((filter) => !kept.includes(filter));
  expect(consumer).toMatchObject({ node: 'consumer', op: 'Gemm', value: 'flatten1', axis: 1 });
  expect(consumer!.channels).toEqual(gone.flatMap((filter) => Array.from({ length: 36 }, (_, i) => filter * 36 + i)));
});
