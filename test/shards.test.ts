import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseIndex } from '@kneepoint/datasets';
import { startExtractor } from '@kneepoint/extractor-service';
import {
  type ArtifactStore,
  createLogger,
  type Database,
  MemoryBus,
  openDatabase,
  openStore,
  readConfig,
  startDispatcher,
} from '@kneepoint/platform';
import { type CharacteristicCurve, Moments, pilotOf } from '@kneepoint/regression';
import { startRegressor } from '@kneepoint/regressor-service';
import { readResponses } from '@kneepoint/runtime';
import {
  type DatasetReference,
  DEFAULT_REGRESSION,
  type ExtractOutput,
  type LayerTaskResult,
  layerTaskKeys,
  type ModelReference,
  planAnalysis,
} from '@kneepoint/workflow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSample } from './support/kneepoint.ts';
import { importDataset, importModel, succeeded } from './support/launched.ts';

const IMAGES = 160;
const SHARDS = [1, 2, 7, 20] as const;
const TASKS = ['yaw', 'gender'];
const TOLERANCE = 1e-12;

let folder: string;
let db: Database;
let store: ArtifactStore;
let model: ModelReference;
let dataset: DatasetReference;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-shards-'));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  db = await openDatabase('pglite://:memory:');
  closers.push(() => db.close());
  store = await openStore(pathToFileURL(join(folder, 'artifacts')).href, {
    baseUrl: () => '',
    signingKey: 'k'.repeat(16),
  });
  const bus = new MemoryBus();
  closers.push(() => bus.close());
  const log = createLogger({ service: 'test', level: 'silent' });
  const parts = { db, bus, store, log, config: readConfig({ KNEEPOINT_DATA_DIR: folder }) };
  const dispatcher = startDispatcher(db, bus, { log });
  closers.push(() => dispatcher.stop());
  // Two extractors, so that shards end in any order.
  for (const start of [startExtractor, startExtractor, startRegressor]) {
    const worker = await start(parts);
    closers.push(() => worker.stop({ graceMs: 100 }));
  }
  const sample = await makeSample(join(folder, 'sample'), { count: IMAGES, widths: [8, 'pool', 12] });
  model = await importModel(db, sample.model);
  dataset = await importDataset(db, sample);
}, 600_000);

afterAll(async () => {
  while (closers.length > 0) await closers.pop()!();
});

/** The product's own analysis in so many shards. */
function request(shards: number) {
  const tasks = TASKS.map((name) => dataset.tasks.find((task) => task.name === name)!);
  return { model, dataset, tasks, settings: DEFAULT_REGRESSION, imagesPerShard: Math.ceil(IMAGES / shards) };
}

async function output<Output>(key: string): Promise<Output> {
  return (await db.prisma.result.findFirstOrThrow({ where: { key } })).output as unknown as Output;
}

/** A layer's responses, shard by shard in image order. */
async function responsesOf(shards: number, layer: string): Promise<Float32Array[]> {
  const { extractKeys } = planAnalysis(request(shards));
  expect(extractKeys).toHaveLength(shards);
  return Promise.all(
    extractKeys.map(async (key) => {
      const { responsesSha256 } = await output<ExtractOutput>(key);
      return readResponses(await store.read(responsesSha256), layer);
    }),
  );
}

async function curvesOf(shards: number): Promise<CharacteristicCurve[]> {
  const keys = [...layerTaskKeys(request(shards)).values()].flat();
  return Promise.all(
    keys.map(async ({ key }) => {
      const { curveSha256 } = await output<LayerTaskResult>(key);
      return JSON.parse(Buffer.from(await store.read(curveSha256)).toString()) as CharacteristicCurve;
    }),
  );
}

describe(`an analysis of ${IMAGES} images in 1, 2, 7 and 20 shards`, () => {
  beforeAll(async () => {
    for (const shards of SHARDS) {
      const { steps } = planAnalysis(request(shards));
      const run = await succeeded(db, { kind: 'ANALYSIS', input: {}, steps });
      // Nothing of another number of shards is taken for this one's.
      expect(run.reused).toBe(false);
    }
  }, 1_200_000);

  it('gives the same curves and cells', async () => {
    const whole = await curvesOf(1);
    expect(whole).toHaveLength(TASKS.length * model.inspection.taps.length);
    for (const shards of SHARDS.slice(1)) expect(await curvesOf(shards)).toEqual(whole);
    const cellsOf = async (shards: number) => {
      const keys = [...layerTaskKeys(request(shards)).values()].flat();
      const results = await Promise.all(keys.map(({ key }) => output<LayerTaskResult>(key)));
      return results.map(({ cell, grid }) => ({ cell, grid }));
    };
    const cells = await cellsOf(1);
    expect(cells.every(({ grid }) => grid !== null)).toBe(true);
    for (const shards of SHARDS.slice(1)) expect(await cellsOf(shards)).toEqual(cells);
  });

  it(`gives the same Gram matrices to ${TOLERANCE}, in whatever order its shards are added`, async () => {
    const { manifest } = parseIndex(await store.read(dataset.manifestSha256));
    const labels = manifest.labels['yaw']!;
    for (const { layer, channels } of model.inspection.taps) {
      const [responses] = await responsesOf(1, layer);
      const pilot = pilotOf(
        responses!,
        channels,
        labels,
        1,
        Int32Array.from({ length: IMAGES }, (_, row) => row),
      );
      const whole = new Moments(pilot).add(responses!, labels);
      expect(whole.gram.some((value) => value !== 0)).toBe(true);
      for (const shards of SHARDS) {
        const parts = momentsOf(await responsesOf(shards, layer), channels, labels);
        for (const order of [parts, [...parts].reverse(), interleaved(parts)]) {
          const sum = new Moments(pilot);
          for (const part of order) sum.merge(part);
          expect(sum.n).toBe(IMAGES);
          expect(relative(sum.gram, whole.gram, channels)).toBeLessThanOrEqual(TOLERANCE);
        }
      }
    }
  });
});

/** Statistics of each shard by itself, about a pilot of its own. */
function momentsOf(shards: readonly Float32Array[], channels: number, labels: Float64Array): Moments[] {
  let from = 0;
  return shards.map((responses) => {
    const rows = responses.length / channels;
    const own = labels.subarray(from, from + rows);
    from += rows;
    return new Moments(
      pilotOf(
        responses,
        channels,
        own,
        1,
        Int32Array.from({ length: rows }, (_, row) => row),
      ),
    ).add(responses, own);
  });
}

/** Every third, then the others: neither forwards nor backwards. */
function interleaved<Part>(parts: readonly Part[]): Part[] {
  return [0, 1, 2].flatMap((rest) => parts.filter((_, index) => index % 3 === rest));
}

/** The largest difference of an entry, over the norms of its row and column. */
function relative(ours: Float64Array, theirs: Float64Array, size: number): number {
  const norm = (index: number): number => Math.sqrt(theirs[index * size + index]!);
  let worst = 0;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      const difference = Math.abs(ours[row * size + column]! - theirs[row * size + column]!);
      if (difference > 0) worst = Math.max(worst, difference / (norm(row) * norm(column)));
    }
  }
  return worst;
}
