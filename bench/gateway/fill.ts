import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Preprocess } from '@kneepoint/datasets';
import { inspectModelFile } from '@kneepoint/extractor-service';
import { encodeModel, vggStyle } from '@kneepoint/onnx';
import { type ArtifactStore, contentKey, type Database, launchRun, storedJson } from '@kneepoint/platform';
import { analyseLayer, Random, type TaskSpec } from '@kneepoint/regression';
import {
  type DatasetReference,
  DEFAULT_REGRESSION,
  layerTaskKeys,
  type LayerTaskResult,
  type ModelReference,
  planAnalysis,
  planBenchmark,
} from '@kneepoint/workflow';

const MODELS = 8;
const TASKS = 12;
const ROWS = 240;
/** Sixteen layers. */
const WIDTHS = [
  16,
  16,
  'pool',
  24,
  24,
  'pool',
  32,
  32,
  32,
  32,
  'pool',
  48,
  48,
  48,
  48,
  'pool',
  64,
  64,
  64,
  64,
] as const;
const PREPROCESS: Preprocess = { channels: 'rgb', range: [0, 1], mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };

export interface Filled {
  /** Row ids. */
  readonly models: readonly string[];
  readonly dataset: string;
  readonly task: string;
  readonly points: number;
}

/** Models, a data set and what their analyses leave behind, and as many runs as asked, one in five of them an analysis. */
export async function fill(db: Database, store: ArtifactStore, folder: string, runs: number): Promise<Filled> {
  const tasks = Array.from({ length: TASKS }, (_, index) => task(index));
  const dataset = await addDataset(db, tasks);
  const models = await addModels(db, folder, tasks);
  const points = await addResults(db, store, { models, dataset, tasks });
  await addRuns(db, { models, dataset, tasks }, runs);
  await db.prisma.$executeRaw`ANALYZE`;
  return { models: models.map(({ id }) => id), dataset: dataset.id, task: tasks[0]!.name, points };
}

function task(index: number): TaskSpec {
  const name = `task_${index}`;
  return index % 2 === 0
    ? { name, type: 'continuous', unit: 'degrees', targets: [name] }
    : { name, type: 'binary', classes: ['no', 'yes'], targets: [name] };
}

const digest = (): string => randomBytes(32).toString('hex');

async function addDataset(db: Database, tasks: readonly TaskSpec[]): Promise<DatasetReference> {
  const data = { name: 'faces', sha256: digest(), manifestSha256: digest(), images: 2000, subject: 'person' };
  const row = await db.prisma.dataset.create({
    data: { ...data, bytes: 40_000_000n, tasks: storedJson(tasks), notes: [] },
  });
  return { ...data, id: row.id, tasks };
}

/** Networks of one architecture: what an import finds out about one holds for all. */
async function addModels(db: Database, folder: string, tasks: readonly TaskSpec[]): Promise<readonly ModelReference[]> {
  const path = join(folder, 'net.onnx');
  await writeFile(path, encodeModel(vggStyle({ widths: WIDTHS, size: 64, seed: 1, batchNorm: true })));
  const { inputs: _, ...inspected } = await inspectModelFile(path);
  const inspection = { ...inspected, input: inspected.input! };
  const models: ModelReference[] = [];
  for (let index = 0; index < MODELS; index++) {
    const data = { name: `net ${index}`, sha256: digest(), skeletonSha256: digest() };
    const row = await db.prisma.model.create({
      data: {
        ...data,
        preprocessKey: contentKey('preprocess', 1, PREPROCESS),
        preprocess: storedJson(PREPROCESS),
        inspection: storedJson(inspection),
        primaryTask: tasks[index]!.name,
      },
    });
    models.push({ ...data, id: row.id, preprocess: PREPROCESS, inspection });
  }
  return models;
}

interface Parts {
  readonly models: readonly ModelReference[];
  readonly dataset: DatasetReference;
  readonly tasks: readonly TaskSpec[];
}

