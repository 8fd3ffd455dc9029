import type { ModelProto } from '@kneepoint/onnx';
import {
  DataType,
  encodeModel,
  floatTensor,
  Graph,
  GraphBuilder,
  intTensor,
  Layers,
  seededRandom,
  smallNets,
  valueInfo,
} from '@kneepoint/onnx';
import { openSession, shapesOf } from '@kneepoint/runtime';
import { describe, expect, it } from 'vitest';
import { prepareForward } from './prepare.ts';
import { trainableOf } from './trainable.ts';
import { untie } from './untie.ts';

const noise = (dims: readonly number[], seed = 1) => {
  const random = seededRandom(seed);
  return Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.normal());
};

async function outputsOf(model: ModelProto, dims: readonly number[]) {
  const session = await openSession(model, { threads: 1 });
  const results = await session.run({ image: { dims, data: noise(dims) } });
  await session.release();
  return results;
}

async function prepared(model: ModelProto, dims: readonly number[], keep?: ReadonlySet<string>) {
  const shapes = await shapesOf(model, { input: { dims, data: noise(dims) } });
  return prepareForward(model, shapes, keep ?? trainableOf(model));
}

/** A network of few operators and much bookkeeping, as exporters write it. */
function talkative(): ModelProto {
  const net = new Layers(1, { opset: 11 });
  const { graph } = net;
  const x = net.conv(net.image(3, 16), 6, { stride: 4 });
  const shape = graph.node('Shape', [x]);
  const at = (axis: number) => graph.node('Gather', [shape, graph.init(intTensor([axis], []))]);
  const pieces = [at(0), graph.node('Mul', [at(1), graph.node('Mul', [at(2), at(3)])])];
  const target = graph.node(
    'Concat',
    pieces.map((piece) => graph.node('Unsqueeze', [piece], { axes: [0] })),
    { axis: 0 },
  );
  const [dropped] = graph.multi('Dropout', [graph.node('Reshape', [x, target])], 2, { ratio: { float: 0.4 } });
  const bias = graph.node('Unsqueeze', [net.weight('fc.bias', [5])], { axes: [0] });
  const half = graph.node('Sqrt', [graph.init(floatTensor([], [0.25]))]);
  const product = graph.node('MatMul', [dropped!, net.weight('fc.weight', [96, 5])]);
  const sum = graph.node('Add', [graph.node('Mul', [product, half]), bias]);
  graph.multi('TopK', [sum, graph.init(intTensor([2]))], 2);
  const [left] = graph.multi('Split', [sum], 2, { axis: 1, split: [3, 2] });
  graph.node('Exp', [x], {}, 'read by nobody');
  graph.output(graph.node('Softmax', [left!], { axis: 1 }, 'y'), ['N', 3]);
  return graph.build();
}

describe('a prepared network', () => {
  it.each(Object.keys(smallNets))('%s answers as it did, and every value has its type', async (name) => {
    const model = smallNets[name]!(3);
    const dims = [2, name === 'mfm' ? 1 : 3, 16, 16];
    const { model: ready, types } = await prepared(model, dims);
    const [before, after] = [await outputsOf(model, dims), await outputsOf(ready, dims)];
    for (const [output, { data }] of Object.entries(before)) {
      data.forEach((value, i) => expect(Number(after[output]!.data[i])).toBeCloseTo(Number(value), 5));
    }
    for (const node of ready.graph!.node) for (const output of node.output) expect(types.has(output)).toBe(true);
  });

  it('keeps the operators that compute and none of the bookkeeping', async () => {
    const dims = [3, 3, 16, 16];
    const model = talkative();
    const { model: ready, types } = await prepared(model, dims);
    const operators = ready.graph!.node.map(({ opType }) => opType);
    expect(operators).toEqual(['Conv', 'Reshape', 'Dropout', 'Unsqueeze', 'MatMul', 'Mul', 'Add', 'Split', 'Softmax']);
    const graph = new Graph(ready);
    const reshape = ready.graph!.node[1]!;
    expect([...(graph.constant(reshape.input[1]!)?.data ?? [])].map(Number)).toEqual([3, 96]);
    const [dropout, split] = [ready.graph!.node[2]!, ready.graph!.node[7]!];
    expect(dropout.output).toHaveLength(1);
    expect(split.output.map((value) => types.get(value))).toEqual([
      { dims: [3, 3], type: DataType.FLOAT },
      { dims: [3, 2], type: DataType.FLOAT },
    ]);
    const [before, after] = [await outputsOf(model, dims), await outputsOf(ready, dims)];
    expect([...after['y']!.data]).toEqual([...before['y']!.data]);
  });

  it('computes with weights that do not train', async () => {
    const { model: ready } = await prepared(talkative(), [3, 3, 16, 16], new Set(['fc.weight']));
    expect(ready.graph!.node.map(({ opType }) => opType)).not.toContain('Unsqueeze');
  });

  it('keeps the names of nodes, given or not', async () => {
    const model = talkative();
    for (const node of model.graph!.node) node.name = '';
    const names = new Graph(model);
    const { model: ready } = await prepared(model, [1, 3, 16, 16]);
    const conv = ready.graph!.node[0]!;
    const softmax = ready.graph!.node.at(-1)!;
    expect(conv.name).toBe(names.nodeName(names.producer(conv.output[0]!)!));
    expect(softmax.name).toBe(`Softmax_${model.graph!.node.length - 1}`);
  });

  it('leaves the model as it was', async () => {
    const model = talkative();
    const bytes = encodeModel(model);
    await prepared(model, [1, 3, 16, 16]);
    expect(encodeModel(model)).toEqual(bytes);
  });
});

