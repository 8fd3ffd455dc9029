import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dataset, openDataset, packDataset, renderFaces } from '@kneepoint/datasets';
import { encodeModel, floatTensor, inputSpec, Layers, type ModelProto, seededRandom } from '@kneepoint/onnx';
import {
  analyzeChannels,
  type DamageStatistics,
  findTaps,
  linearGroups,
  makePlan,
  prune,
  rankByDamage,
  truncate,
} from '@kneepoint/pruning';
import { openSession, shapesOf } from '@kneepoint/runtime';
import type { PlannedCut, PruneOptions } from '@kneepoint/workflow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { heal } from './healing/heal.ts';
import { keptAfter } from './kept-channels.ts';
import { measureNetwork } from './measure-network.ts';
import { proveSurgery, sameAnswers } from './prove-surgery.ts';
import { imageBatches, type Images } from './run-over.ts';
import { reportLayers } from './report.ts';
import type { HeadTask } from './starting-point.ts';

const IMAGES = 120;
const TARGETS = 2;
const SEED = 5;
const target = { kind: 'macs', remove: 0.5 } as const;
const range = (from: number, to: number): Int32Array => Int32Array.from({ length: to - from }, (_, i) => from + i);
const PARTS = { train: range(0, 84), validation: range(84, IMAGES) };
let folder: string;
let dataset: Dataset;
let images: Images;
let network: ModelProto;
let shapes: Awaited<ReturnType<typeof shapesOf>>;
/** By damage, and by another criterion. */
let turned: Awaited<ReturnType<typeof measure>>;
let whole: Awaited<ReturnType<typeof measure>>;

/** Inverted residuals (Sandler et al. 2018): two streams of channels, to which projections add. */
function inverted(): ModelProto {
  const net = new Layers(4);
  const clip = (x: string): string =>
    net.pointwise('Clip', [x, net.graph.init(floatTensor([], [0])), net.graph.init(floatTensor([], [6]))]);
  const block = (x: string, out: number, stride = 1): string => {
    const wide = clip(net.batchNorm(net.conv(x, 4 * out, { kernel: 1, bias: false })));
    const spatial = clip(net.batchNorm(net.conv(wide, 4 * out, { group: 4 * out, bias: false, stride })));
    return net.batchNorm(net.conv(spatial, out, { kernel: 1, bias: false, name: `project${net.shape(x)[0]}` }));
  };
  const stem = net.block(net.image(3, 16), 8, { stride: 2 });
  const narrow = block(stem, 12);
  const wide = block(narrow, 16, 2);
  const sum = net.pointwise('Add', [block(wide, 16), wide]);
  net.heads(clip(net.batchNorm(net.conv(sum, 40, { kernel: 1, bias: false }))), { logits: 5 });
  return net.build();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-measure-'));
  await renderFaces({ count: IMAGES, seed: 1, folder: join(folder, 'faces'), size: 16, persons: 8 });
  await packDataset(join(folder, 'faces'), { out: join(folder, 'faces.tar') });
  dataset = await openDataset(join(folder, 'faces.tar'));
  const model = inverted();
  const tap = findTaps(model, await shapesOf(model)).at(-1)!;
  const random = seededRandom(3);
  const weights = Float64Array.from({ length: TARGETS * tap.channels }, () => random.normal());
  network = truncate(model, tap, { name: 'head', outputName: 'answers', weights, bias: new Float64Array(TARGETS) });
  shapes = await shapesOf(network);
  const preprocess = { channels: 'rgb', range: [0, 1], mean: [0.5], std: [0.25] } as const;
  const context = { provider: 'cpu', signal: new AbortController().signal, progress: () => undefined } as never;
  images = { dataset, spec: inputSpec(network), preprocess, context } as unknown as Images;
  turned = await measure({ target });
  whole = await measure({ target, criterion: 'l1' });
});

afterAll(async () => {
  await dataset.close();
  await rm(folder, { recursive: true, force: true });
});

function measure(options: PruneOptions, isSame?: typeof sameAnswers) {
  const spec = { name: 'both', type: 'continuous', targets: ['a', 'b'] } as const;
  const tasks = [{ spec, from: 0 }] as unknown as readonly HeadTask[];
  return measureNetwork({ network, shapes, tasks, images, rows: PARTS.train, options, seed: SEED }, isSame);
}

