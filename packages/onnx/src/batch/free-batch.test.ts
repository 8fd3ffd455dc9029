import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../builder.ts';
import { encodeModel } from '../codec.ts';
import { Layers } from '../models/layers.ts';
import { smallNets } from '../models/small-nets.ts';
import type { ModelProto } from '../proto.ts';
import { ValueInfoProtoSchema } from '../proto.ts';
import { skeleton } from '../skeleton.ts';
import { floatTensor, intTensor, readTensor } from '../tensor.ts';
import { maxDifference, noise, runModel } from '../testing/runtime.ts';
import { dimsOf, valueInfo } from '../value-info.ts';
import { freeBatch } from './free-batch.ts';

const SIZE = 8;

/** A convolution on a batch that is fixed, and what a case puts behind it. */
function fixed(
  batch: number,
  rest: (graph: GraphBuilder, x: string, net: Layers) => string | readonly string[],
  opset = 17,
): ModelProto {
  const net = new Layers(3, { opset });
  const x = net.relu(net.conv(net.image(3, SIZE), 6));
  const outputs = [rest(net.graph, x, net)].flat();
  for (const output of outputs) net.graph.output(output);
  const model = net.build();
  model.graph!.input[0] = valueInfo('image', [batch, 3, SIZE, SIZE]);
  return model;
}

const ints = (graph: GraphBuilder, values: readonly number[]) => graph.init(intTensor(values));
const reshape = (graph: GraphBuilder, x: string, shape: readonly number[]) =>
  graph.node('Reshape', [x, ints(graph, shape)]);

interface Freed {
  readonly name: string;
  readonly opset?: number;
  readonly rest: (batch: number) => (graph: GraphBuilder, x: string, net: Layers) => string | readonly string[];
}

const FREED: readonly Freed[] = [
  { name: 'nothing baked in', rest: () => (g, x) => g.globalAveragePool(x) },
  { name: 'Reshape to the batch and the rest', rest: (b) => (g, x) => reshape(g, x, [b, -1]) },
  { name: 'Reshape with every length given', rest: (b) => (g, x) => reshape(g, x, [b, 6, 64]) },
  { name: 'Reshape that is free already', rest: () => (g, x) => reshape(g, x, [-1, 384]) },
  { name: 'Reshape that copies the batch', rest: () => (g, x) => reshape(g, x, [0, 384]) },
  {
    name: 'a detector head: Transpose, Reshape, Concat, Softmax',
    rest: (b) => (g, x, net) => {
      const head = (out: number) =>
        reshape(g, g.node('Transpose', [net.conv(x, out)], { perm: [0, 2, 3, 1] }), [b, -1, 2]);
      return g.node('Softmax', [g.node('Concat', [head(4), head(2)], { axis: 1 })], { axis: 2 });
    },
  },
  {
    name: 'the batch folded into channels and out again',
    rest: (b) => (g, x) => reshape(g, g.node('Softmax', [reshape(g, x, [b * 6, 64])], { axis: 1 }), [b, 6, 8, 8]),
  },
  {
    name: 'Shape arithmetic that already follows the batch',
    rest: () => (g, x) => {
      const lead = g.node('Gather', [g.node('Shape', [x]), ints(g, [0])]);
      return g.node('Reshape', [x, g.node('Concat', [lead, ints(g, [-1])], { axis: 0 })]);
    },
  },
  {
    name: 'a computed batch and then a fixed one',
    rest: (b) => (g, x) => {
      const lead = g.node('Gather', [g.node('Shape', [x]), ints(g, [0])]);
      const flat = g.node('Reshape', [x, g.node('Concat', [lead, ints(g, [384])], { axis: 0 })]);
      return reshape(g, flat, [b, 6, -1]);
    },
  },
  {
    name: 'the chain that view(size(0), -1) leaves',
    rest: () => (g, x) => {
      const lead = g.node('Unsqueeze', [
        g.node('Gather', [g.node('Shape', [x]), g.init(intTensor([0], []))]),
        ints(g, [0]),
      ]);
      return g.node('Reshape', [x, g.node('Concat', [lead, ints(g, [384])], { axis: 0 })]);
    },
  },
  {
    name: 'Shape cut to its head',
    rest: () => (g, x) => {
      const lead = g.node('Slice', [g.node('Shape', [x]), ints(g, [0]), ints(g, [2])]);
      const shape = g.node('Concat', [lead, ints(g, [4, 4])], { axis: 0 });
      return g.node('Expand', [g.globalAveragePool(x), shape]);
    },
  },
  {
    name: 'Resize to a size that names the batch',
    rest: (b) => (g, x) => g.node('Resize', [x, '', '', ints(g, [b, 6, 16, 16])], { mode: 'nearest' }),
  },
  {
    name: 'Expand along space',
    rest: (b) => (g, x) => g.node('Expand', [g.globalAveragePool(x), ints(g, [b, 6, 4, 4])]),
  },
  {
    name: 'Squeeze of space and a linear layer',
    rest: () => (g, x, net) => {
      const pooled = g.node('Squeeze', [g.globalAveragePool(x), ints(g, [2, 3])]);
      return net.linear(net.note(pooled, [6]), 4);
    },
  },
  {
    name: 'matrix products, arithmetic with constants, Split, Slice, Pad and means',
    rest: (b) => (g, x, net) => {
      const flat = reshape(g, x, [b, 6, 64]);
      const product = g.node('MatMul', [flat, net.weight('w', [64, 5])]);
      const shifted = g.node('Add', [product, g.init(floatTensor([1, 6, 1], [1, 2, 3, 4, 5, 6]))]);
      const [first = '', second = ''] = g.multi('Split', [shifted], 2, { axis: 1 });
      const sliced = g.node('Slice', [first, ints(g, [1]), ints(g, [4]), ints(g, [2])]);
      const padded = g.node('Pad', [second, ints(g, [0, 0, 1, 0, 0, 0])]);
      return [g.node('ReduceMean', [sliced], { axes: [-1], keepdims: 0 }), g.node('Unsqueeze', [padded, ints(g, [1])])];
    },
  },
  {
    name: 'Softmax before opset 13, over all axes but the batch',
    opset: 11,
    rest: () => (g, x) => g.node('Softmax', [x]),
  },
];

