import { encodeModel, Graph, smallNets, vggStyle } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { analyse } from '../testing/analyse.ts';
import { noise, run } from '../testing/ort.ts';
import { columnsPerImage, gateReadings, momentNames, responseMoments } from './moment-graphs.ts';
import { readerMetrics } from './reader-metrics.ts';
import { readingsOf } from './readings.ts';

describe.each(Object.keys(smallNets))('readings of %s', (name) => {
  it('cover every class that may go, each part with channels of its own', async () => {
    const { analysis } = await analyse(name);
    const readings = readingsOf(analysis);
    const read = new Set(readings.flatMap(({ classes }) => classes));
    expect([...read].sort((a, b) => a - b)).toEqual(
      analysis.classes.filter(({ frozen }) => frozen === undefined).map(({ id }) => id),
    );
    for (const { channels, classes, parts, width, positions } of readings) {
      expect(channels).toHaveLength(parts * width * positions);
      expect(new Set(channels).size).toBe(channels.length);
      expect(classes).toHaveLength(parts * width);
    }
  });

  it('through gates are what the network reads without', async () => {
    const { model, analysis } = await analyse(name);
    const { model: gated } = gateReadings(model, readingsOf(analysis));
    const [input] = new Graph(model).inputs;
    const dims = [1, ...analysis.shapes.get(input!.name)!.slice(1)];
    const feeds = [{ name: input!.name, dims, data: noise(dims, 3) }];
    expect(await run(encodeModel(gated), feeds)).toEqual(await run(encodeModel(model), feeds));
  });
});

it('take a flattened map for positions of its channels, and channels that live together for channels', async () => {
  const flat = readingsOf((await analyse('vggFlat')).analysis).map(({ width, positions }) => [width, positions]);
  expect(flat).toEqual([
    [6, 1],
    [8, 16],
    [10, 1],
  ]);
  const { analysis } = await analyse('shuffle');
  expect(readingsOf(analysis).map(({ positions }) => positions)).toEqual([1, 1]);
});

it('of a grouped convolution are apart by its groups', async () => {
  const { analysis } = await analyse('grouped');
  const own = readingsOf(analysis).filter(({ parts }) => parts > 1);
  expect(own.map(({ parts, width }) => [parts, width])).toEqual([[3, 4]]);
  for (let part = 0; part < 3; part++) {
    expect(own[0]!.channels.slice(4 * part, 4 * part + 4)).toEqual([0, 1, 2, 3].map((rank) => 4 * part + rank));
  }
});

describe('moments', () => {
  it('leave the runtime as sums over the columns that were asked for', async () => {
    const { model, analysis } = await analyse(vggStyle({ widths: [4, 'pool', 6], size: 8, seed: 2 }));
    const readings = readingsOf(analysis);
    const [reading] = readings;
    const { shapes } = analysis;
    const dims = [2, ...shapes.get('image')!.slice(1)];
    const graph = responseMoments(model, readings, shapes);
    graph.graph!.output.push({ ...graph.graph!.output[0]!, name: reading!.value });
    delete (graph.graph!.output.at(-1) as { type?: unknown }).type;
    const { InferenceSession, Tensor } = await import('onnxruntime-node');
    const session = await InferenceSession.create(encodeModel(graph));
    const per = columnsPerImage(reading!, shapes);
    expect(per).toBe(16);
    const chosen = Int32Array.of(0, 5, 17, 30);
    const shift = Float32Array.of(0.5, -1, 2, 0);
    const feeds: Record<string, InstanceType<typeof Tensor>> = { image: new Tensor('float32', noise(dims, 1), dims) };
    readings.forEach(({ parts, width }, i) => {
      feeds[momentNames.columns(i)] = i === 0 ? new Tensor('int32', chosen, [4]) : new Tensor('int32', [0], [1]);
      const zeros = i === 0 ? shift : new Float32Array(parts * width);
      feeds[momentNames.shift(i)] = new Tensor('float32', zeros, [parts, width, 1]);
    });
    const results = await session.run(feeds);
    await session.release();
    const value = results[reading!.value]!.data as Float32Array;
    // Column 17 is position 1 of the second image.
    const at = (c: number, column: number) =>
      value[(Math.floor(column / per) * 4 + c) * per + (column % per)]! - shift[c]!;
    for (let a = 0; a < 4; a++) {
      const sum = chosen.reduce((total, column) => total + at(a, column), 0);
      expect(results[momentNames.mean(0)]!.data[a]).toBeCloseTo(sum / 4, 5);
      for (let b = 0; b < 4; b++) {
        const product = chosen.reduce((total, column) => total + at(a, column) * at(b, column), 0);
        expect(results[momentNames.second(0)]!.data[a * 4 + b]).toBeCloseTo(product, 4);
      }
    }
  });

  it('of readers’ weights are W Wᵀ', async () => {
    const { model, analysis } = await analyse(vggStyle({ widths: [4, 'pool', 6], size: 8, seed: 2 }));
    const [[metric]] = readerMetrics(model, analysis.shapes, readingsOf(analysis)) as [[Float64Array]];
    const weights = new Float32Array(new Uint8Array(new Graph(model).initializer('conv2.weight')!.rawData).buffer);
    for (let a = 0; a < 4; a++) {
      for (let b = 0; b < 4; b++) {
        let sum = 0;
        for (let o = 0; o < 6; o++)
          for (let k = 0; k < 9; k++) sum += weights[(o * 4 + a) * 9 + k]! * weights[(o * 4 + b) * 9 + k]!;
        expect(metric[a * 4 + b]).toBeCloseTo(sum, 6);
      }
    }
  });
});
