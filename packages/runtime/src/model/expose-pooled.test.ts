import { describe, expect, it } from 'vitest';
import type { ModelProto } from '@kneepoint/onnx';
import {
  cloneModel,
  elementCount,
  GRID_CELLS,
  type MapSize,
  encodeModel,
  Graph,
  Layers,
  smallNets,
  valueInfo,
} from '@kneepoint/onnx';
import { openSession } from '../session/open-session.ts';
import type { Dense } from '../session/session.ts';
import { exposePooled, gridName, pooledName } from './expose-pooled.ts';
import { shapesOf } from './shapes-of.ts';

function noise(dims: readonly number[]): Dense {
  return { dims, data: Float32Array.from({ length: elementCount(dims) }, (_, i) => Math.sin(i * i)) };
}

async function run(model: ModelProto, input: string, image: Dense): Promise<Record<string, Dense>> {
  const session = await openSession(model);
  try {
    return await session.run({ [input]: image });
  } finally {
    await session.release();
  }
}

/** Means over positions, in float64, of activations that the model itself gives out. */
function means({ data, dims }: Dense): number[] {
  const rows = dims[0]! * dims[1]!;
  const positions = data.length / rows;
  return Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < positions; i++) sum += Number(data[row * positions + i]);
    return sum / positions;
  });
}

/** Means over [⌊i·n/2⌋, ⌈(i + 1)·n/2⌉) of either axis, in float64: as adaptive average pooling is defined. */
function adaptive({ data, dims }: Dense, [height, width]: MapSize): number[] {
  const cells = (n: number): [number, number][] =>
    [0, 1].map((i) => [Math.floor((i * n) / 2), Math.ceil(((i + 1) * n) / 2)]);
  return Array.from({ length: dims[0]! * dims[1]! }, (_, row) => row).flatMap((row) =>
    cells(height).flatMap(([top, bottom]) =>
      cells(width).map(([left, right]) => {
        let sum = 0;
        for (let y = top; y < bottom; y++)
          for (let x = left; x < right; x++) sum += Number(data[(row * height + y) * width + x]);
        return sum / ((bottom - top) * (right - left));
      }),
    ),
  );
}

