import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelProto } from '@kneepoint/onnx';
import {
  costs,
  DataType,
  encodeModel,
  floatTensor,
  GraphBuilder,
  intTensor,
  Layers,
  readTensor,
} from '@kneepoint/onnx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession } from '../session/open-session.ts';
import { shapesOf } from './shapes-of.ts';
import { takeModel } from './take-model.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-take-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function taken(model: ModelProto) {
  const path = join(folder, 'model.onnx');
  await writeFile(path, encodeModel(model));
  return takeModel(path);
}

const operators = (model: ModelProto) => model.graph!.node.map(({ opType }) => opType);

async function answers(model: ModelProto): Promise<Float32Array> {
  const session = await openSession(model, { optimization: 'disabled' });
  const data = Float32Array.from({ length: 2 * 3 * 8 * 8 }, (_, i) => Math.sin(i));
  const results = await session.run({ image: { data, dims: [2, 3, 8, 8] } });
  await session.release();
  return Object.values(results)[0]!.data as Float32Array;
}

/** A layer whose kernel `make` works out in the graph from a stored one, 5 × 3 × 3 × 3. */
function computed(make: (graph: GraphBuilder, kernel: string) => string): ModelProto {
  const net = new Layers(1);
  const x = net.image(3, 8);
  const dims = [5, 3, 3, 3];
  const kernel = net.graph.init(
    floatTensor(
      dims,
      Float32Array.from({ length: 135 }, (_, i) => Math.cos(3 * i)),
    ),
  );
  net.graph.output(net.graph.relu(net.graph.node('Conv', [x, make(net.graph, kernel)])));
  return net.graph.build();
}

describe('what follows from stored tensors alone is a stored tensor', () => {
  it.each<[string, (graph: GraphBuilder, kernel: string) => string]>([
    [
      'weight normalisation',
      (g, kernel) => {
        const length = g.node('ReduceL2', [kernel], { axes: [1, 2, 3] });
        const gain = g.init(floatTensor([5, 1, 1, 1], [1, 2, 0.5, 3, 0]));
        return g.node('Mul', [kernel, g.node('Div', [gain, length])]);
      },
    ],
    [
      'weight standardisation',
      (g, kernel) => {
        const centred = g.node('Sub', [kernel, g.node('ReduceMean', [kernel], { axes: [1, 2, 3] })]);
        const spread = g.node('Sqrt', [g.node('ReduceMean', [g.node('Mul', [centred, centred])], { axes: [1, 2, 3] })]);
        return g.node('Div', [centred, spread]);
      },
    ],
    [
      'a kernel that is transposed twice and reshaped',
      (g, kernel) => {
        const flat = g.node('Reshape', [kernel, g.init(intTensor([5, 27]))]);
        const there = g.node('Transpose', [flat], { perm: [1, 0] });
        const back = g.node('Transpose', [there], { perm: [1, 0] });
        return g.node('Reshape', [g.node('Identity', [back]), g.init(intTensor([5, 3, 3, 3]))]);
      },
    ],
  ])('%s', async (_, make) => {
    const original = computed(make);
    const { model } = await taken(original);
    expect(operators(model)).toEqual(['Conv', 'Relu']);
    expect(model.graph!.initializer).toHaveLength(1);
    expect(costs(model, await shapesOf(model)).parameters).toBe(135);
    const [before, after] = [await answers(original), await answers(model)];
    expect(before.length).toBe(after.length);
    before.forEach((value, i) => expect(after[i]).toBeCloseTo(value, 5));
  });

  it('but a quantised weight stays in whole numbers, a half in half precision, and what is drawn is drawn anew', async () => {
    const int8 = computed((g) => {
      const data = Int8Array.from({ length: 135 }, (_, i) => (i % 200) - 100);
      const whole = g.init({ dims: [5, 3, 3, 3], type: DataType.INT8, data });
      return g.node('DequantizeLinear', [whole, g.init(floatTensor([], [0.01]))]);
    });
    expect(operators((await taken(int8)).model)).toEqual(['DequantizeLinear', 'Conv', 'Relu']);
    const half = computed((g) => {
      const data = Float32Array.from({ length: 135 }, (_, i) => Math.sin(i));
      return g.node('Cast', [g.init({ dims: [5, 3, 3, 3], type: DataType.FLOAT16, data })], { to: DataType.FLOAT });
    });
    expect(operators((await taken(half)).model)).toEqual(['Cast', 'Conv', 'Relu']);
    const drawn = computed((g, kernel) => g.node('Add', [kernel, g.node('RandomNormal', [], { shape: [5, 3, 3, 3] })]));
    expect(operators((await taken(drawn)).model)).toContain('RandomNormal');
  });

  it('and a large table that a few numbers spell is left spelled', async () => {
    const net = new Layers(1);
    const x = net.image(3, 8);
    const spread = net.graph.node('Expand', [
      net.graph.init(floatTensor([], [2])),
      net.graph.init(intTensor([300, 300])),
    ]);
    net.graph.output(net.graph.node('Add', [net.graph.node('ReduceMean', [x], { keepdims: 0 }), spread]));
    expect(operators((await taken(net.graph.build())).model)).toContain('Expand');
  });

  it('and a NaN that comes out is refused as one that is stored', async () => {
    const dead = computed((g, kernel) =>
      g.node('Div', [g.node('Sub', [kernel, kernel]), g.node('Sub', [kernel, kernel])]),
    );
    await expect(taken(dead)).rejects.toMatchObject({ code: 'WEIGHT_NOT_FINITE' });
  });
});

