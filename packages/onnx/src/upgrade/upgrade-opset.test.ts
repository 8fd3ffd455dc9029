import { describe, expect, it } from 'vitest';
import type { Attributes } from '../builder.ts';
import { GraphBuilder } from '../builder.ts';
import { Graph } from '../graph.ts';
import { smallNets } from '../models/small-nets.ts';
import type { ModelProto } from '../proto.ts';
import { DataType } from '../proto.ts';
import type { Tensor } from '../tensor.ts';
import { floatTensor, intTensor } from '../tensor.ts';
import { failureOf } from '../testing/failing.ts';
import { maxDifference, noise, runModel, shapesOf } from '../testing/runtime.ts';
import { STEPS } from './steps.ts';
import { TARGET_OPSET, upgradeOpset } from './upgrade-opset.ts';

interface Case {
  readonly name?: string;
  readonly op: string;
  readonly opset: number;
  readonly dims: readonly number[];
  readonly operands?: readonly Tensor[];
  readonly attributes?: Attributes;
  readonly outputs?: number;
}

const floats = (...values: number[]) => floatTensor([values.length], values);
const reductions = 'L1 L2 LogSumExp Max Mean Min Prod SumSquare Sum LogSum'.split(' ');

const cases: readonly Case[] = [
  { op: 'Squeeze', opset: 11, dims: [2, 1, 3, 1], attributes: { axes: [1, -1] } },
  { name: 'every axis of size 1', op: 'Squeeze', opset: 9, dims: [2, 1, 3, 1] },
  { op: 'Unsqueeze', opset: 11, dims: [2, 3], attributes: { axes: [0, -1] } },
  ...reductions.flatMap((kind): Case[] => [
    { op: `Reduce${kind}`, opset: 12, dims: [2, 3, 4], attributes: { axes: [1, -1], keepdims: 0 } },
    { name: 'of everything', op: `Reduce${kind}`, opset: 12, dims: [2, 3, 4] },
  ]),
  { op: 'Clip', opset: 10, dims: [2, 9], attributes: { min: { float: -0.25 }, max: { float: 0.5 } } },
  { name: 'from above only', op: 'Clip', opset: 7, dims: [2, 9], attributes: { max: { float: 0.5 } } },
  { op: 'Dropout', opset: 7, dims: [2, 9], attributes: { ratio: { float: 0.3 } } },
  { op: 'Dropout', opset: 10, dims: [2, 9] },
  { op: 'Pad', opset: 10, dims: [1, 2, 3, 3], attributes: { pads: [0, 0, 1, 2, 0, 0, 0, 1], value: { float: 2.5 } } },
  {
    name: 'by reflection',
    op: 'Pad',
    opset: 7,
    dims: [1, 1, 3, 3],
    attributes: { pads: [0, 0, 1, 1, 0, 0, 1, 1], mode: 'reflect' },
  },
  { op: 'Reshape', opset: 4, dims: [2, 6], attributes: { shape: [0, 3, -1] } },
  { op: 'Slice', opset: 9, dims: [2, 6, 4], attributes: { starts: [1, -3], ends: [5, 9], axes: [1, 2] } },
  { name: 'of leading axes', op: 'Slice', opset: 7, dims: [2, 6], attributes: { starts: [0, 2], ends: [1, 4] } },
  { op: 'Split', opset: 11, dims: [2, 6], attributes: { axis: 1, split: [2, 4] }, outputs: 2 },
  { name: 'into equal parts', op: 'Split', opset: 11, dims: [2, 6], attributes: { axis: -1 }, outputs: 3 },
  { name: 'into equal parts', op: 'Split', opset: 13, dims: [2, 6], attributes: { axis: 1 }, outputs: 2 },
  { op: 'TopK', opset: 9, dims: [2, 6], attributes: { k: 3, axis: 1 }, outputs: 2 },
  ...['Softmax', 'LogSoftmax', 'Hardmax'].flatMap((op): Case[] => [
    { name: 'over the last axis', op, opset: 11, dims: [3, 5] },
    { name: 'over three axes as one', op, opset: 11, dims: [2, 3, 4, 5] },
    { name: 'over two of four axes', op, opset: 12, dims: [2, 3, 4, 5], attributes: { axis: -2 } },
    { name: 'over channels of 1 × 1', op, opset: 9, dims: [2, 5, 1, 1], attributes: { axis: 1 } },
    { name: 'over everything', op, opset: 12, dims: [2, 3], attributes: { axis: 0 } },
  ]),
  { op: 'Upsample', opset: 7, dims: [1, 2, 3, 4], attributes: { scales: { floats: [1, 1, 2, 3] } } },
  { op: 'Upsample', opset: 9, dims: [1, 2, 3, 4], operands: [floats(1, 1, 2, 1.5)], attributes: { mode: 'linear' } },
  { op: 'Upsample', opset: 9, dims: [1, 2, 3, 4], operands: [floats(1, 1, 1.5, 2)] },
  { op: 'Resize', opset: 10, dims: [1, 2, 5, 7], operands: [floats(1, 1, 2, 1.3)] },
  { name: 'smaller', op: 'Resize', opset: 10, dims: [1, 2, 5, 7], operands: [floats(1, 1, 0.5, 0.7)] },
  {
    name: 'linear',
    op: 'Resize',
    opset: 10,
    dims: [1, 2, 4, 6],
    operands: [floats(1, 1, 0.5, 2)],
    attributes: { mode: 'linear' },
  },
  {
    name: 'to sizes',
    op: 'Resize',
    opset: 11,
    dims: [1, 2, 4, 6],
    operands: [floats(), floats(), intTensor([1, 2, 7, 9])],
    attributes: { mode: 'linear', coordinate_transformation_mode: 'align_corners' },
  },
  { name: 'by scales', op: 'Resize', opset: 11, dims: [1, 2, 4, 6], operands: [floats(), floats(1, 1, 2, 2)] },
  {
    op: 'BatchNormalization',
    opset: 8,
    dims: [2, 3, 4, 4],
    operands: [floats(1, 2, 3), floats(0, 1, -1), floats(0.1, 0.2, 0.3), floats(1, 0.5, 2)],
    attributes: { spatial: 1 },
  },
  {
    op: 'BatchNormalization',
    opset: 9,
    dims: [2, 3, 4, 4],
    operands: [floats(1, 2, 3), floats(0, 1, -1), floats(0.1, 0.2, 0.3), floats(1, 0.5, 2)],
  },
  {
    name: 'of newer files',
    op: 'AveragePool',
    opset: 19,
    dims: [1, 2, 4, 4],
    attributes: { kernel_shape: [2, 2], dilations: [1, 1] },
  },
  { name: 'of newer files', op: 'Resize', opset: 19, dims: [1, 2, 4, 6], operands: [floats(), floats(1, 1, 2, 2)] },
  {
    name: 'of newer files',
    op: 'Reshape',
    opset: 21,
    dims: [2, 6],
    operands: [intTensor([3, 4])],
    attributes: { allowzero: 0 },
  },
];

