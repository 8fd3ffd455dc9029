import { withWeights } from '@kneepoint/autodiff';
import { DataType, floatTensor, Graph, GraphBuilder, type ModelProto, readTensor, vggStyle } from '@kneepoint/onnx';
import { openSession } from '@kneepoint/runtime';
import { describe, expect, it } from 'vitest';
import { normaliseHead, readHead, withoutHead, writeHead } from './head.ts';
import { fromScratch } from './scratch.ts';
import { featureScale, featureSize, fromStandardised, standardise, unstandardise } from './standardise.ts';

const numbers = (length: number, seed = 1): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(12.9898 * (i + 1) * seed) * 2);

async function answers(model: ModelProto, feed: { data: Float32Array; dims: number[] }): Promise<number[]> {
  const session = await openSession(model);
  try {
    const results = await session.run({ [session.inputs[0]!.name]: feed });
    return [...(results[session.outputs[0]!.name]!.data as Float32Array)];
  } finally {
    await session.release();
  }
}

function closeTo(found: number[], wanted: number[], tolerance = 1e-5): void {
  expect(found).toHaveLength(wanted.length);
  const size = Math.max(1, ...wanted.map(Math.abs));
  found.forEach((value, i) => expect(Math.abs(value - wanted[i]!)).toBeLessThan(tolerance * size));
}

const net = () => vggStyle({ widths: [4, 'pool', 6], size: 8, seed: 1, batchNorm: true, headTasks: { yaw: 3 } });
const image = { data: numbers(2 * 3 * 64), dims: [2, 3, 8, 8] };

describe('the head of a network', () => {
  it.each([
    [{ transB: 0 }, [5, 2], true],
    [{ transB: 1 }, [2, 5], true],
    [{ transB: 0, alpha: { float: 0.5 }, beta: { float: 2 } }, [5, 2], true],
    [{ transB: 1, alpha: { float: -3 } }, [2, 5], false],
  ])('answers the same in its one form, from %j', async (attributes, dims, bias) => {
    const builder = new GraphBuilder();
    const x = builder.input('x', ['N', 5]);
    const inputs = [x, builder.init(floatTensor(dims, numbers(10)))];
    if (bias) inputs.push(builder.init(floatTensor([2], numbers(2, 3))));
    builder.output(builder.node('Gemm', inputs, attributes), ['N', 2]);
    const model = builder.build();
    const feed = { data: numbers(15, 7), dims: [3, 5] };
    const normal = normaliseHead(model, 2);
    closeTo(await answers(normal, feed), await answers(model, feed));
    const { weights, bias: biases } = readHead(normal);
    expect([weights.length, biases.length]).toEqual([10, 2]);
    expect(normaliseHead(normal, 2).graph!.initializer.map(({ name }) => name)).toEqual(['head.weight', 'head.bias']);
  });

  it('can be taken off and put on again', async () => {
    const model = normaliseHead(net(), 3);
    const { weights, bias, features } = readHead(model);
    const read = await answers(withoutHead(model), image);
    const said = Array.from({ length: 6 }, (_, i) => {
      const [row, target] = [Math.floor(i / 3), i % 3];
      let sum = bias[target]!;
      for (let k = 0; k < features; k++) sum += weights[target * features + k]! * read[row * features + k]!;
      return sum;
    });
    closeTo(await answers(model, image), said);
    const doubled = writeHead(model, { weights: weights.map((w) => 2 * w), bias: bias.map((b) => 2 * b) });
    closeTo(
      await answers(doubled, image),
      said.map((value) => 2 * value),
    );
  });

  it('that is missing is named', () => {
    const builder = new GraphBuilder();
    builder.output(builder.node('Relu', [builder.input('x', ['N', 5])]), ['N', 5]);
    expect(() => normaliseHead(builder.build(), 5)).toThrowError(/made by Relu/);
  });
});

describe('standardised features', () => {
  const model = normaliseHead(net(), 3);
  const features = Float32Array.from(numbers(40 * 6), (value, i) => 5 + (i % 6) * value);

  it.each([featureScale, featureSize])('change no answer, neither put in nor taken out: %o', async (scaleOf) => {
    const scale = scaleOf(features, 6);
    const before = await answers(model, image);
    const inside = standardise(model, scale);
    closeTo(await answers(inside, image), before, 1e-4);
    const after = unstandardise(inside, scale);
    closeTo(await answers(after, image), before, 1e-4);
    expect(after.graph!.node.map(({ name }) => name)).toEqual(model.graph!.node.map(({ name }) => name));
    expect(after.graph!.initializer).toHaveLength(model.graph!.initializer.length);
  });

  it('answer their mean exactly, however far that is from 0 beside their spread', () => {
    const scale = { mean: Float64Array.of(300, -500, 700), deviation: Float64Array.of(0.3, 0.07, 0.011) };
    const own = fromStandardised({ weights: Float64Array.of(1, -2, 3), bias: Float64Array.of(0.25) }, scale);
    const stored = Float32Array.from(own.weights);
    expect(stored.reduce((sum, weight, k) => sum + weight * scale.mean[k]!, own.bias[0]!)).toBeCloseTo(0.25, 8);
  });

  it('have a unit even where they never vary, or are never there', () => {
    const constant = Float32Array.from({ length: 20 }, (_, i) => (i % 2 ? 0 : 3));
    expect([...featureScale(constant, 2).deviation]).toEqual([1, 1]);
    const [size, none] = featureSize(constant, 2).deviation;
    expect(size).toBeCloseTo(3, 10);
    expect(none).toBe(1);
  });
});

describe('a network from scratch', () => {
  const trained = withWeights(
    net(),
    new Map(new Graph(net()).proto.initializer.map(({ name }) => [name, numbers(lengthOf(net(), name), 5)])),
  );
  const fresh = fromScratch(trained, 1);

  it('has the same architecture and nothing of what was learned', () => {
    expect(fresh.graph!.node).toEqual(trained.graph!.node);
    for (const { name } of trained.graph!.initializer) {
      expect(valuesOf(fresh, name), name).not.toEqual(valuesOf(trained, name));
    }
  });

  it('is the same for the same seed, whatever was learned before', () => {
    expect(fromScratch(net(), 1)).toEqual(fresh);
    expect(fromScratch(net(), 2)).not.toEqual(fresh);
  });

  it('begins with biases of 0 and normalisations without effect', () => {
    const graph = new Graph(fresh);
    for (const node of graph.topological()) {
      if (node.opType === 'Conv' || node.opType === 'Gemm') {
        const bias = node.input[2];
        if (bias !== undefined) expect(new Set(valuesOf(fresh, bias))).toEqual(new Set([0]));
      }
      if (node.opType === 'BatchNormalization') {
        const [scale, shift, mean, variance] = node.input.slice(1).map((name) => new Set(valuesOf(fresh, name)));
        expect([scale, shift, mean, variance]).toEqual([new Set([1]), new Set([0]), new Set([0]), new Set([1])]);
      }
    }
  });

  function lengthOf(model: ModelProto, name: string): number {
    return valuesOf(model, name).length;
  }

  function valuesOf(model: ModelProto, name: string): number[] {
    const tensor = readTensor(new Graph(model).initializer(name)!);
    expect(tensor.type).toBe(DataType.FLOAT);
    return [...(tensor.data as Float32Array)];
  }
});
