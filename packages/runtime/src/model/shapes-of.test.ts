import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ModelProto } from '@kneepoint/onnx';
import {
  cloneModel,
  DataType,
  floatTensor,
  freeBatch,
  Graph,
  GraphBuilder,
  intTensor,
  smallNets,
  valueInfo,
  vgg16,
} from '@kneepoint/onnx';
import { openSession } from '../session/open-session.ts';
import { readModelFile } from './read-model-file.ts';
import { shapesOf } from './shapes-of.ts';

/** The same answer by another way: every value as an output of the model. */
async function shapesOfOutputs(
  model: ModelProto,
  values: readonly string[],
  dims: readonly number[],
): Promise<Map<string, readonly number[]>> {
  const open = cloneModel(model);
  open.graph!.output = values.map((value) => valueInfo(value));
  const session = await openSession(open, { optimization: 'disabled' });
  const size = dims.reduce((a, b) => a * b, 1);
  const results = await session.run({ [session.inputs[0]!.name]: { data: new Float32Array(size), dims } });
  await session.release();
  return new Map(Object.entries(results).map(([name, value]) => [name, value.dims]));
}

describe('the shapes of a model', () => {
  it.each(Object.keys(smallNets))('are those of the activations that %s gives out', async (net) => {
    const model = smallNets[net]!(2);
    const shapes = await shapesOf(model);
    const input = new Graph(model).inputs[0]!.name;
    const made = new Graph(model).topological().flatMap((node) => node.output);
    expect([...shapes.keys()]).toEqual([input, ...made]);
    const outputs = await shapesOfOutputs(model, made, shapes.get(input)!);
    for (const value of made) expect(shapes.get(value), value).toEqual(outputs.get(value));
  });

  it('follow VGG-16 from 3 × 64 × 64 to 1000 classes', async () => {
    const shapes = await shapesOf(vgg16({ width: 1 / 16, size: 64 }));
    expect(shapes.get('conv1_1')).toEqual([1, 4, 64, 64]);
    expect(shapes.get('conv3_2')).toEqual([1, 16, 16, 16]);
    expect(shapes.get('conv5_3')).toEqual([1, 32, 4, 4]);
    expect(shapes.get('fc8')).toEqual([1, 1000]);
  });

  it('leave out sequences and optional outputs that nobody reads, and keep all else', async () => {
    const net = new GraphBuilder();
    const x = net.input('image', ['N', 3, 4, 4]);
    const [kept] = net.multi('Dropout', [net.relu(x)], 2, {}, 'drop');
    const parts = net.node('SplitToSequence', [kept!, net.init(intTensor([1], []))], { axis: 1 }, 'parts');
    const one = net.node('SequenceAt', [parts, net.init(intTensor([1], []))], {}, 'one');
    net.output(net.node('NonZero', [one], {}, 'where'), [4, undefined], DataType.INT64);
    const image = { data: new Float32Array(48).fill(1), dims: [1, 3, 4, 4] };
    expect(Object.fromEntries(await shapesOf(net.build(), { input: image }))).toEqual({
      image: [1, 3, 4, 4],
      relu1: [1, 3, 4, 4],
      drop: [1, 3, 4, 4],
      one: [1, 1, 4, 4],
      where: [4, 16],
    });
  });

  it('leave out the inside of If', async () => {
    const branch = (factor: number, name: string) => {
      const inner = new GraphBuilder({ name });
      inner.output(
        inner.node('Mul', ['image', inner.init(floatTensor([1], [factor]), `${name}.factor`)], {}, `${name}.out`),
        undefined,
      );
      return inner.build().graph!;
    };
    const net = new GraphBuilder();
    const x = net.input('image', [1, 3, 2, 2]);
    const sum = net.node('ReduceSum', [x], { keepdims: 0 }, 'sum');
    const positive = net.node('Greater', [sum, net.init(floatTensor([], [0]))], {}, 'positive');
    net.output(
      net.node(
        'If',
        [positive],
        { then_branch: { graph: branch(2, 'yes') }, else_branch: { graph: branch(3, 'no') } },
        'chosen',
      ),
      [1, 3, 2, 2],
    );
    expect(Object.fromEntries(await shapesOf(net.build()))).toEqual({
      image: [1, 3, 2, 2],
      sum: [],
      positive: [],
      chosen: [1, 3, 2, 2],
    });
  });

  it('are refused for a fixed batch, and for a model that the runtime refuses or cannot run', async () => {
    const fixed = new GraphBuilder();
    fixed.output(fixed.relu(fixed.input('image', [5, 3, 4, 4])), [5, 3, 4, 4]);
    await expect(shapesOf(fixed.build())).rejects.toMatchObject({
      code: 'RUNTIME_FEED_INVALID',
      message: 'the batch is fixed at 5',
    });

    const unknown = new GraphBuilder();
    unknown.output(unknown.node('Whatever', [unknown.input('image', ['N', 3, 4, 4])]));
    await expect(shapesOf(unknown.build())).rejects.toMatchObject({ code: 'RUNTIME_MODEL_REFUSED' });

    const torn = new GraphBuilder();
    torn.output(torn.node('Reshape', [torn.input('image', ['N', 3, 4, 4]), torn.init(intTensor([7, 7]))]));
    await expect(shapesOf(torn.build())).rejects.toMatchObject({ code: 'RUNTIME_RUN_FAILED' });
  });

  const data = process.env['KNEEPOINT_DATA'];
  describe.runIf(data)('from other people', () => {
    const models = data ? readdirSync(join(data, 'models')).filter((name) => name.endsWith('.onnx')) : [];
    it.each(models)('are those of the activations that %s gives out', async (name) => {
      const { model } = freeBatch(await readModelFile(join(data!, 'models', name)));
      const shapes = await shapesOf(model);
      const [[, dims]] = [...shapes] as [[string, number[]]];
      const values = [...shapes.keys()].slice(1);
      const outputs = await shapesOfOutputs(model, values, dims);
      expect(values.length).toBeGreaterThan(15);
      for (const value of values) expect(shapes.get(value), value).toEqual(outputs.get(value));
    });
  });
});
