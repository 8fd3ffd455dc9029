import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import type { ModelProto } from '@kneepoint/onnx';
import {
  DataType,
  dimsOf,
  encodeModel,
  feedData,
  floatTensor,
  Graph,
  GraphBuilder,
  inputFeeds,
  intTensor,
  readTensor,
  seededRandom,
  StringStringEntryProtoSchema,
} from '@kneepoint/onnx';
import { openSession, readModelFile } from '@kneepoint/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import surgery, { type SurgeryTaskInput } from './tasks/surgery.task.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-cut-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A convolution of which the last filters are exactly zero, so that a cut by half must leave every answer as it was. */
function layer(
  g: GraphBuilder,
  x: string,
  from: number,
  to: number,
  { kernel = [3, 3], type = DataType.FLOAT } = {},
): string {
  const random = seededRandom(from + 7 * to);
  const inner = kernel.reduce((a, b) => a * b, from);
  const live = (filter: number) => (filter < to / 2 ? 1 : 0);
  const data = Float32Array.from({ length: to * inner }, (_, i) => live(Math.floor(i / inner)) * random.normal() * 0.3);
  const bias = Float32Array.from({ length: to }, (_, i) => live(i) * random.normal() * 0.1);
  const weights = [g.init({ dims: [to, from, ...kernel], type, data }), g.init({ dims: [to], type, data: bias })];
  return g.relu(g.node('Conv', [x, ...weights], { pads: kernel.flatMap(() => [1, 1]) }));
}

/** The answer of a network: five numbers for each image. */
function head(g: GraphBuilder, x: string, channels: number, type = DataType.FLOAT): string {
  const random = seededRandom(3);
  const data = Float32Array.from({ length: 5 * channels }, () => random.normal());
  return g.node('Gemm', [g.flatten(g.globalAveragePool(x)), g.init({ dims: [5, channels], type, data })], {
    transB: 1,
  });
}

async function cut(model: ModelProto, more: Partial<SurgeryTaskInput> = {}) {
  const [path, out] = [join(folder, 'whole.onnx'), join(folder, 'cut.onnx')];
  await writeFile(path, encodeModel(model));
  const result = await surgery({ path, criterion: 'l1', ratio: 0.5, seed: 1, out, ...more });
  return { ...result, written: await readModelFile(out) };
}

