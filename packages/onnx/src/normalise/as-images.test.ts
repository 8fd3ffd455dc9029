import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { GraphBuilder } from '../builder.ts';
import { encodeModel } from '../codec.ts';
import { narrowFloat16, widenFloat16 } from '../half.ts';
import { inputSpec } from '../input-spec.ts';
import type { ModelProto } from '../proto.ts';
import { DataType } from '../proto.ts';
import { floatTensor } from '../tensor.ts';
import { noise } from '../testing/runtime.ts';
import { asDeclared } from './as-declared.ts';
import { asImages } from './as-images.ts';
import { declaredForm, noteForm } from './declared-form.ts';

const [BATCH, CHANNELS, SIDE] = [2, 3, 6];
const FIRST = [BATCH, CHANNELS, SIDE, SIDE];
const LAST = [BATCH, SIDE, SIDE, CHANNELS];

/** A convolution behind what `front` makes of the input. */
function network(dims: (number | string)[], type: DataType, front: (g: GraphBuilder, x: string) => string): ModelProto {
  const g = new GraphBuilder();
  const kernel = [4, CHANNELS, 3, 3];
  const half = type === DataType.FLOAT16 ? DataType.FLOAT16 : DataType.FLOAT;
  const weight = g.init({ dims: kernel, type: half, data: noise(kernel, 3) });
  g.output(g.node('Conv', [front(g, g.input('image', dims, type)), weight]), undefined, half);
  return g.build();
}

async function answer(model: ModelProto, image: Tensor): Promise<Float32Array> {
  const session = await InferenceSession.create(encodeModel(model), { logSeverityLevel: 3 });
  const { data } = Object.values(await session.run({ image }))[0]!;
  await session.release();
  return data instanceof Float32Array ? data : widenFloat16(data as Uint16Array);
}

/** The same pixels, channels first and last. */
function pixels(): { first: Float32Array; last: Float32Array } {
  const first = Float32Array.from(noise(FIRST, 7), (value) => Math.min(255, Math.max(0, Math.round(128 + 60 * value))));
  const last = new Float32Array(first.length);
  const area = SIDE * SIDE;
  first.forEach((value, i) => {
    const [image, channel, at] = [Math.floor(i / (CHANNELS * area)), Math.floor(i / area) % CHANNELS, i % area];
    last[(image * area + at) * CHANNELS + channel] = value;
  });
  return { first, last };
}

const toFront = (g: GraphBuilder, x: string) => g.node('Transpose', [x], { perm: [0, 3, 1, 2] });
const widened = (g: GraphBuilder, x: string) => g.node('Cast', [x], { to: DataType.FLOAT });

it.each<[string, DataType, (number | string)[], (g: GraphBuilder, x: string) => string, string[]]>([
  ['channels last', DataType.FLOAT, ['N', SIDE, SIDE, 3], toFront, ['Identity', 'Conv']],
  [
    'channels last, scaled where they lie',
    DataType.FLOAT,
    ['N', SIDE, SIDE, 3],
    (g, x) => toFront(g, g.node('Mul', [x, g.init(floatTensor([3], [1, 2, 3]))])),
    ['Transpose', 'Mul', 'Transpose', 'Conv'],
  ],
  ['bytes', DataType.UINT8, ['N', 3, SIDE, SIDE], widened, ['Identity', 'Conv']],
  [
    'bytes that move before they are widened, channels last',
    DataType.UINT8,
    ['N', SIDE, SIDE, 3],
    (g, x) => widened(g, toFront(g, x)),
    ['Transpose', 'Cast', 'Transpose', 'Cast', 'Conv'],
  ],
  [
    'bytes that an Identity hands on before they are widened',
    DataType.UINT8,
    ['N', 3, SIDE, SIDE],
    (g, x) => widened(g, g.node('Abs', [g.node('Identity', [x])])),
    ['Cast', 'Identity', 'Abs', 'Cast', 'Conv'],
  ],
  [
    'bytes that are widened, and handed on by an Identity to what divides them as bytes',
    DataType.UINT8,
    ['N', 3, SIDE, SIDE],
    (g, x) => {
      const two = g.init({ dims: [], type: DataType.UINT8, data: Uint8Array.of(2) });
      const halves = g.node('Div', [g.node('Identity', [x]), two]);
      return g.node('Add', [widened(g, x), widened(g, halves)]);
    },
    ['Cast', 'Identity', 'Div', 'Identity', 'Cast', 'Add', 'Conv'],
  ],
  ['half precision', DataType.FLOAT16, ['N', 3, SIDE, SIDE], (_, x) => x, ['Conv']],
])('a network of %s becomes one of float images with channels first', async (_, type, dims, front, operators) => {
  const model = network(dims, type, front);
  const { model: plain, notes } = asImages(model);
  expect(inputSpec(plain)).toMatchObject({
    elemType: DataType.FLOAT,
    channels: 3,
    height: SIDE,
    width: SIDE,
    batch: 'free',
  });
  expect(plain.graph!.node.map(({ opType }) => opType)).toEqual(operators);
  expect(notes.length).toBeGreaterThan(0);
  const { first, last } = pixels();
  const fed = dims[3] === 3 ? last : first;
  const before = {
    [DataType.FLOAT]: () => new Tensor('float32', fed, dims[3] === 3 ? LAST : FIRST),
    [DataType.UINT8]: () => new Tensor('uint8', Uint8Array.from(fed), dims[3] === 3 ? LAST : FIRST),
    [DataType.FLOAT16]: () => new Tensor('float16', narrowFloat16(fed), FIRST),
  }[type as DataType.FLOAT]();
  const wanted = await answer(model, before);
  const found = await answer(plain, new Tensor('float32', first, FIRST));
  const scale = Math.max(...wanted.map(Math.abs));
  const tolerance = type === DataType.FLOAT16 ? 2e-3 : 1e-6;
  expect(found.length).toBe(wanted.length);
  found.forEach((value, i) => expect(Math.abs(value - wanted[i]!) / scale).toBeLessThan(tolerance));
  // And back: declared, built and computed as it was.
  noteForm(plain, declaredForm(model, plain, dims[3] === 3));
  for (const halfInside of [true, false]) {
    const again = asDeclared(plain, { halfInside });
    expect(again.graph!.input).toEqual(model.graph!.input);
    expect(again.metadataProps).toEqual([]);
    if (halfInside) expect(computing(again)).toEqual(computing(model));
    const same = await answer(again, before);
    same.forEach((value, i) => expect(Math.abs(value - wanted[i]!) / scale).toBeLessThan(tolerance));
  }
});

const computing = (model: ModelProto): string[] =>
  model
    .graph!.node.map(({ opType }) => opType)
    .filter((opType) => opType !== 'Identity')
    .sort();

it('free height and width are fixed, and inputs that nothing reads go', () => {
  const g = new GraphBuilder();
  const x = g.input('image', ['N', 3, 'H', 'W']);
  g.input('unread', [4]);
  g.output(g.relu(x));
  const { model, notes } = asImages(g.build(), { size: { height: 5, width: 7 } });
  expect(inputSpec(model)).toMatchObject({ name: 'image', height: 5, width: 7 });
  expect(notes).toEqual([
    'Nothing reads unread: it is fed nothing, and declared again in what is written.',
    'image takes images of any size: it is worked on at 5 × 7, and written for any.',
  ]);
});

it('an ordinary network stays as it is', () => {
  const model = network(['N', 3, SIDE, SIDE], DataType.FLOAT, (_, x) => x);
  const { model: plain, notes } = asImages(model);
  expect(notes).toEqual([]);
  expect(encodeModel(plain)).toEqual(encodeModel(model));
});