function modelOf({ op, opset, dims, operands = [], attributes = {}, outputs = 1 }: Case): ModelProto {
  const net = new GraphBuilder({ opset });
  const x = net.input('x', dims);
  const inputs = [x, ...operands.map((tensor, i) => net.init(tensor, `operand${i + 1}`))];
  net.multi(op, inputs, outputs, attributes, 'y').forEach((value, i) => {
    net.output(value, undefined, op === 'TopK' && i === 1 ? DataType.INT64 : DataType.FLOAT);
  });
  return net.build();
}

async function expectEqual(model: ModelProto, dims: readonly number[], input = 'x'): Promise<ModelProto> {
  const shapes = await shapesOf(model, input, dims);
  const upgraded = upgradeOpset(model, shapes);
  expect(new Graph(upgraded.model).opset).toBe(TARGET_OPSET);
  const feeds = { [input]: { dims, data: noise(dims, 3) } };
  const [old, next] = [await runModel(model, feeds), await runModel(upgraded.model, feeds)];
  expect(Object.keys(next)).toEqual(Object.keys(old));
  for (const [name, { dims: size, data }] of Object.entries(old)) {
    expect(next[name]!.dims).toEqual(size);
    expect(maxDifference(Array.from(data, Number), Array.from(next[name]!.data, Number))).toBeLessThan(1e-6);
  }
  const measured = await shapesOf(upgraded.model, input, dims);
  for (const [name, size] of measured) expect(upgraded.shapes.get(name)).toEqual(size);
  return upgraded.model;
}

