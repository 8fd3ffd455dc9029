import {
  cloneModel,
  DataType,
  dimsOf,
  encodeModel,
  floatTensor,
  Graph,
  GraphBuilder,
  type ModelProto,
  readTensor,
  smallNets,
  tensorNumbers,
  valueInfo,
} from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { noise, run, runBatches } from '../testing/ort.ts';
import { spellSteps } from '../testing/spell-steps.ts';
import { roundedValues } from './activations.ts';
import { quantisableLayers } from './layers.ts';
import { quantize, valuesToRange } from './quantize.ts';
import { activationSteps, Histogram, type ValueRange } from './ranges.ts';

function feedsOf(model: ModelProto) {
  const [, ...rest] = dimsOf(new Graph(model).inputs[0]!) as number[];
  const dims = [4, ...rest];
  return [{ name: 'image', dims, data: noise(dims, 3) }];
}

/** What values take on the very images that are compared on. */
async function rangesOf(model: ModelProto): Promise<Map<string, ValueRange>> {
  const exposed = cloneModel(model);
  const values = valuesToRange(model);
  for (const value of values) {
    if (value !== 'image' && !new Graph(model).isOutput(value)) {
      const info = valueInfo(value);
      delete info.type;
      exposed.graph!.output.push(info);
    }
  }
  const results = await run(encodeModel(exposed), feedsOf(model));
  return new Map(
    values.map((value) => {
      const histogram = new Histogram();
      histogram.add(value === 'image' ? feedsOf(model)[0]!.data : (results.get(value)!.data as Float32Array));
      return [value, histogram.extremes];
    }),
  );
}

async function answers(model: ModelProto, optimized = false): Promise<number[]> {
  const [results] = await runBatches(encodeModel(model), [feedsOf(model)], { optimized });
  return [...results!.values()].flatMap(({ data }) => Array.from(data as Float32Array));
}

const apart = (a: readonly number[], b: readonly number[]): number => {
  const scale = Math.max(...a.map(Math.abs));
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) / scale;
};

describe.each(Object.keys(smallNets))('%s in whole numbers', (name) => {
  it('is what the definition of its steps gives, as it is written and as it is fused', async () => {
    const model = smallNets[name]!(1);
    const { model: whole, layers } = quantize(model, { ranges: await rangesOf(model) });
    expect(layers).toEqual(quantisableLayers(new Graph(model)).layers.map((layer) => layer.name));
    const [float, defined, written, fused] = [
      await answers(model),
      await answers(spellSteps(whole)),
      await answers(whole),
      await answers(whole, true),
    ];
    // A number that lies between two steps may be rounded to either.
    expect(apart(defined, written)).toBeLessThan(0.02);
    expect(apart(defined, fused)).toBeLessThan(0.03);
    // Fresh weights on noise: what 255 levels leave of it.
    expect(apart(float, written)).toBeLessThan(0.15);
  });
});

describe('weights', () => {
  const build = (transB: 0 | 1) => {
    const net = new GraphBuilder({ opset: 13 });
    const x = net.input('image', ['N', 4]);
    const rows = [1, -2, 0.5, 0.25, 0, 0, 0, 0, 1e-3, 2e-3, -4e-3, 0];
    const data = transB === 1 ? rows : [0, 1, 2, 3].flatMap((k) => [0, 1, 2].map((filter) => rows[filter * 4 + k]!));
    const w = net.init(floatTensor(transB === 1 ? [3, 4] : [4, 3], data), 'w');
    const b = net.init(floatTensor([3], [0.5, 1e9, -1]), 'b');
    net.output(net.node('Gemm', [x, w, b], { transB }, 'dense'), ['N', 3]);
    return net.build();
  };

  it.each([0, 1] as const)(
    'have a scale for each filter, and keep what they stand for within half a step (transB %s)',
    (transB) => {
      const { model } = quantize(build(transB), { ranges: new Map([['image', { low: -1, high: 3 }]]) });
      const graph = new Graph(model);
      const tensors = model.graph!.initializer.map(readTensor);
      expect(tensors.filter(({ type }) => type === DataType.INT8)).toHaveLength(1);
      const [scales] = tensors.filter(({ type, dims }) => type === DataType.FLOAT && dims.length === 1);
      const [first, silent, small] = tensorNumbers(scales!);
      expect(first).toBeCloseTo(2 / 127, 7);
      // The bias of a filter without weights decides its scale, so that it fits; the third has a scale of its own.
      expect(silent).toBeGreaterThan(1e9 / 2 ** 30 / (4 / 255) - 1);
      expect(small).toBeCloseTo(4e-3 / 127, 9);
      const spelled = new Graph(spellSteps(model));
      const read = tensorNumbers(spelled.constant(graph.producer('dense')!.input[1]!)!);
      const wanted = tensorNumbers(new Graph(build(transB)).constant('w')!);
      read.forEach((value, i) => {
        const filter = transB === 1 ? Math.floor(i / 4) : i % 3;
        expect(Math.abs(value - wanted[i]!)).toBeLessThanOrEqual([first!, silent!, small!][filter]! / 2 + 1e-12);
      });
      expect(tensors.some(({ type }) => type === DataType.INT32)).toBe(true);
    },
  );

  it('of a layer that stays float are not touched, and what it alone reads is not rounded', async () => {
    const model = smallNets['vgg']!(1);
    const [first, ...others] = quantisableLayers(new Graph(model)).layers;
    const ranges = await rangesOf(model);
    const { model: part, layers } = quantize(model, { ranges, except: new Set([first!.name]) });
    expect(layers).toEqual(others.map(({ name }) => name));
    expect(new Graph(part).initializer(first!.weight)?.dataType).toBe(DataType.FLOAT);
    expect(new Graph(part).consumers('image').map(({ node }) => node.opType)).toEqual(['Conv']);
    const none = quantize(model, { ranges, except: new Set([first!, ...others].map(({ name }) => name)) });
    expect(apart(await answers(model), await answers(none.model))).toBe(0);
  });
});

