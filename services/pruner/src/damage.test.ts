import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { type Dataset, openDataset, packDataset, renderFaces } from '@kneepoint/datasets';
import {
  cloneModel,
  encodeModel,
  Graph,
  inputSpec,
  type ModelProto,
  NodeProtoSchema,
  seededRandom,
  valueInfo,
  vggStyle,
} from '@kneepoint/onnx';
import {
  analyzeChannels,
  type ChannelAnalysis,
  findTaps,
  rankByDamage,
  readingsOf,
  truncate,
} from '@kneepoint/pruning';
import type { TaskSpec } from '@kneepoint/regression';
import { openSession, type Session, shapesOf } from '@kneepoint/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerUnits } from './answer-units.ts';
import { measureDamage } from './damage.ts';
import { imageBatches, type Images } from './run-over.ts';

const IMAGES = 40;
const YAW: TaskSpec = { name: 'yaw', type: 'continuous', targets: ['yaw'] };
const SEED = 5;
let folder: string;
let dataset: Dataset;
let images: Images;
let network: ModelProto;
let analysis: ChannelAnalysis;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-damage-'));
  await renderFaces({ count: IMAGES, seed: 1, folder: join(folder, 'faces'), size: 16, persons: 8 });
  await packDataset(join(folder, 'faces'), { out: join(folder, 'faces.tar') });
  dataset = await openDataset(join(folder, 'faces.tar'));
  const model = vggStyle({ widths: [4, 'pool', 6], size: 16, seed: 1 });
  const last = findTaps(model, await shapesOf(model)).at(-1)!;
  const random = seededRandom(3);
  const weights = Float64Array.from({ length: last.channels }, () => random.normal());
  network = truncate(model, last, { name: 'head', outputName: 'answers', weights, bias: new Float64Array(1) });
  analysis = analyzeChannels(network, await shapesOf(network));
  const preprocess = { channels: 'rgb', range: [0, 1], mean: [0.5], std: [0.25] } as const;
  const context = { provider: 'cpu', signal: new AbortController().signal, progress: () => undefined } as never;
  images = { dataset, spec: inputSpec(model), preprocess, context } as unknown as Images;
});

afterAll(async () => {
  await dataset.close();
  await rm(folder, { recursive: true, force: true });
});

const rowsOf = (count: number) => Int32Array.from({ length: count }, (_, row) => row);
const measure = (rows: Int32Array, own: Partial<Parameters<typeof measureDamage>[0]> = {}) =>
  measureDamage({ network, analysis, images, rows, seed: SEED, tasks: [{ spec: YAW, from: 0 }], ...own });

/** The network with a value that is moved by an input of its shape, and handed out. */
async function movable(value: string): Promise<Session> {
  const copy = cloneModel(network);
  const graph = new Graph(copy);
  for (const { node, input } of graph.consumers(value)) node.input[input] = 'moved';
  const sum = create(NodeProtoSchema, { name: 'moved', opType: 'Add', input: [value, 'by'], output: ['moved'] });
  copy.graph!.node.splice(copy.graph!.node.indexOf(graph.producer(value)!) + 1, 0, sum);
  const dims = analysis.shapes.get(value)!;
  copy.graph!.input.push(valueInfo('by', dims));
  copy.graph!.output.push(valueInfo('moved', dims));
  return openSession(encodeModel(copy), { threads: 1 });
}

async function eachImage(count: number, work: (image: Float32Array, row: number) => Promise<void>): Promise<void> {
  let row = 0;
  for await (const { data } of imageBatches(images, rowsOf(count), 1)) await work(data.slice(), row++);
}