describe('pooled responses', () => {
  it.each(Object.keys(smallNets))('equal the means of the full activations of every value of %s', async (net) => {
    const model = smallNets[net]!(3);
    const graph = new Graph(model);
    const input = graph.inputs[0]!.name;
    const shapes = await shapesOf(model);
    const values = [...shapes].filter(([value, dims]) => value !== input && dims.length >= 2).map(([value]) => value);
    const image = noise([2, ...shapes.get(input)!.slice(1)]);

    const open = cloneModel(model);
    open.graph!.output = values.map((value) => valueInfo(value));
    const full = await run(open, input, image);
    const pooled = await run(exposePooled(model, values), input, image);

    expect(Object.keys(pooled)).toEqual(values.map(pooledName));
    for (const value of values) {
      const expected = means(full[value]!);
      const found = pooled[pooledName(value)]!;
      expect(found.dims).toEqual([2, shapes.get(value)![1]]);
      const scale = Math.max(1, ...expected.map(Math.abs));
      expected.forEach((mean, i) =>
        expect(Math.abs(Number(found.data[i]) - mean) / scale, `${value} ${i}`).toBeLessThan(1e-5),
      );
    }
  });

  it.each([
    ['at every position', [0, 2, 3, 1], [16, 16, 4]],
    ['of an image', null, [4]],
  ])('of a linear layer %s are means over all axes but the first and the last', async (_, perm, dims) => {
    const net = new Layers(2);
    const image = net.image(3, 16);
    const input = perm ? net.graph.node('Transpose', [image], { perm }) : net.flatten(net.globalPool(image));
    const bare = net.graph.node('MatMul', [input, net.weight('w', [3, 4])]);
    const value = net.graph.relu(net.graph.node('Add', [bare, net.weight('b', [4])]));
    net.graph.output(value, ['N', ...dims]);
    const model = net.build();
    const feed = noise([2, 3, 16, 16]);
    const [full, pooled] = [await run(model, 'image', feed), await run(exposePooled(model, [value]), 'image', feed)];
    const { data } = full[value]!;
    const positions = data.length / 8;
    const found = pooled[pooledName(value)]!;
    expect(found.dims).toEqual([2, 4]);
    for (let i = 0; i < 8; i++) {
      let sum = 0;
      for (let at = 0; at < positions; at++) sum += Number(data[(Math.floor(i / 4) * positions + at) * 4 + (i % 4)]);
      expect(found.data[i]).toBeCloseTo(sum / positions, 5);
    }
  });

  it('are computed without the nodes and weights that only the outputs need', () => {
    const model = smallNets['vgg']!(1);
    const first = new Graph(model).topological().find((node) => node.opType === 'Relu')!.output[0]!;
    const exposed = exposePooled(model, [first]);
    expect(exposed.graph!.node.map((node) => node.opType)).toEqual([
      'Conv',
      'Relu',
      'GlobalAveragePool',
      'Flatten',
      'Cast',
    ]);
    expect(exposed.graph!.initializer).toHaveLength(2);
    expect(encodeModel(model)).toEqual(encodeModel(smallNets['vgg']!(1)));
  });

  it("stand beside the model's own outputs, unchanged, when those are kept", async () => {
    const model = smallNets['residual']!(1);
    const value = new Graph(model).topological().find((node) => node.opType === 'Relu')!.output[0]!;
    const image = noise([1, 3, 16, 16]);
    const plain = await run(model, 'image', image);
    const both = await run(exposePooled(model, [value], { keepOutputs: true }), 'image', image);
    expect(Object.keys(both)).toEqual([...Object.keys(plain), pooledName(value)]);
    for (const [name, { data }] of Object.entries(plain)) {
      data.forEach((v, i) => expect(Number(both[name]!.data[i])).toBeCloseTo(Number(v), 4));
    }
  });

  it('of a value that the model does not make are refused', () => {
    const model = smallNets['vgg']!(1);
    expect(() => exposePooled(model, ['nowhere'])).toThrow(
      expect.objectContaining({ code: 'RUNTIME_VALUE_UNKNOWN', message: 'the model makes no value nowhere' }) as Error,
    );
    expect(() => exposePooled(model, [])).toThrow(expect.objectContaining({ code: 'RUNTIME_VALUE_UNKNOWN' }) as Error);
  });

  it.each(Object.keys(smallNets))(
    'on a grid are means over adaptive cells, and change no mean over all positions, in %s',
    async (net) => {
      const model = smallNets[net]!(5);
      const input = new Graph(model).inputs[0]!.name;
      const shapes = await shapesOf(model);
      const maps = [...shapes].filter(([value, dims]) => value !== input && dims.length === 4);
      const values = maps.map(([value]) => value);
      const grids = new Map(
        maps.flatMap(([value, [, , h, w]]): [string, MapSize][] => (h! > 1 && w! > 1 ? [[value, [h!, w!]]] : [])),
      );
      const image = noise([2, ...shapes.get(input)!.slice(1)]);
      const open = cloneModel(model);
      open.graph!.output = values.map((value) => valueInfo(value));
      const full = await run(open, input, image);
      const plain = await run(exposePooled(model, values), input, image);
      const found = await run(exposePooled(model, values, { grids }), input, image);
      for (const value of values) expect(found[pooledName(value)]).toEqual(plain[pooledName(value)]);
      expect(grids.size).toBeGreaterThan(0);
      for (const [value, size] of grids) {
        const expected = adaptive(full[value]!, size);
        const { dims, data } = found[gridName(value)]!;
        expect(dims).toEqual([2, GRID_CELLS * shapes.get(value)![1]!]);
        const scale = Math.max(1, ...expected.map(Math.abs));
        expected.forEach((mean, i) => expect(Math.abs(Number(data[i]) - mean) / scale, value).toBeLessThan(1e-5));
      }
    },
  );

  it.each<MapSize>([
    [2, 2],
    [3, 3],
    [5, 4],
    [9, 2],
    [36, 50],
    [48, 34],
    [64, 21],
  ])('on a grid of a map of %i × %i are means over adaptive cells', async (height, width) => {
    const net = new Layers(2);
    const value = net.graph.relu(net.graph.input('image', ['N', 2, height, width]));
    net.graph.output(value, ['N', 2, height, width]);
    const model = net.build();
    const feed = noise([3, 2, height, width]);
    const full = (await run(model, 'image', feed))[value]!;
    const exposed = exposePooled(model, [value], { grids: new Map([[value, [height, width]]]) });
    const { data } = (await run(exposed, 'image', feed))[gridName(value)]!;
    adaptive(full, [height, width]).forEach((mean, i) => expect(data[i]).toBeCloseTo(mean, 5));
  });

  it('of a linear layer at every position of a map stand on a grid by channel too', async () => {
    const net = new Layers(2);
    const turned = net.graph.node('Transpose', [net.image(3, 6)], { perm: [0, 2, 3, 1] });
    const value = net.graph.node('MatMul', [turned, net.weight('w', [3, 4])]);
    net.graph.output(value, ['N', 6, 6, 4]);
    const model = net.build();
    const feed = noise([2, 3, 6, 6]);
    const { data: full } = (await run(model, 'image', feed))[value]!;
    const first = { dims: [2, 4, 6, 6], data: new Float32Array(full.length) };
    for (let i = 0; i < full.length; i++) {
      const [image, position] = [Math.floor(i / 144), Math.floor((i % 144) / 4)];
      first.data[image * 144 + (i % 4) * 36 + position] = Number(full[i]);
    }
    const exposed = exposePooled(model, [value], { grids: new Map([[value, [6, 6]]]) });
    const { data } = (await run(exposed, 'image', feed))[gridName(value)]!;
    adaptive(first, [6, 6]).forEach((mean, i) => expect(data[i]).toBeCloseTo(mean, 5));
  });

  it('on a grid of a map that is too small are refused', () => {
    const model = smallNets['vgg']!(1);
    const value = new Graph(model).topological().find((node) => node.opType === 'Relu')!.output[0]!;
    expect(() => exposePooled(model, [value], { grids: new Map([[value, [1, 7]]]) })).toThrow(
      expect.objectContaining({ code: 'RUNTIME_VALUE_UNKNOWN', message: 'a map of 1 × 7 has no grid' }) as Error,
    );
  });
});
