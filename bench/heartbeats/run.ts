/**
 * What writes of workers cost a PostgreSQL server on this machine: leases, progress, whole steps, in one run and in many. Processor
 * time of the server, which other work on the machine hardly changes, and writes per second, which it does.
 * `DATABASE_URL=postgres://… npx tsx bench/heartbeats/run.ts` on a server with its ordinary settings and an empty database; about half
 * a minute. docs/scale.md computes with the figures.
 */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { launchRun, openDatabase } from '@kneepoint/platform';
import { claimAttempt } from '../../packages/platform/src/work/claim-attempt.ts';
import type { AttemptReference } from '../../packages/platform/src/work/end-attempt.ts';
import { extendLease, writeProgress } from '../../packages/platform/src/work/heartbeat.ts';
import { succeedAttempt } from '../../packages/platform/src/work/succeed-attempt.ts';
import { machine } from '../support/machine.ts';

const WORKERS = 32;
const SECONDS = 4;
const LEASE_SECONDS = 30;

const url = process.env['DATABASE_URL'];
if (url === undefined) throw new Error('DATABASE_URL names no server');
const db = await openDatabase(url, { connections: 32 });
const TICKS = Number(execFileSync('getconf', ['CLK_TCK']));
const [{ pid }] = await db.prisma.$queryRaw<[{ pid: number }]>`SELECT pg_backend_pid() AS pid`;
const backend = String(pid);
const made: string[] = [];

try {
  const [{ fsync }] = await db.prisma.$queryRaw<[{ fsync: string }]>`SHOW fsync`;
  console.log(`${machine()}; fsync ${fsync}; ${WORKERS} at once over 32 connections\n`);
  const spread = await claimed(WORKERS);
  const together = await claimed(1);
  await row('leases extended', spread, (attempt) => extendLease(db, attempt, LEASE_SECONDS));
  await row(`progress, ${WORKERS} runs`, spread, (attempt, n) =>
    writeProgress(db, attempt, LEASE_SECONDS, progress(n)),
  );
  await row('progress, one run', together, (attempt, n) => writeProgress(db, attempt, LEASE_SECONDS, progress(n)));
  await steps(`whole steps, ${WORKERS} runs`, WORKERS);
  await steps('whole steps, one run', 1);
} finally {
  await db.prisma.run.deleteMany({ where: { id: { in: made } } });
  await db.close();
}

/** Repeats `write` for each attempt, one after another, for a while. */
async function row(
  name: string,
  attempts: readonly AttemptReference[],
  write: (attempt: AttemptReference, n: number) => Promise<unknown>,
): Promise<void> {
  const times: number[] = [];
  const server = serverMs();
  const end = performance.now() + SECONDS * 1000;
  await Promise.all(
    attempts.map(async (attempt) => {
      for (let n = 0; performance.now() < end; n++) {
        const started = performance.now();
        await write(attempt, n);
        times.push(performance.now() - started);
      }
    }),
  );
  report(name, times.length / SECONDS, times, serverMs() - server);
}

/** Steps claimed and ended with a result, each once. */
async function steps(name: string, runs: number): Promise<void> {
  const count = 256;
  const launched = await launch(runs, count);
  const queue = [...launched];
  const times: number[] = [];
  const server = serverMs();
  const started = performance.now();
  await Promise.all(
    Array.from({ length: WORKERS }, async () => {
      for (let job = queue.pop(); job !== undefined; job = queue.pop()) {
        const before = performance.now();
        const { claim } = await claimAttempt(db, job, { worker: 'bench', leaseSeconds: LEASE_SECONDS });
        await succeedAttempt(db, { ...job, token: claim!.token }, { output: {} });
        times.push(performance.now() - before);
      }
    }),
  );
  report(name, (count * 1000) / (performance.now() - started), times, serverMs() - server);
}

function report(name: string, perSecond: number, times: number[], ms: number): void {
  const sorted = times.sort((a, b) => a - b);
  const p95 = sorted[Math.floor(sorted.length * 0.95)]!;
  const each = `${(ms / times.length).toFixed(2).padStart(6)} ms of the server each`;
  console.log(
    `${name.padEnd(24)} ${each} ${perSecond.toFixed(0).padStart(6)} per second   p95 ${p95.toFixed(0).padStart(5)} ms`,
  );
}

/** Processor time so far of all processes of the server, in milliseconds. Connections stay open, so none is lost. */
function serverMs(): number {
  const stat = (pid: string): string[] => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  const postmaster = stat(backend)[1]!;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return stat(pid);
      } catch {
        return [];
      }
    })
    .filter((fields) => fields[1] === postmaster)
    .reduce((sum, fields) => sum + ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS, 0);
}

async function claimed(runs: number): Promise<AttemptReference[]> {
  const jobs = await launch(runs, WORKERS);
  const attempts: AttemptReference[] = [];
  for (const job of jobs) {
    const { claim } = await claimAttempt(db, job, { worker: 'bench', leaseSeconds: 3600 });
    attempts.push({ ...job, token: claim!.token });
  }
  return attempts;
}

/** Launches `count` steps that are spread over `runs`, and takes their messages away, so that no dispatcher sends them. */
async function launch(runs: number, count: number) {
  const jobs: { runId: string; stepId: string; attempt: number }[] = [];
  for (let index = 0; index < runs; index++) {
    const run = await launchRun(db, {
      kind: 'BENCH',
      input: {},
      steps: Array.from({ length: count / runs }, (_, step) => ({
        ref: String(step),
        kind: 'bench',
        service: 'bench',
        name: 'bench',
        key: randomUUID(),
        input: {},
        dependsOn: [],
      })),
    });
    made.push(run.id);
    for (const step of await db.prisma.step.findMany({ where: { runId: run.id } })) {
      jobs.push({ runId: run.id, stepId: step.id, attempt: step.attempt });
    }
  }
  await db.prisma.outbox.deleteMany({ where: { subject: 'jobs.bench' } });
  return jobs;
}

function progress(done: number) {
  return { done, total: 1e6, unit: 'images', message: null, ratePerSecond: 1, etaSeconds: 1, share: 0.5 };
}