describe('what damage is measured by', () => {
  it('are the covariance of what is read and the metric of what the answers depend on, as differences give them', async () => {
    const count = 6;
    const rows = rowsOf(count);
    const { parts, metric, variance } = await measure(rows);
    expect([metric, variance]).toEqual(['answers', 1]);
    const readings = readingsOf(analysis);
    expect(readings.map(({ value }) => value)).toEqual(['maxpool1', 'kneepoint_features']);
    const { name, channels, height, width } = images.spec;
    const random = seededRandom(SEED);
    const vectors = Array.from({ length: count }, () => random.normal());
    for (const [index, { value }] of readings.entries()) {
      const dims = analysis.shapes.get(value)!;
      const [size, positions] = [dims[1]!, dims.slice(2).reduce((a, b) => a * b, 1)];
      const session = await movable(value);
      const columns: number[][] = [];
      const slopes: { readonly row: number; readonly own: number[] }[] = [];
      const answers: number[] = [];
      await eachImage(count, async (image, row) => {
        const run = (by: Float32Array) =>
          session.run({ [name]: { data: image, dims: [1, channels, height, width] }, by: { data: by, dims } });
        const still = await run(new Float32Array(size * positions));
        answers.push(still['answers']!.data[0] as number);
        for (let at = 0; at < positions; at++) {
          columns.push(Array.from({ length: size }, (_, c) => still['moved']!.data[c * positions + at] as number));
          const own: number[] = [];
          for (let c = 0; c < size; c++) {
            const [up, down] = await Promise.all(
              [0.01, -0.01].map(async (step) => {
                const by = new Float32Array(size * positions);
                by[c * positions + at] = step;
                return (await run(by))['answers']!.data[0] as number;
              }),
            );
            own.push((up! - down!) / 0.02);
          }
          slopes.push({ row, own });
        }
      });
      await session.release();
      const { covariance, metric: found } = parts[index]!;
      const [unit] = answerUnits(Float64Array.from(answers), 1, [{ spec: YAW, from: 0 }]);
      const mean = (c: number) => columns.reduce((sum, column) => sum + column[c]!, 0) / columns.length;
      const largest = Math.max(...found);
      for (let a = 0; a < size; a++) {
        for (let b = 0; b < size; b++) {
          const products = columns.reduce((sum, column) => sum + column[a]! * column[b]!, 0) / columns.length;
          expect(covariance[a * size + b]).toBeCloseTo(products - mean(a) * mean(b), 5);
          const expected = slopes.reduce(
            (sum, { row, own }) => sum + own[a]! * own[b]! * (vectors[row]! / unit!) ** 2,
            0,
          );
          expect(Math.abs(found[a * size + b]! - expected / count)).toBeLessThan(0.02 * largest);
        }
      }
    }
  });

  it('are the same for the same seed, and of a channel that nothing reads none', async () => {
    const [once, again] = [await measure(rowsOf(IMAGES)), await measure(rowsOf(IMAGES))];
    expect(again).toEqual(once);
    const blind = cloneModel(network);
    const head = blind.graph!.initializer.find((tensor) => tensor.name === 'head.weight')!;
    const weights = new Float32Array(new Uint8Array(head.rawData).buffer);
    weights[2] = 0;
    head.rawData = new Uint8Array(weights.buffer);
    const statistics = await measure(rowsOf(IMAGES), { network: blind });
    const last = analysis.layers.find(({ name }) => name === 'conv2')!.classes;
    const { damage, classes } = rankByDamage(statistics, last)!;
    const explained = damage[classes.indexOf(last[2]!)]! - damage[classes.indexOf(last[2]!) + 1]!;
    expect(damage[0]).toBeGreaterThan(0);
    // It is kept for what it says of others at the most, so never first.
    expect(classes[0]).not.toBe(last[2]);
    expect(explained).toBeLessThan(damage[0]! / 2);
  });

  it('where an operator has no derivative, is what reaches the readers, as a share of all', async () => {
    const copy = cloneModel(network);
    const graph = new Graph(copy);
    const [relu] = copy.graph!.node.filter(({ opType }) => opType === 'Relu').slice(-1);
    const det = create(NodeProtoSchema, {
      name: 'shrink',
      opType: 'Shrink',
      input: ['made'],
      output: [relu!.output[0]!],
    });
    relu!.output[0] = 'made';
    copy.graph!.node.splice(copy.graph!.node.indexOf(relu!) + 1, 0, det);
    expect(graph.proto.node).toContain(det);
    const shapes = await shapesOf(copy);
    const statistics = await measure(rowsOf(8), { network: copy, analysis: analyzeChannels(copy, shapes) });
    expect(statistics).toMatchObject({ metric: 'readers', variance: 1 });
    for (const { covariance, metric } of statistics.parts) {
      expect(covariance.reduce((sum, value, at) => sum + value * metric[at]!, 0)).toBeCloseTo(1, 9);
    }
  });
});

describe('units of answers', () => {
  const categorical: TaskSpec = { name: 'pose', type: 'categorical', targets: ['a', 'b'] };

  it('make every task vary by one in all, values each in its own unit, classes in one', () => {
    // Columns: a value in thousands, then two classes of which one hardly ever moves.
    const answers = Float64Array.from([1000, 0.1, 0.5, 3000, 0.9, 0.5, 1000, 0.1, 0.5, 3000, 0.9, 0.6]);
    const units = answerUnits(answers, 3, [
      { spec: YAW, from: 0 },
      { spec: categorical, from: 1 },
    ]);
    expect(units[0]).toBeCloseTo(1000, 9);
    expect(units[1]).toBe(units[2]);
    const variance = (0.16 + 0.001875) / units[1]! ** 2;
    expect(variance).toBeCloseTo(1, 9);
  });

  it('are 0 for an answer that is always the same', () => {
    expect([...answerUnits(Float64Array.of(2, 2, 2), 1, [{ spec: YAW, from: 0 }])]).toEqual([0]);
  });
});