/** Every cell and curve as the regressor writes it, from made responses; all networks share the figures of the first. */
async function addResults(db: Database, store: ArtifactStore, { models, dataset, tasks }: Parts): Promise<number> {
  const keys = models.map((model) => layerTaskKeys({ model, dataset, tasks, settings: DEFAULT_REGRESSION }));
  let points = Infinity;
  for (const [layer, { channels }] of models[0]!.inspection.taps.entries()) {
    const { cells, curves } = await analyseLayer({ ...made(channels, tasks, layer), seed: 1 });
    for (const [index, { name }] of tasks.entries()) {
      const curve = curves[index]!;
      const { sha256 } = await store.put(Buffer.from(JSON.stringify(curve)), { mediaType: 'application/json' });
      points = Math.min(points, curve.points.length);
      const output: LayerTaskResult = {
        ...{ task: name, cell: cells[index]!, grid: null, gridAbsent: 'small', curveSha256: sha256 },
        ...{ points: curve.points, uncertified: curve.uncertified },
      };
      await db.prisma.result.createMany({
        data: keys.map((byTask) => ({
          ...{ key: byTask.get(name)![layer]!.key, kind: 'layer-task', artifacts: [sha256] },
          output: storedJson(output),
        })),
      });
    }
  }
  return points;
}

/** Rectified responses, a few of which carry each label. */
function made(channels: number, tasks: readonly TaskSpec[], seed: number) {
  const random = Random.seeded(seed + 1);
  const responses = Float32Array.from({ length: ROWS * channels }, () => Math.max(0, random.normal()));
  const labelled = tasks.map((spec, index) => ({
    spec,
    labels: Float64Array.from({ length: ROWS }, (_, row) => {
      const at = (filter: number): number => responses[row * channels + ((filter + index) % channels)]!;
      const value = at(0) + at(3) - at(5) + 0.5 * random.normal();
      return spec.type === 'binary' ? Number(value > 0.4) : value;
    }),
  }));
  return { responses, tasks: labelled };
}

/**
 * One finished analysis for each network and one benchmark, as a launch writes them, copied over and over with ids and times that
 * grow as those of real ones do.
 */
async function addRuns(db: Database, { models, dataset, tasks }: Parts, runs: number): Promise<void> {
  const analyses: string[] = [];
  for (const model of models) {
    const { steps } = planAnalysis({ model, dataset, tasks, settings: { ...DEFAULT_REGRESSION, seed: 2 } });
    const ids = { modelId: model.id, datasetId: dataset.id };
    analyses.push((await launchRun(db, { kind: 'ANALYSIS', input: {}, ...ids, steps })).id);
  }
  const { prisma } = db;
  const networks = models.map(({ name, sha256 }) => ({ name, sha256 }));
  const timed = planBenchmark({ networks, batch: 1, runs: 30 });
  const benchmark = await launchRun(db, { kind: 'BENCHMARK', input: { networks }, steps: timed });
  await prisma.outbox.deleteMany();
  await prisma.$executeRaw`UPDATE step SET state = 'SUCCEEDED', attempt = 1, done = 100, total = 100, unit = 'images',
    worker = 'worker-1', started_at = created_at, ended_at = created_at + interval '1 minute', output = '{"images": 100}'`;
  await prisma.$executeRaw`UPDATE run SET state = 'SUCCEEDED', seq = 40, started_at = created_at, ended_at = created_at + interval '1 hour'`;
  const every = analyses.length * 5;
  for (const [index, id] of analyses.entries()) await copyRuns(db, id, index * 5, every, runs / every);
  for (let index = 1; index < 5; index++) await copyRuns(db, benchmark.id, index, 5, runs / 5);
  await prisma.run.deleteMany({ where: { id: { in: [...analyses, benchmark.id] } } });
}

