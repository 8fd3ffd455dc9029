/**
 * The extraction of one analysis by one extractor process and by two, over real NATS, PostgreSQL and MinIO:
 *
 *   npx tsx bench/throughput/run.ts
 *
 * Each process has one core to itself (taskset), so that two have twice what one has. Every extraction is of a network with weights of
 * its own, since nothing is extracted twice. Needs two cores, util-linux and the servers of `make services`; some minutes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderFaces } from '@kneepoint/datasets';
import { encodeModel, vggStyle } from '@kneepoint/onnx';
import { createLogger, type Database, openBus, openDatabase, startDispatcher } from '@kneepoint/platform';
import {
  type DatasetReference,
  DEFAULT_REGRESSION,
  EXTRACT,
  type ModelReference,
  planAnalysis,
} from '@kneepoint/workflow';
import { importDataset, importModel, succeeded } from '../../test/support/launched.ts';
import { startMinio } from '../../test/support/minio.ts';
import { startNats } from '../../test/support/nats.ts';
import { startPostgres } from '../../test/support/postgres.ts';
import { machine } from '../support/machine.ts';

const IMAGES = 800;
const SHARDS = 4;
const SIZE = 96;
const WIDTHS = [32, 32, 'pool', 64, 64, 'pool', 128] as const;
/** One extractor, then two, and again. */
const ROUNDS = [1, 2, 1, 2] as const;
const BIN = fileURLToPath(new URL('../../packages/cli/bin/kneepoint.mjs', import.meta.url));

const folder = await mkdtemp(join(tmpdir(), 'kneepoint-throughput-'));
const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
try {
  await measure();
} finally {
  while (closers.length > 0) await closers.pop()!();
}

async function measure(): Promise<void> {
  const [postgres, nats, minio] = await Promise.all([startPostgres(), startNats(), startMinio()]);
  closers.push(() => Promise.all([postgres.stop(), nats.stop(), minio.stop()]));
  const db = await openDatabase(postgres.url);
  closers.push(() => db.close());
  const bus = await openBus(nats.url);
  closers.push(() => bus.close());
  const dispatcher = startDispatcher(db, bus, { log: createLogger({ service: 'bench', level: 'silent' }) });
  closers.push(() => dispatcher.stop());
  const shared = { DATABASE_URL: postgres.url, BUS_URL: nats.url, ARTIFACTS_URL: minio.url, LOG_LEVEL: 'info' };

  const stopFirst = await startExtractor(0, shared);
  closers.push(stopFirst);
  const faces = join(folder, 'faces');
  await renderFaces({ folder: faces, count: IMAGES, seed: 1, size: SIZE });
  const dataset = await importDataset(db, { faces });
  const models: ModelReference[] = [];
  // One more than is measured: the first extraction brings the archive into the cache.
  for (let seed = 0; seed <= ROUNDS.length; seed++) {
    const path = join(folder, `${seed}.onnx`);
    await writeFile(path, encodeModel(vggStyle({ widths: WIDTHS, size: SIZE, seed, batchNorm: true })));
    models.push(await importModel(db, path));
  }
  const macs = (models[0]!.inspection.macs / 1e6).toFixed(0);
  console.log(
    `${machine()}; ${IMAGES} images of ${SIZE} × ${SIZE}, ${macs} MMACs each, in ${SHARDS} shards; a core for each extractor`,
  );
  await extraction(db, models[0]!, dataset);

  const rates: Record<1 | 2, number[]> = { 1: [], 2: [] };
  for (const [round, processes] of ROUNDS.entries()) {
    const stopSecond = processes === 2 ? await startExtractor(1, shared) : () => Promise.resolve();
    const { perSecond, workers } = await extraction(db, models[round + 1]!, dataset);
    await stopSecond();
    rates[processes].push(perSecond);
    console.log(
      `${processes} extractor${processes === 1 ? ' ' : 's'}: ${perSecond.toFixed(1)} images/s; shards by worker ${workers.join(' + ')}`,
    );
  }
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  console.log(`two over one: ${(mean(rates[2]) / mean(rates[1])).toFixed(2)}`);
}

/** Images per second from the start of the first shard to the end of the last, as the database has it, and who did how many. */
async function extraction(
  db: Database,
  model: ModelReference,
  dataset: DatasetReference,
): Promise<{ readonly perSecond: number; readonly workers: readonly number[] }> {
  const imagesPerShard = IMAGES / SHARDS;
  const { steps } = planAnalysis({
    model,
    dataset,
    tasks: dataset.tasks,
    settings: DEFAULT_REGRESSION,
    imagesPerShard,
  });
  const shards = steps.filter(({ kind }) => kind === EXTRACT.kind);
  const { id } = await succeeded(db, { kind: 'ANALYSIS', input: {}, steps: shards });
  const done = await db.prisma.step.findMany({ where: { runId: id } });
  const started = Math.min(...done.map(({ startedAt }) => startedAt!.getTime()));
  const ended = Math.max(...done.map(({ endedAt }) => endedAt!.getTime()));
  const workers = new Map<string, number>();
  for (const { worker } of done) workers.set(worker!, (workers.get(worker!) ?? 0) + 1);
  return { perSecond: (IMAGES * 1000) / (ended - started), workers: [...workers.values()] };
}

/** An extractor process on one core; gives how to stop it. */
async function startExtractor(core: number, shared: Record<string, string>): Promise<() => Promise<unknown>> {
  const env = { ...process.env, ...shared, KNEEPOINT_DATA_DIR: join(folder, `extractor-${core}`) };
  const child = spawn('taskset', ['-c', String(core), process.execPath, BIN, 'extractor'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await ready(child);
  return async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`the extractor did not start: ${said}`)));
    child.stderr!.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
    child.stdout!.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('is ready')) resolve();
    });
  });
}