describe('the steps of a value', () => {
  it('have zero among them, and cover the range', () => {
    for (const range of [
      { low: 0, high: 6 },
      { low: -1, high: 3 },
      { low: 2, high: 5 },
      { low: -7, high: -1 },
    ]) {
      const { scale, zero } = activationSteps(range);
      expect(Number.isInteger(zero)).toBe(true);
      expect(-zero * scale).toBeLessThanOrEqual(Math.min(0, range.low) + scale / 2);
      expect((255 - zero) * scale).toBeGreaterThanOrEqual(Math.max(0, range.high) - scale / 2);
    }
    expect(activationSteps({ low: 0, high: 0 })).toEqual({ scale: 1, zero: 0 });
  });

  it('are none of numbers that are not finite', () => {
    for (const wrong of [NaN, Infinity, -Infinity])
      expect(() => new Histogram().add(Float32Array.of(1, wrong))).toThrow(RangeError);
  });

  it('are of what is seen over all batches, or of all but a share of it', () => {
    const histogram = new Histogram();
    histogram.add(Float32Array.of(0, 0, 0));
    histogram.add(Float32Array.from({ length: 1000 }, (_, i) => i / 1000));
    histogram.add(Float32Array.of(-0.5, 90));
    expect(histogram.extremes).toEqual({ low: -0.5, high: 90 });
    const { low, high } = histogram.within(0.002);
    expect(low).toBeGreaterThan(-0.07);
    expect(low).toBeLessThanOrEqual(0);
    expect(high).toBeGreaterThan(0.99);
    expect(high).toBeLessThan(1.1);
    expect(histogram.within(0)).toEqual({ low: -0.5, high: 90 });
    expect(new Histogram().extremes).toEqual({ low: 0, high: 0 });
  });
});

it('a value that layers in float alone read stays as it is, whichever layers these are', () => {
  for (const [operator, weight] of [
    ['Conv', [4, 8, 1, 1]],
    ['ConvTranspose', [8, 4, 1, 1]],
  ] as const) {
    const net = new GraphBuilder({ opset: 18 });
    const drawn = (dims: readonly number[]): string => {
      const count = dims.reduce((product, dim) => product * dim, 1);
      return net.init(
        floatTensor(
          dims,
          Array.from({ length: count }, (_, i) => Math.sin(i)),
        ),
      );
    };
    const first = net.node('Relu', [net.node('Conv', [net.input('image', ['N', 3, 8, 8]), drawn([8, 3, 1, 1])])]);
    const other = net.node(operator, [first, drawn(weight)], {}, 'float');
    net.output(net.node('Relu', [other]), ['N', 4, 8, 8]);
    const graph = new Graph(net.build());
    const layers = quantisableLayers(graph).layers.filter(({ name }) => name !== 'float');
    expect(layers.length).toBe(1);
    expect(roundedValues(graph, layers)).toEqual([{ value: 'image', steps: 'image' }]);
  }
});

it('says nothing twice: attributes that hold anyway and long names between nodes go, what others go by stays', async () => {
  const net = new GraphBuilder({ opset: 13 });
  const image = net.input('image', ['N', 2, 8, 8]);
  const weights = (name: string, dims: readonly number[]): string =>
    net.init(floatTensor(dims, Float32Array.from(noise(dims, 5))), name);
  const said = { kernel_shape: [3, 3], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], group: 1 };
  const first = net.node('Conv', [image, weights('first.weight', [4, 2, 3, 3])], said, 'the/first/convolution');
  const pool = { kernel_shape: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0], ceil_mode: 0 };
  const pooled = net.node('MaxPool', [first], pool, 'the/first/pooling');
  const padded = { kernel_shape: [1, 1], pads: [1, 0, 0, 1], strides: [1, 2], group: 1 };
  const last = net.node('Conv', [pooled, weights('last.weight', [4, 4, 1, 1])], padded, 'the/last/convolution');
  net.output(last, ['N', 4, 4, 2]);
  const model = net.build();
  const { model: whole } = quantize(model, { ranges: await rangesOf(model) });
  const { node: nodes, output, input } = whole.graph!;
  const operators = nodes.filter(({ opType }) => !opType.endsWith('Linear'));
  expect(operators.map(({ name, attribute }) => [name, ...attribute.map((own) => own.name)])).toEqual([
    ['the/first/convolution', 'kernel_shape'],
    ['the/first/pooling', 'kernel_shape', 'strides'],
    ['the/last/convolution', 'kernel_shape', 'pads', 'strides'],
  ]);
  expect([...input, ...output].map(({ name }) => name)).toEqual(['image', last]);
  const between = nodes.flatMap((node) => node.output).filter((name) => name !== last);
  expect(between.filter((name) => name.length > 4)).toEqual([]);
  expect(new Set(between).size).toBe(between.length);
  expect(apart(await answers(model), await answers(whole))).toBeLessThan(0.05);
});