/** What a search over many rounds leaves behind, newest of all: `runs` runs of so many steps, each with so many attempts. */
export async function addLongRuns(
  { prisma }: Database,
  { runs, steps, attempts }: { readonly runs: number; readonly steps: number; readonly attempts: number },
): Promise<void> {
  await prisma.$transaction([
    prisma.$executeRaw`
      INSERT INTO run (id, kind, state, input, seq, created_at, started_at)
      SELECT 'long-' || lpad(n::text, 6, '0'), 'COMPRESSION', 'RUNNING', '{}', 40, t, t
      FROM generate_series(1, ${runs}::int) n, LATERAL (SELECT now() + n * interval '1 second' AS t) x`,
    prisma.$executeRaw`
      INSERT INTO step (id, run_id, kind, service, name, position, key, input, state, attempt, done, total, unit, worker, lease_until,
        created_at, started_at)
      SELECT run.id || '-' || p, run.id, 'finetune', 'trainer', 'train round ' || p, p, run.id || '-' || p, '{}', 'RUNNING', ${attempts}::int,
        p % 100, 100, 'batches', 'worker-1', now() + interval '1 day', run.created_at, run.created_at
      FROM run, generate_series(0, ${steps - 1}::int) p WHERE run.id LIKE 'long-%'`,
    prisma.$executeRaw`
      INSERT INTO attempt (id, step_id, number, token, worker, outcome, started_at)
      SELECT step.id || '-' || k, step.id, k, step.id || '-' || k, 'worker-1', CASE WHEN k < ${attempts}::int THEN 'HANDED_BACK' END,
        step.started_at + k * interval '1 minute'
      FROM step, generate_series(1, ${attempts}::int) k WHERE step.run_id LIKE 'long-%'`,
  ]);
  await prisma.$executeRaw`ANALYZE`;
}

/** Copies of one run at minutes `offset`, `offset + every`, …; each step with an attempt, every tenth run with a lost one before it. */
async function copyRuns(db: Database, id: string, offset: number, every: number, count: number): Promise<void> {
  const { prisma } = db;
  await prisma.$transaction([
    prisma.$executeRaw`
      INSERT INTO run (id, kind, state, input, seq, reused, model_id, dataset_id, created_at, started_at, ended_at)
      SELECT lpad(to_hex(m), 12, '0') || '-' || right(run.id, 23), kind, state, input, seq, reused, model_id, dataset_id,
        t, t, t + interval '1 minute'
      FROM run, generate_series(0, ${count - 1}::int) n, LATERAL (SELECT ${offset}::int + n * ${every}::int AS m) x,
        LATERAL (SELECT now() - interval '30 days' + m * interval '1 minute' AS t) y
      WHERE run.id = ${id}`,
    prisma.$executeRaw`
      INSERT INTO step (id, run_id, kind, service, name, position, key, input, output, state, attempt, done, total, unit, worker,
        created_at, started_at, ended_at)
      SELECT lpad(to_hex(m), 12, '0') || '-' || right(id, 23), lpad(to_hex(m), 12, '0') || '-' || right(run_id, 23), kind, service, name,
        position, key || '-' || m, input, output, state, 1 + (m % 10 = 0)::int, done, total, unit, worker, t, t, t + interval '1 minute'
      FROM step, generate_series(0, ${count - 1}::int) n, LATERAL (SELECT ${offset}::int + n * ${every}::int AS m) x,
        LATERAL (SELECT now() - interval '30 days' + m * interval '1 minute' AS t) y
      WHERE run_id = ${id}`,
    prisma.$executeRaw`
      INSERT INTO attempt (id, step_id, number, token, worker, outcome, started_at, ended_at)
      SELECT step.id || '-' || k, step.id, k, step.id || '-' || k, 'worker-1',
        CASE WHEN k = step.attempt THEN 'SUCCEEDED' ELSE 'LOST' END, started_at, ended_at
      FROM step, generate_series(1, step.attempt) k
      WHERE NOT EXISTS (SELECT 1 FROM attempt WHERE step_id = step.id) AND run_id <> ${id} AND key LIKE '%-%'`,
  ]);
}
