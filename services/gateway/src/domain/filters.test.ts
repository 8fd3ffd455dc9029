import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packDataset } from '@kneepoint/datasets';
import { storedJson } from '@kneepoint/platform';
import { filterOverlap, knee } from '@kneepoint/regression';
import { writeResponses } from '@kneepoint/runtime';
import { DEFAULT_REGRESSION, planAnalysis } from '@kneepoint/workflow';
import { syntheticCurve, tap, YAW } from '@kneepoint/workflow/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pngOf } from '../../../../packages/datasets/src/testing/folder.ts';
import { globalId } from './ids.ts';
import { seedDataset, seedModel, seedResults } from '../testing/seed.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';

/** Two shards of a network so dear that they are small. */
const IMAGES = 40;
const SHARD = 32;
const MACS = 1e12;
const FILTERS = 6;

let gateway: TestGateway;
let folder: string;
beforeAll(async () => {
  gateway = await openTestGateway();
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-filters-'));
});
afterAll(async () => {
  await gateway.close();
  await rm(folder, { recursive: true });
});

describe('filterUse', () => {
  const USE = `query($model: ID!, $dataset: ID!, $layer: String!, $epsilon: Float!, $tasks: [String!]) {
    filterUse(model: $model, dataset: $dataset, layer: $layer, epsilon: $epsilon, tasks: $tasks) {
      layer filters epsilon tasks { task kept explained } overlaps { task other shared jaccard byChance } } }`;

  it('gives the filters of each knee, and what every two tasks share of them', async () => {
    const names = ['yaw', 'pitch', 'age'];
    const dataset = await seedDataset(
      gateway,
      names.map((name) => ({ ...YAW, name })),
    );
    const model = await seedModel(gateway, { taps: [tap('conv1', 8), tap('conv2', 12)] });
    const curves = names.map((_, at) => syntheticCurve(12, at + 1, { carriers: [[0, 3, 5], [3, 5, 7], [9]][at]! }));
    for (const [at, task] of dataset.tasks.entries()) {
      await seedResults(
        gateway,
        { model, dataset: { ...dataset, tasks: [task] } },
        () => ({}),
        () => curves[at]!,
      );
    }
    const variables = { model: model.globalId, dataset: dataset.globalId, layer: 'conv2', epsilon: 0.1 };
    interface Use {
      readonly filterUse: {
        readonly filters: number;
        readonly tasks: readonly { readonly task: string; readonly kept: number[]; readonly explained: number }[];
        readonly overlaps: readonly object[];
      };
    }
    const { filterUse } = await gateway.query<Use>(USE, variables);
    const kept = curves.map((curve) => knee(curve, 0.1).kept);
    expect(filterUse.filters).toBe(12);
    expect(filterUse.tasks.map(({ task, kept: shown }) => [task, shown])).toEqual(
      names.map((name, at) => [name, kept[at]]),
    );
    expect(filterUse.tasks[0]!.kept).toEqual([0, 3, 5]);
    expect(filterUse.tasks[0]!.explained).toBeGreaterThan(0.9);
    const { shared, jaccard, byChance } = filterOverlap(kept, 12);
    expect(filterUse.overlaps).toEqual(
      [
        [0, 1],
        [0, 2],
        [1, 2],
      ].map(([a, b]) => ({
        ...{ task: names[a!], other: names[b!], shared: shared[a!]![b!] },
        ...{ jaccard: jaccard[a!]![b!], byChance: byChance[a!]![b!] },
      })),
    );
    const some = await gateway.query<Use>(USE, { ...variables, tasks: ['age'] });
    expect(some.filterUse.overlaps).toEqual([]);
    await gateway.db.prisma.result.deleteMany({ where: { output: { path: ['task'], equals: 'pitch' } } });
    const left = await gateway.query<Use>(USE, variables);
    expect(left.filterUse.tasks.map(({ task }) => task)).toEqual(['yaw', 'age']);
    for (const [change, code] of [
      [{ epsilon: 1 }, 'EPSILON_INVALID'],
      [{ layer: 'conv9' }, 'LAYER_UNKNOWN'],
      [{ tasks: ['mood'] }, 'TASK_UNKNOWN'],
      [{ tasks: ['yaw', 'pitch'] }, 'ANALYSIS_MISSING'],
    ] as const) {
      const { errors } = await gateway.post(USE, { ...variables, ...change });
      expect(errors?.[0]?.extensions?.code).toBe(code);
    }
  });
});