describe.each([1, 2, 5])('a batch fixed at %i', (batch) => {
  it.each(FREED)('becomes free through $name, every image coming out as before', async ({ rest, opset }) => {
    const model = fixed(batch, rest(batch), opset);
    const before = encodeModel(model);
    const { model: free, freed, reason } = freeBatch(model);
    expect({ freed, reason }).toEqual({ freed: true, reason: undefined });
    expect(dimsOf(free.graph!.input[0]!)).toEqual(['N', 3, SIZE, SIZE]);

    const data = noise([10, 3, SIZE, SIZE], 4);
    const run = (of: ModelProto, images: number) =>
      runModel(of, { image: { dims: [images, 3, SIZE, SIZE], data: data.subarray(0, images * 3 * SIZE * SIZE) } });
    const original = await run(model, batch);
    for (const images of [1, 2, 5]) {
      const outputs = await run(free, images);
      for (const [name, { data: found }] of Object.entries(outputs)) {
        const expected = original[name]!.data;
        const perImage = expected.length / batch;
        expect(found.length).toBe(perImage * images);
        const shared = Math.min(images, batch) * perImage;
        expect(maxDifference(found.subarray(0, shared), expected.subarray(0, shared))).toBeLessThan(1e-5);
      }
    }
    expect(encodeModel(model)).toEqual(before);
  });
});

const KEPT: readonly {
  name: string;
  batch?: number;
  opset?: number;
  rest: (g: GraphBuilder, x: string, net: Layers) => string;
  reason: string;
}[] = [
  {
    name: 'a constant as long as the batch',
    rest: (g, x) => g.node('Add', [x, g.init(floatTensor([2, 1, 1, 1], [1, 2]))]),
    reason: 'node add1 (Add): the constant const1 has a length along the batch',
  },
  {
    name: 'a mean over the batch',
    rest: (g, x) => g.node('ReduceMean', [x], { axes: [0] }),
    reason: 'node reducemean1 (ReduceMean): it reduces over the batch',
  },
  {
    name: 'one image picked',
    rest: (g, x) => g.node('Gather', [x, ints(g, [0])], { axis: 0 }),
    reason: 'node gather1 (Gather): it picks single images out of the batch',
  },
  {
    name: 'a Squeeze of whatever is 1',
    batch: 1,
    rest: (g, x) => g.node('Squeeze', [g.globalAveragePool(x)]),
    reason: 'node squeeze1 (Squeeze): it drops every axis of length 1, which a batch of 1 is too',
  },
  {
    name: 'an operator without a rule',
    rest: (g, x) => g.node('CumSum', [x, g.init(intTensor([0], []))]),
    reason: 'node cumsum1 (CumSum): nothing is known of what it does to the batch',
  },
  {
    name: 'the batch moved to the last axis of the output',
    rest: (g, x) => g.node('Transpose', [x], { perm: [1, 2, 3, 0] }),
    reason: 'the output transpose1 does not lead with the batch',
  },
  {
    name: 'images multiplied with each other',
    rest: (g, x) => {
      const flat = g.flatten(x);
      return g.node('MatMul', [flat, g.node('Transpose', [flat], { perm: [1, 0] })]);
    },
    reason: 'node matmul1 (MatMul): it multiplies images of the batch with each other',
  },
  {
    name: 'a fixed batch among computed lengths',
    rest: (g, x) => {
      const height = g.node('Gather', [g.node('Shape', [x]), ints(g, [2])]);
      return g.node('Reshape', [x, g.node('Concat', [ints(g, [2]), ints(g, [-1]), height], { axis: 0 })]);
    },
    reason: 'node reshape1 (Reshape): its shape mixes computed lengths with a fixed batch',
  },
  {
    name: 'Softmax before opset 13, which takes the axes behind its own along',
    opset: 11,
    rest: (g, x) => g.node('Softmax', [g.node('Transpose', [x], { perm: [1, 0, 2, 3] })], { axis: 0 }),
    reason: 'node softmax1 (Softmax): it works along the batch',
  },
  {
    name: 'a matrix product over the batch',
    rest: (g, x, net) =>
      g.node('MatMul', [g.node('Transpose', [g.flatten(x)], { perm: [1, 0] }), net.weight('w', [2, 5])]),
    reason: 'node matmul1 (MatMul): it sums over the batch',
  },
];