describe('a model brought to opset 18 computes what it did', () => {
  it.each(cases.map((one) => [`${one.op} of opset ${one.opset} ${one.name ?? ''}`.trim(), one] as const))(
    '%s',
    async (_, one) => {
      const model = await expectEqual(modelOf(one), one.dims);
      expect(model.graph!.node.length).toBeLessThanOrEqual(3);
    },
  );

  it.each(Object.keys(smallNets))('%s', async (name) => {
    const model = smallNets[name]!(5);
    const channels = name === 'mfm' ? 1 : 3;
    await expectEqual(model, [2, channels, 16, 16], 'image');
  });
});

it('every change in the table is tried', () => {
  const tried = new Set(cases.map(({ op, opset }) => `${op} ${opset}`));
  const untried = Object.entries(STEPS).flatMap(([op, steps]) =>
    steps
      .filter(({ since }) => since > 7)
      .filter(({ since }) => ![...tried].some((one) => one.startsWith(`${op} `) && Number(one.split(' ')[1]) < since)),
  );
  expect(untried).toEqual([]);
});

describe('what runtimes no longer run', () => {
  const upgraded = (one: Case, shapes: Record<string, number[]> = {}) =>
    upgradeOpset(modelOf(one), new Map(Object.entries({ x: [...one.dims], y: [...one.dims], ...shapes }))).model.graph!;

  it('casts to a type by number, not by name', () => {
    const { node } = upgraded({ op: 'Cast', opset: 5, dims: [2], attributes: { to: 'DOUBLE' } });
    expect(node[0]!.attribute.map(({ i }) => Number(i))).toEqual([DataType.DOUBLE]);
  });

  it('gives one slope per channel its place among the axes', () => {
    const { node } = upgraded({ op: 'PRelu', opset: 6, dims: [1, 3, 4, 4], operands: [floats(1, 2, 3)] });
    expect(node.map(({ opType }) => opType)).toEqual(['Reshape', 'PRelu']);
  });

  it('forgets buffers that were named for reuse, and joins along channels by default', () => {
    const { node } = upgraded({ op: 'Concat', opset: 3, dims: [2, 3], attributes: { consumed_inputs: [0] } });
    expect(node[0]!.attribute.map(({ name, i }) => [name, Number(i)])).toEqual([['axis', 1]]);
  });
});

it.each<[string, Case]>([
  [
    'it broadcasts as operators did before opset 7',
    { op: 'Add', opset: 6, dims: [2, 3], operands: [floats(1, 2)], attributes: { broadcast: 1, axis: 0 } },
  ],
  [
    'it has statistics per position (spatial = 0)',
    { op: 'BatchNormalization', opset: 7, dims: [1, 2], attributes: { spatial: 0 } },
  ],
  [
    'its coordinates (half_pixel_symmetric) are new in opset 19',
    {
      op: 'Resize',
      opset: 19,
      dims: [1, 1, 2, 2],
      attributes: { coordinate_transformation_mode: 'half_pixel_symmetric' },
    },
  ],
  [
    'its dilations are new in opset 19',
    { op: 'AveragePool', opset: 20, dims: [1, 1, 4, 4], attributes: { dilations: [2, 2] } },
  ],
  ['wrapping is new in opset 19', { op: 'Pad', opset: 19, dims: [1, 1], attributes: { mode: 'wrap' } }],
  ['it casts to WORDS', { op: 'Cast', opset: 5, dims: [1], attributes: { to: 'WORDS' } }],
])('a node is refused by name: %s', (message, one) => {
  const error = failureOf(() => upgradeOpset(modelOf(one), new Map([['x', one.dims]])));
  expect(error).toEqual({ code: 'MODEL_OPSET_UNSUPPORTED', message, where: `node y (${one.op})` });
});

it('versions that nobody here has read are refused', () => {
  expect(failureOf(() => upgradeOpset(modelOf({ op: 'Relu', opset: 99, dims: [1] }), new Map())).message).toContain(
    '99',
  );
});
