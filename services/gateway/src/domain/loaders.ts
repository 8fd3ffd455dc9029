import DataLoader from 'dataloader';
import { BENCHMARK, FINETUNE, PRUNE, REPORT } from '@kneepoint/workflow';
import type { Services } from '../context.ts';
import { findProducts } from './products.ts';

/** Batches and remembers reads by id within one request, so that a list never costs a statement per row. */
export function createLoaders({ db }: Pick<Services, 'db'>) {
  const { prisma } = db;
  return {
    models: byKey(
      (ids) => prisma.model.findMany({ where: { id: { in: ids } } }),
      (row) => row.id,
    ),
    datasets: byKey(
      (ids) => prisma.dataset.findMany({ where: { id: { in: ids } } }),
      (row) => row.id,
    ),
    artifacts: byKey(
      (ids) => prisma.artifact.findMany({ where: { sha256: { in: ids } } }),
      (row) => row.sha256,
    ),
    /** Without what goes in and comes out: a regression's input alone names every shard of a large data set. */
    steps: byGroup(
      (ids) =>
        prisma.step.findMany({
          where: { runId: { in: ids } },
          orderBy: { position: 'asc' },
          omit: { input: true, output: true },
          include: { attempts: { orderBy: { number: 'asc' } } },
        }),
      (row) => row.runId,
    ),
    /** Prunings that have succeeded. */
    prunings: byGroup(
      (ids) =>
        prisma.step.findMany({
          where: { runId: { in: ids }, kind: PRUNE.kind, state: 'SUCCEEDED' },
          orderBy: { position: 'asc' },
          select: { runId: true, input: true, output: true },
        }),
      (row) => row.runId,
    ),
    /** Trainings in whatever state, with what they are to do and what they made. */
    trainings: byGroup(
      (ids) =>
        prisma.step.findMany({
          where: { runId: { in: ids }, kind: FINETUNE.kind },
          orderBy: { position: 'asc' },
          select: {
            ...{ runId: true, key: true, name: true, state: true, reused: true, etaSeconds: true, failure: true },
            ...{ input: true, output: true },
          },
        }),
      (row) => row.runId,
    ),
    /** How far unfinished steps have come, by content key. */
    checkpoints: byKey(
      (keys) => prisma.checkpoint.findMany({ where: { key: { in: keys } } }),
      (row) => row.key,
    ),
    /** Reports of compressions that have succeeded. */
    reports: byGroup(
      (ids) =>
        prisma.step.findMany({
          where: { runId: { in: ids }, kind: REPORT.kind, state: 'SUCCEEDED' },
          orderBy: { position: 'asc' },
          select: { runId: true, input: true, output: true },
        }),
      (row) => row.runId,
    ),
    benchmarks: byGroup(
      (ids) =>
        prisma.step.findMany({
          where: { runId: { in: ids }, kind: BENCHMARK.kind, state: 'SUCCEEDED' },
          select: { runId: true, output: true },
        }),
      (row) => row.runId,
    ),
    /** Networks that runs made, by digest. */
    products: byKey(
      (sha256s) => findProducts(db, sha256s),
      (product) => product.sha256,
    ),
    results: byKey(
      (keys) => prisma.result.findMany({ where: { key: { in: keys } } }),
      (row) => row.key,
    ),
  };
}

/** Postgres takes 65 535 parameters in one statement. */
const BATCH = { maxBatchSize: 10_000 } as const;

export type Loaders = ReturnType<typeof createLoaders>;

function byKey<Row>(fetch: (keys: string[]) => Promise<Row[]>, keyOf: (row: Row) => string) {
  return new DataLoader<string, Row | null>(async (keys) => {
    const rows = new Map((await fetch([...keys])).map((row) => [keyOf(row), row]));
    return keys.map((key) => rows.get(key) ?? null);
  }, BATCH);
}

function byGroup<Row>(fetch: (keys: string[]) => Promise<Row[]>, keyOf: (row: Row) => string) {
  return new DataLoader<string, Row[]>(async (keys) => {
    const groups = new Map<string, Row[]>(keys.map((key) => [key, []]));
    for (const row of await fetch([...keys])) groups.get(keyOf(row))?.push(row);
    return keys.map((key) => groups.get(key) ?? []);
  }, BATCH);
}