describe('a branch', () => {
  const branch = (name: string, op: string, axes?: readonly number[]) => {
    const inner = new GraphBuilder({ name });
    const more = axes ? [inner.init(intTensor(axes), `${name}.axes`)] : [];
    inner.output(inner.node(op, ['pooled', ...more], {}, `${name}.out`), undefined);
    return { graph: inner.build().graph! };
  };

  /** Squeezes the last axis where it is 1 long, as exporters write a squeeze of an axis that they do not know. */
  function deciding(condition: (g: GraphBuilder, pooled: string) => string): ModelProto {
    const net = new Layers(1);
    const pooled = net.graph.node('GlobalAveragePool', [net.image(3, 8)], {}, 'pooled');
    const branches = { then_branch: branch('yes', 'Squeeze', [3]), else_branch: branch('no', 'Relu') };
    net.graph.output(net.graph.node('If', [condition(net.graph, pooled)], branches, 'chosen'));
    return net.graph.build();
  }
  const lengthIsOne = (axis: number) => (g: GraphBuilder, pooled: string) => {
    const length = g.node('Gather', [g.node('Shape', [pooled]), g.init(intTensor([axis], []))], { axis: 0 });
    return g.node('Equal', [length, g.init(intTensor([1], []))]);
  };

  it('that shapes decide is taken', async () => {
    const original = deciding(lengthIsOne(3));
    const { model, notes } = await taken(original);
    expect(operators(model)).not.toContain('If');
    expect(operators(model)).toContain('Squeeze');
    expect(notes).toEqual(['A branch that shapes or constants decide was taken.']);
    expect([...(await answers(model))]).toEqual([...(await answers(original))]);
  });

  it('that the batch or the image decides stays', async () => {
    expect(operators((await taken(deciding(lengthIsOne(0)))).model)).toContain('If');
    const byImage = deciding((g, pooled) =>
      g.node('Greater', [g.node('ReduceSum', [pooled], { keepdims: 0 }), g.init(floatTensor([], [0]))]),
    );
    const { model, notes } = await taken(byImage);
    expect(operators(model)).toContain('If');
    expect(notes).toEqual([]);
  });
});

it('an int8 weight that is transposed behind its scales is stored transposed, in whole numbers', async () => {
  const net = new Layers(1);
  const x = net.graph.flatten(net.graph.globalAveragePool(net.image(3, 8)));
  const data = Int8Array.from([1, -2, 3, -4, 5, -6]);
  const whole = net.graph.init({ dims: [2, 3], type: DataType.INT8, data });
  const scales = [
    net.graph.init(floatTensor([2], [0.5, 0.25])),
    net.graph.init({ dims: [2], type: DataType.INT8, data: new Int8Array(2) }),
  ];
  const read = net.graph.node('DequantizeLinear', [whole, ...scales], { axis: 0 });
  net.graph.output(net.graph.node('MatMul', [x, net.graph.node('Transpose', [read], { perm: [1, 0] })]));
  const original = net.graph.build();
  const { model } = await taken(original);
  expect(operators(model)).toEqual(['GlobalAveragePool', 'Flatten', 'DequantizeLinear', 'MatMul']);
  const stored = model.graph!.initializer.find(({ dims }) => dims.length === 2)!;
  expect(readTensor(stored)).toEqual({
    dims: [3, 2],
    type: DataType.INT8,
    data: Int8Array.from([1, -4, -2, 5, 3, -6]),
  });
  expect([...(await answers(model))]).toEqual([...(await answers(original))]);
});

it('a Squeeze without axes says which it drops where every length is fixed', async () => {
  const squeezed = (batch: number | string) => {
    const g = new GraphBuilder();
    g.output(g.node('Squeeze', [g.globalAveragePool(g.input('image', [batch, 3, 8, 8]))]));
    return g.build();
  };
  const fixed = (await taken(squeezed(1))).model;
  const axes = fixed.graph!.initializer.find(({ name }) => name === fixed.graph!.node.at(-1)!.input[1])!;
  expect([...readTensor(axes).data]).toEqual([0n, 2n, 3n]);
  expect((await taken(squeezed('N'))).model.graph!.node.at(-1)!.input).toHaveLength(1);
});

it('a stored tensor that is read as it is keeps its name and its values', async () => {
  const original = computed((_, kernel) => kernel);
  const { model } = await taken(original);
  expect(model.graph!.initializer.map(({ name }) => name)).toEqual(original.graph!.initializer.map(({ name }) => name));
  expect(readTensor(model.graph!.initializer[0]!)).toEqual(readTensor(original.graph!.initializer[0]!));
});