describe('a batch stays fixed, with the reason, at', () => {
  it.each(KEPT)('$name', ({ rest, reason, batch = 2, opset }) => {
    const model = fixed(batch, rest, opset);
    expect(freeBatch(model)).toEqual({ model, freed: false, reason });
  });
});

describe('freeBatch', () => {
  it('changes nothing in a model that is free already', () => {
    for (const make of Object.values(smallNets)) {
      const model = make(1);
      expect(freeBatch(model)).toEqual({ model, freed: true });
    }
  });

  it('names a batch that was written as 0', async () => {
    const model = smallNets['vgg']!(1);
    model.graph!.input[0] = valueInfo('image', [0, 3, 16, 16]);
    model.graph!.output[0] = valueInfo('logits', [0, 10]);
    const { model: free, freed } = freeBatch(model);
    expect(freed).toBe(true);
    const outputs = await runModel(free, { image: { dims: [2, 3, 16, 16], data: noise([2, 3, 16, 16], 1) } });
    expect(outputs['logits']?.dims).toEqual([2, 10]);
  });

  it('copies an operand that another node shares', () => {
    const model = fixed(5, (g, x) => {
      const shape = g.init(intTensor([5, 384]), 'shape');
      const other = g.node('Reshape', [g.init(floatTensor([1920], noise([1920], 1))), shape]);
      return [g.node('Reshape', [x, shape]), g.node('ReduceMax', [other])];
    });
    model.graph!.output.pop();
    const { model: free, freed } = freeBatch(model);
    expect(freed).toBe(true);
    const kept = free.graph!.initializer.find(({ name }) => name === 'shape')!;
    expect([...readTensor(kept).data]).toEqual([5n, 384n]);
  });

  it('follows old exporters: weights among the inputs, shapes in Constant nodes, recorded shapes dropped', async () => {
    const model = fixed(
      1,
      (g, x) => {
        const shape = g.node('Constant', [], { value_ints: [1, -1] });
        return g.node('Concat', [g.node('Reshape', [x, shape]), reshape(g, x, [1, 384])], { axis: 1 });
      },
      12,
    );
    const { graph } = model;
    for (const tensor of graph!.initializer)
      graph!.input.push(valueInfo(tensor.name, tensor.dims.map(Number), tensor.dataType));
    graph!.valueInfo.push(valueInfo('relu1', [1, 6, SIZE, SIZE]));
    graph!.output[0] = valueInfo(graph!.output[0]!.name, [1, 768]);
    const { model: free, freed } = freeBatch(model);
    expect(freed).toBe(true);
    expect(free.graph!.valueInfo).toEqual([]);
    expect(dimsOf(free.graph!.output[0]!)).toEqual(['N', 768]);
    const names = new Set(free.graph!.initializer.map(({ name }) => name));
    expect(free.graph!.input.map(({ name }) => name).filter((name) => name !== 'image' && !names.has(name))).toEqual(
      [],
    );
    const outputs = await runModel(free, { image: { dims: [3, 3, SIZE, SIZE], data: noise([3, 3, SIZE, SIZE], 2) } });
    expect(Object.values(outputs)[0]?.dims).toEqual([3, 768]);
  });

  it('needs no weights', () => {
    const model = fixed(4, (g, x, net) => net.linear(net.note(reshape(g, x, [4, 384]), [384]), 3));
    expect(freeBatch(skeleton(model)).freed).toBe(true);
  });

  it('says so when there is not one input', () => {
    const model = fixed(1, (g, x) => g.relu(x));
    model.graph!.input.push(create(ValueInfoProtoSchema, { name: 'second' }));
    expect(freeBatch(model)).toMatchObject({ freed: false, reason: 'the model has 2 inputs' });
  });
});

it('a kernel that is computed from the image keeps the batch as it is', () => {
  const g = new GraphBuilder();
  const x = g.input('image', [1, 4, 8, 8]);
  const style = g.node('Reshape', [g.node('GlobalAveragePool', [x]), g.init(intTensor([1, 4, 1, 1]))]);
  const kernel = g.node('Mul', [g.init(floatTensor([1, 4, 1, 1], [1, 2, 3, 4])), style]);
  g.output(g.node('Conv', [x, kernel], {}, 'modulated'), [1, 1, 8, 8]);
  expect(freeBatch(g.build())).toMatchObject({
    freed: false,
    reason: expect.stringMatching(/^node modulated \(Conv\): its kernel/) as unknown,
  });
});