it('element types follow from operators', async () => {
  const net = new GraphBuilder({ opset: 18 });
  const x = net.input('image', ['N', 1, 4, 4]);
  const [, indices] = net.multi('MaxPool', [x], 2, { kernel_shape: [2, 2] });
  const above = net.node('Greater', [x, net.init(floatTensor([], [0]))]);
  const values = {
    [indices!]: DataType.INT64,
    [above]: DataType.BOOL,
    [net.node('Cast', [above], { to: DataType.INT32 })]: DataType.INT32,
    [net.node('ArgMax', [x], { axis: 1 })]: DataType.INT64,
    [net.node('Where', [above, x, net.init(floatTensor([], [0]))])]: DataType.FLOAT,
    [net.node('Transpose', [indices!], { perm: [0, 1, 3, 2] })]: DataType.INT64,
  };
  for (const [value, type] of Object.entries(values)) net.output(value, undefined, type);
  const { types } = await prepared(net.build(), [2, 1, 4, 4]);
  for (const [value, type] of Object.entries(values)) expect(types.get(value)!.type).toBe(type);
});

describe('initializers that an exporter merged', () => {
  /** The two last normalisations are of the same width; the last one reads the parameters of the other through Identity. */
  function merged(): ModelProto {
    const model = smallNets['residual']!(1);
    const [first, second] = model.graph!.node.filter(({ opType }) => opType === 'BatchNormalization').slice(-2);
    const builder = new GraphBuilder();
    for (const input of [1, 2, 3, 4]) {
      const name = `${second!.input[input]!}.shared`;
      builder.output(builder.node('Identity', [first!.input[input]!], {}, name));
      second!.input[input] = name;
    }
    model.graph!.node.unshift(...builder.build().graph!.node);
    return model;
  }

  it('are read under their own names', async () => {
    const { model } = await prepared(merged(), [1, 3, 16, 16]);
    const [first, second] = model.graph!.node.filter(({ opType }) => opType === 'BatchNormalization').slice(-2);
    expect(second!.input.slice(1)).toEqual(first!.input.slice(1));
    expect(model.graph!.node.some(({ opType }) => opType === 'Identity')).toBe(false);
  });

  it('are separate again when untied, and compute the same', async () => {
    const model = merged();
    const apart = untie(model);
    expect(apart.graph!.node.some(({ opType }) => opType === 'Identity')).toBe(false);
    expect([...trainableOf(apart)].filter((name) => name.endsWith('.shared'))).toHaveLength(2);
    expect(trainableOf(apart).size).toBe(trainableOf(model).size + 2);
    expect(trainableOf(apart).size).toBe(trainableOf(smallNets['residual']!(1)).size);
    const [before, after] = [await outputsOf(model, [1, 3, 16, 16]), await outputsOf(apart, [1, 3, 16, 16])];
    expect(after).toEqual(before);
  });
});

it('a value without a measured shape is named', () => {
  const net = new GraphBuilder();
  net.output(net.node('Softmax', [net.node('Relu', [net.input('image', [1, 2])])]), [1, 2]);
  const model = net.build();
  model.opsetImport[0]!.version = 11n;
  model.graph!.output = [valueInfo('softmax1', [1, 2])];
  expect(() => prepareForward(model, new Map([['image', [1, 2]]]))).toThrow('the shape of relu1 is not known');
});