/** Share of the variance of the network's answers on validation that another one misses. */
async function missedBy(model: ModelProto): Promise<number> {
  const [wanted, said] = [await answers(network), await answers(model)];
  let [error, spread] = [0, 0];
  for (let target = 0; target < TARGETS; target++) {
    const own = wanted.filter((_, at) => at % TARGETS === target);
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
    own.forEach((value, i) => {
      error += (value - said[i * TARGETS + target]!) ** 2;
      spread += (value - mean) ** 2;
    });
  }
  return error / spread;
}

async function answers(model: ModelProto): Promise<number[]> {
  const session = await openSession(encodeModel(model), { optimization: 'disabled' });
  const { name, channels, height, width } = images.spec;
  const said: number[] = [];
  for await (const { data, indices } of imageBatches(images, PARTS.validation)) {
    const results = await session.run({ [name]: { data, dims: [indices.length, channels, height, width] } });
    said.push(...(results['answers']!.data as Float32Array));
  }
  await session.release();
  return said;
}

/** One group cut to its first `left` classes in the order of least damage, planned and healed. */
async function cutTo(of: ModelProto, statistics: DamageStatistics, classes: readonly number[], left: number) {
  const analysis = analyzeChannels(of, shapes);
  const plan = makePlan(analysis, rankByDamage(statistics, classes)!.classes.slice(left));
  const cut = prune(of, shapes, plan);
  const { model } = await heal({ network: of, shapes, plan, cut, head: 'head' }, images, PARTS);
  return { plan, model };
}

describe('a network measured for a cut', () => {
  it('by damage is rotated where its channels are linear inside, and says the same', async () => {
    expect([...turned.rotated].sort()).toEqual(['project12', 'project16', 'project8']);
    expect(turned.network).not.toBe(network);
    expect(await sameAnswers(network, turned.network, images, { rows: PARTS.validation, seed: 1 })).toBe(true);
    expect(turned.analysis.classes).toEqual(analyzeChannels(network, shapes).classes);
    expect(turned.statistics!.parts).toHaveLength(whole.statistics!.parts.length);
  });

  it('that would not say the same is left as it was, and what could not be rotated is named', async () => {
    const left = await measure({ target }, () => Promise.resolve(false));
    expect(left.network).toBe(network);
    expect(left.rotated.size).toBe(0);
    expect([...left.unrotated].sort()).toEqual([...turned.rotated].sort());
    expect(turned.unrotated.size).toBe(0);
  });

  it('by others is as it was', async () => {
    for (const found of [whole, await measure({ epsilon: 0.1 })]) {
      expect(found.network).toBe(network);
      expect(found.rotated.size).toBe(0);
    }
  });

  it('keeps more of the answers in a rank than in as many channels, proved, and at the same cost', async () => {
    for (const { classes } of linearGroups(whole.analysis)) {
      const left = classes.length / 2;
      const [rank, channels] = [
        await cutTo(turned.network, turned.statistics!, classes, left),
        await cutTo(network, whole.statistics!, classes, left),
      ];
      expect(rank.plan.after.macs).toBe(channels.plan.after.macs);
      expect(await missedBy(rank.model)).toBeLessThan(0.8 * (await missedBy(channels.model)));
      const cut = { network: turned.network, shapes, plan: rank.plan } as unknown as PlannedCut;
      expect((await proveSurgery(cut, images, { rows: PARTS.validation, seed: 1 })).passed).toBe(true);
    }
  });

  it('says of a rank no more which of the registered filters are left, whatever is cut later', () => {
    const { analysis, rotated } = turned;
    const plan = makePlan(analysis, linearGroups(whole.analysis)[0]!.classes.slice(4));
    const first = keptAfter(analysis, plan, { before: null, rotated });
    const names = plan.layers.map(({ name }) => name);
    expect(Object.keys(first.layers)).toEqual(names.filter((name) => !rotated.has(name)));
    expect(first.layers['conv1']).toEqual([...Array(8).keys()]);
    expect(first.rotated).toEqual([...rotated].sort());
    const second = keptAfter(analysis, plan, { before: first, rotated: new Set() });
    expect(second).toEqual(first);
    const layers = analysis.layers.map(({ name, filters }) => ({
      name,
      filters,
      kept: 1,
      indices: [0],
      note: null,
      after: {},
    }));
    const told = { planned: { layers }, healing: [], left: [] } as unknown as Parameters<typeof reportLayers>[0];
    for (const kept of [first, second]) {
      const found = reportLayers(told, kept, new Map(layers.map(({ name }) => [name, { filters: 9 } as never])));
      for (const { name, indices, note } of found) {
        expect([name, indices]).toEqual([name, rotated.has(name) ? [] : first.layers[name]]);
        expect(note?.startsWith('keeps a rank of 1') ?? false).toBe(rotated.has(name));
      }
    }
  });
});
