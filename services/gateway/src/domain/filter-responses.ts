import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@kneepoint/failures';
import { withTemporaryFolder } from '@kneepoint/platform';
import type { TaskSpec } from '@kneepoint/regression';
import { readColumn, type ResponsesColumn, runTask } from '@kneepoint/runtime';
import {
  type DatasetReference,
  DEFAULT_REGRESSION,
  type ExtractOutput,
  type ModelReference,
  planAnalysis,
} from '@kneepoint/workflow';
import type { Context } from '../context.ts';
import { Gate } from '../limits/gate.ts';
import type { FilterResponses, RespondingImage } from '../schema/filter-responses.ts';
import type { FilterResponsesInput, LayerResponses } from '../tasks/filter-responses.task.ts';
import { analysisMissing } from './analyses.ts';
import { toArtifact } from './artifacts.ts';
import { requireDataset, requireTask } from './datasets.ts';
import { requireLayer } from './layers.ts';
import { requireModel } from './models.ts';
import { Remembered } from './remembered.ts';
import { Shared } from './shared.ts';

export interface FilterResponsesRequest {
  readonly model: string;
  readonly dataset: string;
  readonly layer: string;
  readonly task: string;
  readonly filter: number | null;
  readonly bins: number;
  readonly images: number;
}

const TASK = new URL('../tasks/filter-responses.task.ts', import.meta.url);
const TIMEOUT_MS = 5 * 60_000;
/** Responses of one layer that are read at most, float32: of more images, shards are taken evenly from all. */
const MOST_VALUES = 2 ** 27;
/** Shards that are read at once. */
const AT_ONCE = 4;
const MOST_BINS = 50;
export const MOST_IMAGES = 12;
/** Filters that are named as the ones whose responses follow the labels most. */
const TELLING = 20;

/** All filters of a layer are gone through at once: whoever looks at one looks at others. */
const known = new Remembered<LayerResponses>(64 * 2 ** 20);
const underWay = new Shared<LayerResponses>();
/**
 * One at a time: each is a process with an index and a layer's responses in memory, which a gateway's has room for once, and it goes on when
 * who asked has gone.
 */
const readers = new Gate({ atOnce: 1, waiting: 32, weight: Infinity });

/**
 * What a filter answers to the labels of a task (paper §3, Fig. 2), and the images that it answers to most and least. Throws BINS_INVALID,
 * LAYER_UNKNOWN, TASK_UNKNOWN, FILTER_UNKNOWN, ANALYSIS_MISSING, SERVER_BUSY.
 */
export async function filterResponses(context: Context, request: FilterResponsesRequest): Promise<FilterResponses> {
  requireSizes(request);
  const dataset = await requireDataset(context, request.dataset);
  const model = await requireModel(context, request.model);
  const layer = requireLayer(model, request.layer, 'layer');
  const task = requireTask(dataset, request.task);
  const filters = model.inspection.taps.find((tap) => tap.layer === layer)!.channels;
  if (request.filter !== null) requireFilter(layer, request.filter, filters);
  const found = await layerResponses(context, { model, dataset, layer, task, filters, bins: request.bins });
  const telling = [...found.explained.keys()].sort((a, b) => found.explained[b]! - found.explained[a]! || a - b);
  const filter = request.filter ?? telling[0]!;
  const imagesOf = (rows: readonly number[]): RespondingImage[] =>
    Array.from({ length: Math.min(request.images, rows.length / 2) }, (_, at) => {
      const [row, response] = [rows[2 * at]!, rows[2 * at + 1]!];
      return { index: row, response, ...found.rows[row]! };
    });
  return {
    ...{ layer, task: task.name, filter, filters },
    ...{ imagesRead: found.images, images: dataset.images },
    explained: found.explained[filter]!,
    bins: found.bins.map(({ name, bounds, images, mean, standardError }) => ({
      ...{ name, images, from: bounds?.[0] ?? null, to: bounds?.[1] ?? null },
      ...{ mean: mean[filter]!, standardError: standardError[filter]! },
    })),
    most: imagesOf(found.most[filter]!),
    least: imagesOf(found.least[filter]!),
    telling: telling.slice(0, TELLING).map((one) => ({ filter: one, explained: found.explained[one]! })),
    archive: await archiveOf(context, dataset),
  };
}

function requireSizes({ bins, images }: FilterResponsesRequest): void {
  const isCount = (value: number, least: number, most: number): boolean =>
    Number.isInteger(value) && value >= least && value <= most;
  if (!isCount(bins, 2, MOST_BINS)) {
    throw new Failure('BINS_INVALID', `bins is ${bins}`, { where: 'bins', fix: `Ask for 2 to ${MOST_BINS}.` });
  }
  if (!isCount(images, 0, MOST_IMAGES)) {
    throw new Failure('BINS_INVALID', `images is ${images}`, { where: 'images', fix: `Ask for 0 to ${MOST_IMAGES}.` });
  }
}