async function answers(model: ModelProto, feeds: Parameters<Awaited<ReturnType<typeof openSession>>['run']>[0]) {
  const session = await openSession(model);
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

/** Both networks, run as a user runs them, answer the same. */
async function expectSame(
  whole: ModelProto,
  written: ModelProto,
  size?: { height: number; width: number },
): Promise<void> {
  const random = seededRandom(9);
  const feeds = Object.fromEntries(
    inputFeeds(whole, size ? { size } : {}).map((feed) => [
      feed.name,
      { dims: feed.dims, data: feedData(feed, random) },
    ]),
  );
  const [before, after] = [await answers(whole, feeds), await answers(written, feeds)];
  expect(Object.keys(after)).toEqual(Object.keys(before));
  for (const [name, { data, dims }] of Object.entries(before)) {
    expect(after[name]!.dims).toEqual(dims);
    const other = Array.from(after[name]!.data as Float32Array, Number);
    Array.from(data as Float32Array, Number).forEach((value, i) => expect(other[i]).toBeCloseTo(value, 4));
  }
}

const declared = (model: ModelProto) =>
  [...model.graph!.input, ...model.graph!.output].map((value) => [value.name, dimsOf(value)]);

type Case = readonly [string, () => ModelProto];

const build =
  (make: (g: GraphBuilder) => void): (() => ModelProto) =>
  () => {
    const g = new GraphBuilder();
    make(g);
    return g.build();
  };

const CASES: readonly Case[] = [
  [
    'one image at a time, because the batch is squeezed away',
    build((g) => {
      const y = head(g, layer(g, g.input('x', [1, 3, 8, 8]), 3, 16), 16);
      g.output(g.node('Squeeze', [y, g.init(intTensor([0]))]), [5]);
    }),
  ],
  [
    'one image at a time, because the first of the batch is picked',
    build((g) => {
      const y = head(g, layer(g, g.input('x', [1, 3, 8, 8]), 3, 16), 16);
      g.output(g.node('Gather', [y, g.init(intTensor([0], []))]), [5]);
    }),
  ],
  [
    'one image at a time, with a constant joined to it',
    build((g) => {
      const y = layer(g, g.input('x', [1, 3, 8, 8]), 3, 16);
      const grid = g.init(
        floatTensor(
          [1, 2, 8, 8],
          Float32Array.from({ length: 128 }, (_, i) => Math.sin(i)),
        ),
      );
      g.output(head(g, layer(g, g.node('Concat', [y, grid], { axis: 1 }), 18, 16), 16), [1, 5]);
    }),
  ],
  [
    'one image at a time, answered by a number without dimensions',
    build((g) => {
      const y = layer(g, layer(g, g.input('x', [1, 3, 8, 8]), 3, 16), 16, 1);
      g.output(g.node('ReduceMean', [y], { keepdims: 0 }), []);
    }),
  ],
  [
    'three images at a time',
    build((g) => void g.output(head(g, layer(g, g.input('x', [3, 3, 8, 8]), 3, 16), 16), [3, 5])),
  ],
  [
    'four images at a time, of which only the first is answered',
    build((g) => {
      const y = head(g, layer(g, g.input('x', [4, 3, 8, 8]), 3, 16), 16);
      g.output(g.node('Gather', [y, g.init(intTensor([0]))]), [1, 5]);
    }),
  ],
  ['a batch of −1', build((g) => void g.output(head(g, layer(g, g.input('x', [-1, 3, 8, 8]), 3, 16), 16), [-1, 5]))],
  [
    'an input that nothing reads',
    build((g) => {
      const x = g.input('x', ['N', 3, 8, 8]);
      g.input('unread', [1, 1, 1, 3]);
      g.output(head(g, layer(g, x, 3, 16), 16), ['N', 5]);
    }),
  ],
  [
    'two inputs, one of them of whole numbers',
    build((g) => {
      const y = head(g, layer(g, g.input('x', ['N', 3, 8, 8]), 3, 16), 16);
      const flag = g.node('Cast', [g.input('flag', ['N', 1], DataType.INT64)], { to: DataType.FLOAT });
      g.output(g.node('Add', [y, flag]), ['N', 5]);
    }),
  ],
  [
    'detections of which there are none on most images',
    build((g) => {
      const y = layer(g, layer(g, g.input('x', ['N', 3, 8, 8]), 3, 16), 16, 1);
      const flat = g.node('Reshape', [y, g.init(intTensor([-1]))]);
      const found = g.node('NonZero', [g.node('Greater', [flat, g.init(floatTensor([], [1e9]))])]);
      const values = g.node('GatherND', [flat, g.node('Transpose', [found], { perm: [1, 0] })]);
      g.output(y, ['N', 1, 8, 8]);
      g.output(g.node('Unsqueeze', [values, g.init(intTensor([0]))]), [1, undefined]);
    }),
  ],
  [
    'a signal of one dimension',
    build((g) => void g.output(head(g, layer(g, g.input('x', ['N', 2, 64]), 2, 16, { kernel: [3] }), 16), ['N', 5])),
  ],
  [
    'a volume',
    build((g) => {
      const y = layer(g, g.input('x', ['N', 1, 4, 4, 4]), 1, 16, { kernel: [3, 3, 3] });
      g.output(head(g, y, 16), ['N', 5]);
    }),
  ],
  ['four channels', build((g) => void g.output(head(g, layer(g, g.input('x', ['N', 4, 8, 8]), 4, 16), 16), ['N', 5]))],
  [
    'bytes with the channels last',
    build((g) => {
      const bytes = g.node('Cast', [g.input('x', ['N', 8, 8, 3], DataType.UINT8)], { to: DataType.FLOAT });
      const scaled = g.node('Div', [bytes, g.init(floatTensor([3], [100, 110, 120]))]);
      g.output(head(g, layer(g, g.node('Transpose', [scaled], { perm: [0, 3, 1, 2] }), 3, 16), 16), ['N', 5]);
    }),
  ],
  [
    'half precision',
    build((g) => {
      const x = g.input('x', ['N', 3, 8, 8], DataType.FLOAT16);
      const y = head(g, layer(g, x, 3, 16, { type: DataType.FLOAT16 }), 16, DataType.FLOAT16);
      g.output(y, ['N', 5], DataType.FLOAT16);
    }),
  ],
];

describe('a network is cut, proved and written as it is declared', () => {
  it.each(CASES)('%s', async (_, make) => {
    const model = make();
    const { proof, before, after, written } = await cut(model);
    expect(proof.passed).toBe(true);
    expect(proof.negativeControl).toMatchObject({ applicable: true, detected: true });
    expect(after.parameters).toBeLessThan(0.7 * before.parameters);
    expect(declared(written)).toEqual(declared(model));
    if (!isHalf(model)) await expectSame(model, written);
  });

  it('height and width that are free are fixed for the cut and free in the file', async () => {
    const g = new GraphBuilder();
    const x = g.input('x', ['N', 3, 'H', 'W']);
    g.output(layer(g, layer(g, x, 3, 16), 16, 4), ['N', 4, 'H', 'W']);
    const model = g.build();
    await expect(cut(model)).rejects.toMatchObject({
      code: 'MODEL_INPUT_SHAPE',
      fix: expect.stringContaining('--size') as string,
    });
    const { written, notes } = await cut(model, { size: { height: 16, width: 24 } });
    expect(declared(written)).toEqual(declared(model));
    expect(notes).toEqual([]);
    for (const size of [
      { height: 16, width: 24 },
      { height: 40, width: 8 },
    ])
      await expectSame(model, written, size);
  });

  it('a reader of lines of text, which takes one height alone, stays free in width', async () => {
    const g = new GraphBuilder();
    const maps = layer(g, layer(g, g.input('x', ['N', 3, 'H', 'W']), 3, 16), 16, 4);
    const lines = g.node('Squeeze', [g.node('MaxPool', [maps], { kernel_shape: [16, 1] }), g.init(intTensor([2]))]);
    g.output(lines, ['N', 4, 'T']);
    const model = g.build();
    const { written, notes } = await cut(model, { size: { height: 16, width: 24 } });
    expect(declared(written)[0]).toEqual(['x', ['N', 3, 16, 'W']]);
    expect(notes).toEqual([expect.stringMatching(/of height 16 alone, and of any width/)]);
    await expectSame(model, written, { height: 16, width: 40 });
  });

  it.each([
    ['is square', { height: 16, width: 16 }, [-1, 16 * 4]],
    ['holds whole blocks', { height: 24, width: 24 }, [-1, 4 * 24 * 24]],
  ])('an image that %s alone stays free in both', async (_, size, shape) => {
    const g = new GraphBuilder();
    const x = g.input('x', ['N', 3, 'H', 'W']);
    const maps = layer(g, layer(g, x, 3, 16), 16, 4);
    // Rows times columns, which fit if the map is square; blocks of one size, as many as there are.
    const y = shape[1]! < 100 ? g.node('MatMul', [maps, maps]) : g.node('Reshape', [maps, g.init(intTensor(shape))]);
    g.output(y);
    const model = g.build();
    const { written, notes } = await cut(model, { size });
    expect([declared(written)[0], notes]).toEqual([['x', ['N', 3, 'H', 'W']], []]);
    await expectSame(model, written, { height: 2 * size.height, width: 2 * size.width });
  });

  it('a free length of sound, beside a state that has the batch on its second axis', async () => {
    const g = new GraphBuilder();
    const sound = layer(g, g.node('Unsqueeze', [g.input('x', ['batch', 'T']), g.init(intTensor([1]))]), 1, 16, {
      kernel: [3],
    });
    const state = g.node('ReduceMean', [g.input('state', [2, 'batch', 4])], { axes: [0], keepdims: 0 });
    const heard = g.node('ReduceMean', [layer(g, sound, 16, 4, { kernel: [3] })], { axes: [2], keepdims: 0 });
    g.output(g.node('Add', [heard, state]), ['batch', 4]);
    const model = g.build();
    const { written, notes } = await cut(model, { size: { height: 64, width: 64 } });
    expect([declared(written), notes]).toEqual([declared(model), []]);
    await expectSame(model, written, { height: 96, width: 96 });
  });

  it('the size may stand in the metadata that an exporter left', async () => {
    const g = new GraphBuilder();
    g.output(layer(g, layer(g, g.input('x', ['N', 3, 'H', 'W']), 3, 16), 16, 4), ['N', 4, 'H', 'W']);
    const model = g.build();
    model.metadataProps.push({ $typeName: 'onnx.StringStringEntryProto', key: 'imgsz', value: '[32, 16]' });
    expect((await cut(model)).before.macs).toBe(32 * 16 * 9 * (3 * 16 + 16 * 4));
  });
});

it('an output of which the file gives no shape gets its number of dimensions, which checkers ask for', async () => {
  const g = new GraphBuilder();
  g.output(head(g, layer(g, g.input('x', [1, 3, 8, 8]), 3, 16), 16));
  const { written } = await cut(g.build());
  expect(dimsOf(written.graph!.output[0]!)).toEqual([undefined, undefined]);
});

describe('the batch that is asked for', () => {
  const free = build((g) => void g.output(head(g, layer(g, g.input('x', [1, 3, 8, 8]), 3, 16), 16), [1, 5]));

  it('is written: free, or a number', async () => {
    expect(declared((await cut(free(), { batch: 'free' })).written)).toEqual([
      ['x', ['N', 3, 8, 8]],
      [free().graph!.output[0]!.name, ['N', 5]],
    ]);
    expect(dimsOf((await cut(free(), { batch: 4 })).written.graph!.input[0]!)).toEqual([4, 3, 8, 8]);
  });

  it('is written beside a height and width that stay free', async () => {
    const g = new GraphBuilder();
    g.output(layer(g, layer(g, g.input('x', ['N', 3, 'H', 'W']), 3, 16), 16, 4), ['N', 4, 'H', 'W']);
    const { written, notes } = await cut(g.build(), { size: { height: 16, width: 24 }, batch: 8 });
    expect([dimsOf(written.graph!.input[0]!), notes]).toEqual([[8, 3, 'H', 'W'], []]);
  });

  it('is written where several inputs lead with it', async () => {
    const g = new GraphBuilder();
    const both = g.node('Add', [g.input('x', ['N', 3, 8, 8]), g.input('y', ['N', 3, 8, 8])]);
    g.output(head(g, layer(g, both, 3, 16), 16), ['N', 5]);
    const model = g.build();
    expect(declared((await cut(model, { batch: 'free' })).written)).toEqual(declared(model));
    const { written } = await cut(model, { batch: 2 });
    expect(written.graph!.input.map((input) => dimsOf(input)[0])).toEqual([2, 2]);
  });

  it('is refused where the network takes one image only', async () => {
    await expect(cut(CASES[0]![1](), { batch: 'free' })).rejects.toMatchObject({ code: 'ONNX_BATCH_FIXED' });
  });
});

it('a cut that cuts nothing says why, layer by layer, and writes nothing', async () => {
  const g = new GraphBuilder();
  const y = g.node('NonMaxSuppression', [
    g.node('Reshape', [layer(g, g.input('x', [1, 3, 4, 4]), 3, 4), g.init(intTensor([1, -1, 4]))]),
    g.init(floatTensor([1, 1, 16], new Float32Array(16).fill(0.5))),
  ]);
  g.output(y, [undefined, 3], DataType.INT64);
  await expect(cut(g.build())).rejects.toMatchObject({
    code: 'SURGERY_CUT_NOTHING',
    message: expect.stringMatching(/NonMaxSuppression/) as string,
  });
});

it('a quantised network is proved with new whole numbers, and stays quantised', async () => {
  const g = new GraphBuilder();
  const float = (values: readonly number[], dims = [values.length]) => g.init(floatTensor(dims, values));
  const int8 = (dims: readonly number[], data: Int8Array) => g.init({ dims, type: DataType.INT8, data });
  const x = g.input('x', ['N', 3, 8, 8]);
  const scales = Array.from({ length: 16 }, (_, i) => (i < 8 ? 0.01 : 1e-9));
  const random = seededRandom(5);
  const data = Int8Array.from({ length: 16 * 27 }, (_, i) => (i < 8 * 27 ? Math.round(100 * random.normal()) : 0));
  const zero = int8([], Int8Array.of(0));
  const step = float([0.05], []);
  const plain = g.node('DequantizeLinear', [g.node('QuantizeLinear', [x, step, zero]), step, zero]);
  const weight = g.node('DequantizeLinear', [int8([16, 3, 3, 3], data), float(scales), int8([16], new Int8Array(16))], {
    axis: 0,
  });
  g.output(head(g, g.relu(g.node('Conv', [plain, weight], { pads: [1, 1, 1, 1] })), 16), ['N', 5]);
  const model = g.build();
  const { proof, written } = await cut(model);
  expect(proof.negativeControl.detected).toBe(true);
  const graph = new Graph(written);
  const stored = graph.proto.initializer.filter(
    ({ dataType, dims }) => dataType === (DataType.INT8 as number) && dims.length === 4,
  );
  expect(stored.map((tensor) => readTensor(tensor).dims)).toEqual([[8, 3, 3, 3]]);
  await expectSame(model, written);
});

function isHalf(model: ModelProto): boolean {
  return inputFeeds(model).some(({ type }) => type === DataType.FLOAT16);
}

it('what is written says what it was made of, and keeps what the original says of itself', async () => {
  const g = new GraphBuilder();
  g.output(head(g, layer(g, layer(g, g.input('x', ['n', 3, 12, 12]), 3, 8), 8, 8), 8), ['n', 5]);
  const model = g.build();
  Object.assign(model, { producerName: 'pytorch', producerVersion: '2.6', docString: 'of cats' });
  model.metadataProps = [create(StringStringEntryProtoSchema, { key: 'license', value: 'MIT' })];
  const { written } = await cut(model);
  expect([written.producerName, written.docString]).toEqual(['kneepoint', 'of cats']);
  const entries = Object.fromEntries(written.metadataProps.map(({ key, value }) => [key, value]));
  expect(entries).toMatchObject({ license: 'MIT', 'kneepoint.producer': '"pytorch 2.6"' });
  expect(JSON.parse(entries['kneepoint.surgery']!)).toEqual({ criterion: 'l1', ratio: 0.5, seed: 1, roundTo: 4 });
  const sha256 = createHash('sha256').update(encodeModel(model)).digest('hex');
  expect(JSON.parse(entries['kneepoint.model']!)).toEqual({ sha256 });
});
