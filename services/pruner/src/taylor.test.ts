import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { batches, type Dataset, openDataset, packDataset, renderFaces } from '@kneepoint/datasets';
import {
  cloneModel,
  encodeModel,
  floatTensor,
  Graph,
  inputSpec,
  type ModelProto,
  NodeProtoSchema,
  seededRandom,
  vggStyle,
  writeTensor,
} from '@kneepoint/onnx';
import { findTaps, type HeadPool, type Tap, truncate } from '@kneepoint/pruning';
import { fitHead } from '@kneepoint/regression';
import { openSession, shapesOf } from '@kneepoint/runtime';
import { splitParts } from '@kneepoint/workflow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Images } from './run-over.ts';
import type { HeadTask } from './starting-point.ts';
import { taylorScores } from './taylor.ts';

const IMAGES = 48;
let folder: string;
let dataset: Dataset;
let images: Images;
let network: ModelProto;
/** The same with a head on a 2 × 2 grid, whose cells overlap on maps of 9 × 9. */
let gridded: ModelProto;
let taps: readonly Tap[];
/** A task of values and one of classes, side by side in the head. */
let tasks: readonly HeadTask[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-taylor-'));
  await renderFaces({ count: IMAGES, seed: 1, folder: join(folder, 'faces'), size: 16, persons: 8 });
  await packDataset(join(folder, 'faces'), { out: join(folder, 'faces.tar') });
  dataset = await openDataset(join(folder, 'faces.tar'));
  const model = vggStyle({ widths: [4, 'pool', 6], size: 18, seed: 1 });
  const shapes = await shapesOf(model);
  const found = findTaps(model, shapes);
  const last = found.at(-1)!;
  const { manifest } = dataset;
  const random = seededRandom(3);
  let from = 0;
  tasks = ['yaw', 'gender'].map((name): HeadTask => {
    const spec = manifest.tasks.find((task) => task.name === name)!;
    const labels = manifest.labels[name]!;
    const parts = splitParts(manifest, [spec], 1);
    const responses = Float32Array.from({ length: IMAGES * last.channels }, () => random.normal());
    const probe = fitHead({ responses, labels, task: spec, split: parts.split });
    from += spec.targets.length;
    return { spec, labels, parts, probe, from: from - spec.targets.length };
  });
  const headed = (pool: HeadPool): ModelProto => {
    const weights = Float64Array.from({ length: from * last.channels * pool ** 2 }, () => 5 * random.normal());
    const bias = new Float64Array(from);
    return truncate(model, last, { name: 'head', outputName: 'answers', pool, weights, bias });
  };
  network = headed(1);
  gridded = headed(2);
  taps = findTaps(network, await shapesOf(network));
  const preprocess = { channels: 'rgb', range: [0, 1], mean: [0.5], std: [0.25] } as const;
  const context = { provider: 'cpu', signal: new AbortController().signal, progress: () => undefined } as never;
  images = { dataset, spec: inputSpec(model), preprocess, context } as unknown as Images;
});

afterAll(async () => {
  await dataset.close();
  await rm(folder, { recursive: true, force: true });
});

/** A network with one channel of a value multiplied. */
function scaled(
  from: ModelProto,
  { value, channels }: Pick<Tap, 'value' | 'channels'>,
  channel: number,
  factor: number,
): ModelProto {
  const model = cloneModel(from);
  const graph = new Graph(model);
  const factors = new Float32Array(channels).fill(1);
  factors[channel] = factor;
  for (const { node, input } of graph.consumers(value)) node.input[input] = 'scaled';
  const at = model.graph!.node.indexOf(graph.producer(value)!) + 1;
  model.graph!.node.splice(
    at,
    0,
    create(NodeProtoSchema, { name: 's', opType: 'Mul', input: [value, 'factors'], output: ['scaled'] }),
  );
  model.graph!.initializer.push(writeTensor('factors', floatTensor([1, channels, 1, 1], factors)));
  return model;
}

/** Each image's loss: squared errors of both tasks, of values in units of their standard deviation over training images. */
async function losses(model: ModelProto, rows: Int32Array): Promise<number[]> {
  const { spec, preprocess } = images;
  const session = await openSession(encodeModel(model));
  const found: number[] = [];
  for await (const { data, indices } of batches(dataset, { indices: rows, batchSize: 1, preprocess, size: spec })) {
    const dims = [1, spec.channels, spec.height, spec.width];
    const answers = (await session.run({ [spec.name]: { data, dims } }))['answers']!.data as Float32Array;
    found.push(
      tasks.reduce((sum, { spec: { type }, labels, parts, from }) => {
        const train = Array.from(parts.train, (row) => labels[row]!);
        const mean = train.reduce((total, label) => total + label, 0) / train.length;
        const variance = train.reduce((total, label) => total + (label - mean) ** 2, 0) / train.length;
        return sum + (answers[from]! - labels[indices[0]!]!) ** 2 / (type === 'continuous' ? variance : 1);
      }, 0),
    );
  }
  await session.release();
  return found;
}

describe('the Taylor score of a channel', () => {
  it.each([
    ['mean over all positions', () => network],
    ['grid', () => gridded],
  ])(
    'is the sum over images of what the loss changes with the channel, to first order, through a %s',
    async (_, of) => {
      const rows = Int32Array.from({ length: 20 }, (_row, i) => i);
      const scores = await taylorScores(of(), taps, tasks, { images, rows });
      // Sixteen images make a batch; what is left of the rows makes no whole one.
      const used = rows.subarray(0, 16);
      const h = 0.01;
      for (const tap of taps) {
        const { layer, channels } = tap;
        const own = scores.get(layer)!;
        expect(own).toHaveLength(channels);
        for (let channel = 0; channel < channels; channel++) {
          const [up, down] = [
            await losses(scaled(of(), tap, channel, 1 + h), used),
            await losses(scaled(of(), tap, channel, 1 - h), used),
          ];
          const expected = up.reduce((sum, loss, i) => sum + Math.abs((loss - down[i]!) / (2 * h)), 0);
          expect(own[channel]).toBeGreaterThanOrEqual(0);
          expect(Math.abs(own[channel]! - expected)).toBeLessThan(0.01 * Math.max(...own));
        }
      }
    },
  );

  it('is 0 where nothing reads the channel', async () => {
    const blind = cloneModel(network);
    const graph = new Graph(blind);
    const head = graph.initializer('head.weight')!;
    const [targets, channels] = head.dims.map(Number) as [number, number];
    const weights = Float32Array.from({ length: targets * channels }, (_, i) => (i % channels === 2 ? 0 : 1));
    blind.graph!.initializer = blind.graph!.initializer.map((tensor) =>
      tensor.name === 'head.weight' ? writeTensor(tensor.name, floatTensor([targets, channels], weights)) : tensor,
    );
    const rows = Int32Array.from({ length: 16 }, (_, i) => i);
    const scores = (await taylorScores(blind, taps, tasks, { images, rows })).get(taps.at(-1)!.layer)!;
    expect(scores[2]).toBe(0);
    expect(Math.max(...scores)).toBeGreaterThan(0);
  });

  it('stops when it is canceled', async () => {
    const canceled = AbortSignal.abort();
    const context = { ...images.context, signal: canceled };
    const rows = Int32Array.from({ length: 16 }, (_, i) => i);
    await expect(taylorScores(network, taps, tasks, { images: { ...images, context }, rows })).rejects.toThrow();
  });
});