function requireFilter(layer: string, filter: number, filters: number): void {
  if (Number.isInteger(filter) && filter >= 0 && filter < filters) return;
  throw new Failure('FILTER_UNKNOWN', `${layer} has no filter ${filter}`, {
    where: 'filter',
    fix: `Ask for 0 to ${filters - 1}.`,
  });
}

async function archiveOf({ loaders }: Context, { id, sha256, name }: DatasetReference) {
  const row = await loaders.datasets.load(id);
  return toArtifact(sha256, Number(row!.bytes), `${name}.tar`);
}

interface LayerRequest {
  readonly model: ModelReference;
  readonly dataset: DatasetReference;
  readonly layer: string;
  readonly task: TaskSpec;
  readonly filters: number;
  readonly bins: number;
}

async function layerResponses(context: Context, request: LayerRequest): Promise<LayerResponses> {
  const { model, dataset, layer, task, bins } = request;
  const name = JSON.stringify([context.db.projectId, model.id, dataset.id, layer, task.name, bins]);
  const found = known.get(name);
  if (found !== undefined) return found;
  return underWay.ask(name, async () => {
    // Who asked while it was read finds it here.
    const meanwhile = known.get(name);
    if (meanwhile !== undefined) return meanwhile;
    const leave = await readers.enter(
      { tenant: context.db.projectId ?? '', weight: 0 },
      context.config.gateway.querySeconds * 1000,
    );
    try {
      const read = await readResponses(context, request);
      known.set(name, read);
      return read;
    } finally {
      leave();
    }
  });
}

/** In a process of its own: the index of a large data set takes seconds to read, and others are answered meanwhile. */
function readResponses(context: Context, request: LayerRequest): Promise<LayerResponses> {
  const { store, config } = context;
  const { model, dataset, layer, task, filters, bins } = request;
  return withTemporaryFolder(config.dataDir, async (folder) => {
    const responsesPath = join(folder, 'responses');
    const shards = await shardsOf(context, request);
    const parts = await copyLayer(context, { shards, taps: model.inspection.taps, layer, filters }, responsesPath);
    const manifestPath = await store.localPath(dataset.manifestSha256);
    return runTask<FilterResponsesInput, LayerResponses>(
      TASK,
      { manifestPath, responsesPath, parts, filters, task: task.name, bins, extremes: MOST_IMAGES },
      { memoryMb: config.memoryMb, timeoutMs: TIMEOUT_MS },
    );
  });
}

interface Shard {
  readonly sha256: string;
  /** Of its first image. */
  readonly from: number;
  readonly rows: number;
}

/** Where the responses of an analysis lie, evenly from all where they are more than are read. Throws ANALYSIS_MISSING. */
async function shardsOf(context: Context, { model, dataset, task, filters }: LayerRequest): Promise<readonly Shard[]> {
  const { extractKeys } = planAnalysis({ model, dataset, tasks: [], settings: DEFAULT_REGRESSION });
  const results = await Promise.all(extractKeys.map((key) => context.loaders.results.load(key)));
  let from = 0;
  const shards = results.map((row): Shard => {
    if (row === null) throw analysisMissing(model, dataset, task, 'no image was seen');
    const { responsesSha256: sha256, images: rows } = row.output as unknown as ExtractOutput;
    const shard = { sha256, from, rows };
    from += rows;
    return shard;
  });
  const take = Math.max(1, Math.floor((shards.length * MOST_VALUES) / Math.max(1, from * filters)));
  if (take >= shards.length) return shards;
  return Array.from({ length: take }, (_, at) => shards[Math.floor(((at + 0.5) * shards.length) / take)]!);
}

/** One layer of every shard, one after another, into a file. */
async function copyLayer(
  { store }: Context,
  {
    shards,
    taps,
    layer,
    filters,
  }: Pick<LayerRequest, 'layer' | 'filters'> & {
    readonly shards: readonly Shard[];
    readonly taps: ModelReference['inspection']['taps'];
  },
  path: string,
): Promise<FilterResponsesInput['parts']> {
  const file = await open(path, 'w');
  try {
    for (let at = 0; at < shards.length; at += AT_ONCE) {
      const columns = await Promise.all(
        shards.slice(at, at + AT_ONCE).map(async ({ sha256, rows }): Promise<ResponsesColumn> => {
          const { bytes } = await store.stat(sha256);
          const place = { bytes, taps, layer, where: sha256 };
          const column = await readColumn((range) => store.readRange(sha256, range), place);
          if (column.rows === rows && column.channels === filters) return column;
          const text = `${layer} holds ${column.rows} × ${column.channels} responses where ${rows} × ${filters} belong`;
          throw new Failure('RUNTIME_FEATURES_INVALID', text, { where: sha256 });
        }),
      );
      for (const { values } of columns) {
        await file.write(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      }
    }
  } finally {
    await file.close();
  }
  return shards.map(({ from, rows }) => ({ from, rows }));
}
