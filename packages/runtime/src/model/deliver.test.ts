import {
  asImages,
  DataType,
  declaredForm,
  dimsOf,
  freeBatch,
  Graph,
  GraphBuilder,
  intTensor,
  type ModelProto,
  noteForm,
  readTensor,
  seededRandom,
  valueInfo,
} from '@kneepoint/onnx';
import { expect, it } from 'vitest';
import { deliver } from './deliver.ts';

const random = seededRandom(5);
const weights = (dims: number[], scale = 0.1) => ({
  ...{ dims, type: DataType.FLOAT },
  data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => scale * random.normal()),
});

/** A convolution, the mean over its maps, and a linear layer. */
function network(type: DataType, dims: (number | string)[], scale = 0.1, end?: (g: GraphBuilder, x: string) => string) {
  const g = new GraphBuilder();
  const x = g.input('x', dims, type);
  const first = dims[3] === 3 ? g.node('Transpose', [x], { perm: [0, 3, 1, 2] }) : x;
  const kernel = { ...weights([8, 3, 3, 3], scale), type: type === DataType.UINT8 ? DataType.FLOAT : type };
  const y = g.relu(g.conv(type === DataType.UINT8 ? g.node('Cast', [first], { to: DataType.FLOAT }) : first, kernel));
  g.output(
    end ? end(g, y) : g.node('Flatten', [g.node('GlobalAveragePool', [y])]),
    [dims[0]!, 8],
    type === DataType.UINT8 ? DataType.FLOAT : type,
  );
  return g.build();
}

function worked(original: ModelProto): ModelProto {
  const images = asImages(original, { size: { height: 12, width: 10 } });
  const { model } = freeBatch(images.model);
  noteForm(model, declaredForm(original, model, images.last));
  return model;
}

const shown = (model: ModelProto) => ({ inputs: new Graph(model).inputs, outputs: new Graph(model).outputs });

it.each<[string, DataType, (number | string)[]]>([
  ['bytes with channels last, one at a time', DataType.UINT8, [1, 12, 10, 3]],
  ['half precision', DataType.FLOAT16, ['N', 3, 12, 10]],
  ['images of any size', DataType.FLOAT, ['N', 3, 'h', 'w']],
])('a network of %s is delivered as one', async (_, type, dims) => {
  const original = network(type, dims);
  const { model, notes } = await deliver(worked(original), { levels: { range: [0, 255], mean: [0], std: [1] } });
  expect(shown(model)).toEqual(shown(original));
  expect(notes).toEqual([]);
  const types = model.graph!.initializer.map((tensor) => readTensor(tensor).type);
  expect(types).toEqual([type === DataType.FLOAT16 ? DataType.FLOAT16 : DataType.FLOAT]);
});

it('a reader of lines of text, which takes one height alone, is free in width', async () => {
  const original = network(DataType.FLOAT, ['N', 3, 'h', 'w'], 0.1, (g, y) =>
    g.node('Squeeze', [g.node('Conv', [y, g.init(weights([8, 8, 10, 1]))]), g.init(intTensor([2]))]),
  );
  original.graph!.output = [valueInfo(original.graph!.output[0]!.name, ['N', 8, 'columns'])];
  const { model, notes } = await deliver(worked(original));
  expect(dimsOf(model.graph!.input[0]!)).toEqual(['N', 3, 12, 'w']);
  expect(notes).toEqual([expect.stringContaining('of height 12 alone, and of any width')]);
});

it('half precision that does not hold the numbers inside is left at the ends', async () => {
  const original = network(DataType.FLOAT16, ['N', 3, 12, 10], 900, (g, y) => {
    const least = g.init({ dims: [], type: DataType.FLOAT16, data: Float32Array.of(1e-4) });
    return g.node('Flatten', [
      g.node('GlobalAveragePool', [g.node('Mul', [g.node('Mul', [y, y]), g.node('Mul', [least, least])])]),
    ]);
  });
  const { model, notes } = await deliver(worked(original));
  expect(shown(model)).toEqual(shown(original));
  expect(notes).toEqual([expect.stringContaining('computes in FLOAT')]);
});

it('an end that knows the size keeps it fixed, and says so', async () => {
  const original = network(DataType.FLOAT, ['N', 3, 'h', 'w'], 0.1, (g, y) =>
    g.node('Gemm', [g.node('Flatten', [y]), g.init(weights([8 * 10 * 8, 8]))]),
  );
  const { model, notes } = await deliver(worked(original));
  expect(notes).toEqual([expect.stringContaining('takes images of 12 × 10 alone')]);
  expect(
    JSON.stringify(shown(model), (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)),
  ).toContain('"value":12');
});