describe('filterResponses', () => {
  const ASK = `query($model: ID!, $dataset: ID!, $layer: String!, $task: String!, $filter: Int, $bins: Int!, $images: Int!) {
    filterResponses(model: $model, dataset: $dataset, layer: $layer, task: $task, filter: $filter, bins: $bins, images: $images) {
      filter filters images imagesRead explained bins { name from to images mean standardError }
      most { index name format start bytes response label } least { index response } telling { filter explained }
      archive { sha256 downloadUrl } } }`;
  interface Answer {
    readonly filterResponses: {
      readonly filter: number;
      readonly images: number;
      readonly imagesRead: number;
      readonly explained: number;
      readonly bins: readonly { readonly name: string; readonly images: number; readonly mean: number | null }[];
      readonly most: readonly {
        readonly index: number;
        readonly name: string;
        readonly start: number;
        readonly bytes: number;
        readonly label: string | null;
        readonly response: number;
      }[];
      readonly least: readonly { readonly index: number }[];
      readonly telling: readonly { readonly filter: number }[];
      readonly archive: { readonly downloadUrl: string };
    };
  }
  let variables: { model: string; dataset: string; layer: string; task: string; bins: number; images: number };
  /** Filter 2 answers with the label, which is the image's place. */
  const response = (row: number, filter: number): number =>
    filter === 2 ? row / 4 : ((row * 7 + filter * 5) % 11) / 11;

  /** What an import and an extraction leave: a packed data set, and the responses of two shards. */
  beforeAll(async () => {
    const pictures = join(folder, 'pictures');
    await mkdir(pictures);
    const rows = Array.from({ length: IMAGES }, (_, row) => [
      `${String(row).padStart(2, '0')}.png`,
      row === 5 ? '' : row,
    ]);
    for (const [row, [name]] of rows.entries()) await writeFile(join(pictures, String(name)), await pngOf(row));
    await writeFile(join(pictures, 'labels.csv'), `image,turn\n${rows.map((row) => row.join(',')).join('\n')}\n`);
    await writeFile(
      join(pictures, 'schema.json'),
      JSON.stringify({ tasks: { turn: { type: 'continuous', column: 'turn', unit: 'degrees' } } }),
    );
    const out = join(folder, 'set.tar');
    const packed = await packDataset(pictures, { out });
    const [archive, manifest] = [await gateway.store.put(out), await gateway.store.put(packed.index)];
    const { id } = await gateway.db.prisma.dataset.create({
      data: {
        ...{ name: 'turns', sha256: archive.sha256, manifestSha256: manifest.sha256, images: IMAGES, subject: null },
        ...{ bytes: BigInt(archive.bytes), tasks: storedJson(packed.tasks), notes: [] },
      },
    });
    const model = await seedModel(gateway, { name: 'turner', taps: [tap('conv1', 3), tap('conv2', FILTERS)] });
    const dear = { ...model, inspection: { ...model.inspection, macs: MACS } };
    await gateway.db.prisma.model.update({
      where: { id: model.id },
      data: { inspection: storedJson(dear.inspection) },
    });
    const { extractKeys } = planAnalysis({
      model: dear,
      dataset: {
        ...{ id, name: 'turns', sha256: archive.sha256, manifestSha256: manifest.sha256 },
        ...{ images: IMAGES, tasks: packed.tasks, subject: null },
      },
      tasks: [],
      settings: DEFAULT_REGRESSION,
    });
    expect(extractKeys).toHaveLength(2);
    for (const [at, key] of extractKeys.entries()) {
      const from = at * SHARD;
      const images = Math.min(IMAGES, from + SHARD) - from;
      const path = join(folder, `${at}.arrow`);
      const responses = model.inspection.taps.map(({ layer, channels }): [string, Float32Array] => [
        layer,
        Float32Array.from({ length: images * channels }, (_, i) =>
          response(from + Math.floor(i / channels), i % channels),
        ),
      ]);
      await writeResponses(path, { taps: model.inspection.taps, from, responses: new Map(responses) });
      const { sha256 } = await gateway.store.put(path);
      const output = { responsesSha256: sha256, images, provider: 'cpu', imagesPerSecond: 1 };
      await gateway.db.prisma.result.create({ data: { key, kind: 'extract', output } });
    }
    variables = {
      model: model.globalId,
      dataset: globalId('Dataset', id),
      layer: 'conv2',
      task: 'turn',
      bins: 4,
      images: 3,
    };
  });

  it('gives the mean of each bin, and the images that a filter answers to most, as they lie in the archive', async () => {
    const { filterResponses } = await gateway.query<Answer>(ASK, variables);
    // Where none is named, the one that follows the label.
    expect(filterResponses.filter).toBe(2);
    expect(filterResponses.explained).toBeGreaterThan(0.9);
    expect([filterResponses.images, filterResponses.imagesRead]).toEqual([IMAGES, IMAGES]);
    const labelled = Array.from({ length: IMAGES }, (_, row) => row).filter((row) => row !== 5);
    const edges = [0, 10, 20, 29, 39];
    expect(filterResponses.bins.map(({ images }) => images)).toEqual([10, 10, 9, 10]);
    filterResponses.bins.forEach(({ name, mean }, bin) => {
      const rows = labelled.slice(edges[bin], edges[bin + 1]);
      expect(name).toBe(`${rows[0]} to ${rows.at(-1)}`);
      expect(mean).toBeCloseTo(rows.reduce((sum, row) => sum + response(row, 2), 0) / rows.length, 6);
    });
    expect(filterResponses.most.map(({ index, label }) => [index, label])).toEqual([
      [39, '39 degrees'],
      [38, '38 degrees'],
      [37, '37 degrees'],
    ]);
    expect(filterResponses.least.map(({ index }) => index)).toEqual([0, 1, 2]);
    const { start, bytes, name } = filterResponses.most[0]!;
    const range = `bytes=${start}-${start + bytes - 1}`;
    const picture = await fetch(filterResponses.archive.downloadUrl, { headers: { range } });
    expect([picture.status, name]).toEqual([206, '39.png']);
    expect(Buffer.from(await picture.arrayBuffer())).toEqual(await pngOf(39));
  });

  it('reads one at a time, however many are asked for', async () => {
    let most = 0;
    const look = setInterval(() => {
      most = Math.max(most, readdirSync(join(gateway.folder, 'work')).length);
    }, 5);
    const asked = [5, 6, 7].map((bins) => gateway.post(ASK, { ...variables, bins }));
    await Promise.all(asked);
    clearInterval(look);
    expect(most).toBe(1);
  });

  it('takes the filter that is named, and refuses what is not there', async () => {
    const { filterResponses } = await gateway.query<Answer>(ASK, { ...variables, filter: 4, images: 0 });
    expect([filterResponses.filter, filterResponses.most]).toEqual([4, []]);
    expect(filterResponses.telling[0]!.filter).toBe(2);
    const fresh = await seedModel(gateway, { name: 'fresh', taps: [tap('conv2', FILTERS)] });
    for (const [change, code] of [
      [{ filter: FILTERS }, 'FILTER_UNKNOWN'],
      [{ filter: -1 }, 'FILTER_UNKNOWN'],
      [{ bins: 1 }, 'BINS_INVALID'],
      [{ images: 13 }, 'BINS_INVALID'],
      [{ layer: 'conv9' }, 'LAYER_UNKNOWN'],
      [{ task: 'mood' }, 'TASK_UNKNOWN'],
      [{ model: fresh.globalId }, 'ANALYSIS_MISSING'],
    ] as const) {
      const { errors } = await gateway.post(ASK, { ...variables, ...change });
      expect(errors?.[0]?.extensions?.code).toBe(code);
    }
  });
});
