import { describe, expect, it } from 'vitest';
import type { ModelProto } from '@kneepoint/onnx';
import { cloneModel, elementCount, encodeModel, Graph, smallNets, valueInfo } from '@kneepoint/onnx';
import { openSession } from '../session/open-session.ts';
import type { Dense } from '../session/session.ts';
import { exposePooled, pooledName } from './expose-pooled.ts';
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
});
