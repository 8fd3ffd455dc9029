import DataLoader from 'dataloader';
import { BENCHMARK, PACKAGE, REPRODUCTION } from '@kneepoint/workflow';
import type { Services } from '../context.ts';
import { findCells } from './cells.ts';
import { CONTENT as DATASET_CONTENT } from './datasets.ts';
import { listLoader, type ListLoader, rememberingList } from './list-pages.ts';
import { type Gathering, type Loader, rememberingLoader } from './loader.ts';
import { CONTENT as MODEL_CONTENT } from './models.ts';
import { findProducts } from './products.ts';
import { readProgress } from './progress.ts';
import { COMPRESSIONS, PRUNINGS, RUN_ATTEMPTS, STEP_ATTEMPTS, STEPS, TRAININGS } from './run-lists.ts';

/** Postgres takes 65 535 parameters in one statement. */
const BATCH = { maxBatchSize: 10_000 } as const;
/**
 * Lists of as many runs are read together. A page of a hundred runs with a hundred steps each is then four statements, and what they give is
 * gone through one after the other: others are answered in between.
 */
const LISTS = { maxBatchSize: 25 } as const;

/**
 * Reads by id for all who work in a project. Nothing is remembered, and what is looked for in one turn of the event loop is one statement:
 * a list costs none per row, and what many ask at once, or watch, costs the database what one of them costs.
 */
export function createLoaders({ db }: Pick<Services, 'db'>) {
  const options = { ...BATCH, cache: false, batchScheduleFn: (send: () => void) => void setImmediate(send) };
  const lists = { ...options, ...LISTS };
  const { prisma } = db;
  const byKey = keyed(options);
  const byGroup = grouped(options);
  return {
    runs: byKey(
      (ids) => prisma.run.findMany({ where: { id: { in: ids } }, omit: { input: true } }),
      (row) => row.id,
    ),
    /** What runs were launched with. */
    runInputs: byKey(
      (ids) => prisma.run.findMany({ where: { id: { in: ids } }, select: { id: true, input: true } }),
      (row) => row.id,
    ),
    models: byKey(
      (ids) => prisma.model.findMany({ where: { id: { in: ids } }, omit: MODEL_CONTENT }),
      (row) => row.id,
    ),
    modelContents: byKey(
      (ids) => prisma.model.findMany({ where: { id: { in: ids } }, select: { id: true, ...MODEL_CONTENT } }),
      (row) => row.id,
    ),
    datasets: byKey(
      (ids) => prisma.dataset.findMany({ where: { id: { in: ids } }, omit: DATASET_CONTENT }),
      (row) => row.id,
    ),
    datasetContents: byKey(
      (ids) => prisma.dataset.findMany({ where: { id: { in: ids } }, select: { id: true, ...DATASET_CONTENT } }),
      (row) => row.id,
    ),
    /** Names that lead to the same bytes, read the same way, by `sha256 preprocessKey`. */
    modelNames: byGroup(
      (contents) =>
        prisma.model.findMany({
          where: {
            removedAt: null,
            OR: contents.map((content) => {
              const [sha256 = '', preprocessKey = ''] = content.split(' ');
              return { sha256, preprocessKey };
            }),
          },
          orderBy: { createdAt: 'asc' },
          select: { name: true, sha256: true, preprocessKey: true },
        }),
      ({ sha256, preprocessKey }) => `${sha256} ${preprocessKey}`,
    ),
    datasetNames: byGroup(
      (sha256s) =>
        prisma.dataset.findMany({
          where: { removedAt: null, sha256: { in: sha256s } },
          orderBy: { createdAt: 'asc' },
          select: { name: true, sha256: true },
        }),
      ({ sha256 }) => sha256,
    ),
    artifacts: byKey(
      (ids) => prisma.artifact.findMany({ where: { sha256: { in: ids } } }),
      (row) => row.sha256,
    ),
    /** How far runs are, by the run's id. */
    progress: byKey(
      (ids) => readProgress(db, ids),
      (row) => row.id,
    ),
    steps: listLoader({ db }, lists, STEPS),
    stepAttempts: listLoader({ db }, options, STEP_ATTEMPTS),
    attempts: listLoader({ db }, lists, RUN_ATTEMPTS),
    prunings: listLoader({ db }, lists, PRUNINGS),
    trainings: listLoader({ db }, lists, TRAININGS),
    compressions: listLoader({ db }, lists, COMPRESSIONS),
    /** What steps made, whole. */
    made: byKey(
      (ids) => prisma.step.findMany({ where: { id: { in: ids } }, select: { id: true, input: true, output: true } }),
      (row) => row.id,
    ),
    /** How far unfinished steps have come, by content key. */
    checkpoints: byKey(
      (keys) => prisma.checkpoint.findMany({ where: { key: { in: keys } } }),
      (row) => row.key,
    ),
    benchmarks: byGroup(
      (ids) =>
        prisma.step.findMany({
          where: { runId: { in: ids }, kind: BENCHMARK.kind, state: 'SUCCEEDED' },
          select: { runId: true, output: true },
        }),
      (row) => row.runId,
    ),
    packages: byGroup(
      (ids) =>
        prisma.step.findMany({
          where: { runId: { in: ids }, kind: PACKAGE.kind, state: 'SUCCEEDED' },
          select: { runId: true, output: true },
        }),
      (row) => row.runId,
    ),
    reproductions: byGroup(
      (ids) =>
        prisma.step.findMany({
          where: { runId: { in: ids }, kind: REPRODUCTION.kind, state: 'SUCCEEDED' },
          select: { runId: true, output: true },
        }),
      (row) => row.runId,
    ),
    /** Networks that runs made, by digest. */
    products: byKey(
      (sha256s) => findProducts(db, sha256s),
      (product) => product.sha256,
    ),
    /** Cells of results, for the matrix. */
    cells: byKey(
      (keys) => findCells(db, keys),
      (row) => row.key,
    ),
    results: byKey(
      (keys) => prisma.result.findMany({ where: { key: { in: keys } } }),
      (row) => row.key,
    ),
  };
}

type Shared = ReturnType<typeof createLoaders>;
export type Loaders = { readonly [Name in keyof Shared]: Seen<Shared[Name]> };
type Seen<T> = T extends DataLoader<infer Key, infer Value> ? Loader<Key, Value> : T;

/** The same for one request, which reads nothing twice. */
export function forOneRequest(loaders: Loaders): Loaders {
  const own = Object.entries(loaders).map(([name, loader]) => [
    name,
    'rows' in loader
      ? rememberingList(loader as unknown as ListLoader<unknown>)
      : rememberingLoader(loader as Loader<string, unknown>, String),
  ]);
  return Object.fromEntries(own) as Loaders;
}

type Fetch<Row> = (keys: string[]) => Promise<Row[]>;
type KeyOf<Row> = (row: Row) => string;

const keyed =
  (options: Gathering) =>
  <Row>(fetch: Fetch<Row>, keyOf: KeyOf<Row>) =>
    new DataLoader<string, Row | null>(async (keys) => {
      const rows = new Map((await fetch([...new Set(keys)])).map((row) => [keyOf(row), row]));
      return keys.map((key) => rows.get(key) ?? null);
    }, options);

const grouped =
  (options: Gathering) =>
  <Row>(fetch: Fetch<Row>, keyOf: KeyOf<Row>) =>
    new DataLoader<string, Row[]>(async (keys) => {
      const groups = new Map<string, Row[]>(keys.map((key) => [key, []]));
      for (const row of await fetch([...groups.keys()])) groups.get(keyOf(row))?.push(row);
      return keys.map((key) => groups.get(key) ?? []);
    }, options);
