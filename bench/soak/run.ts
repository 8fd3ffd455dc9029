// 1 000 runs of mixed kinds while workers are killed at random: `npx tsx bench/soak/run.ts [--runs N] [--minutes N] [--seed N]`.
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { CancelRunDocument } from '@kneepoint/client';
import { retryRun } from '@kneepoint/platform';
import { seededRandom } from '@kneepoint/onnx';
import { globalId } from '../../services/gateway/src/domain/ids.ts';
import { FaultWorld, LEASE_SECONDS, type ServiceName } from '../../test/faults/world.ts';
import { machine } from '../support/machine.ts';
import { check } from './check.ts';
import { Mix } from './mix.ts';

const WORKERS: readonly ServiceName[] = ['extractor', 'regressor', 'pruner', 'trainer'];
/** Runs under way at once. */
const BACKLOG = 24;
const CANCELED_SHARE = 0.05;
const KILL_EVERY_MS = [3_000, 7_000] as const;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
  },
});
const randomness = seededRandom(Number(values.seed));
const wanted = Number(values.runs);
const random = () => randomness.uniform();
const world = await FaultWorld.open('soak');
const begun = performance.now();
const seconds = (): number => (performance.now() - begun) / 1000;
/** The last tenth of the time is for what is under way. */
const launchUntil = Number(values.minutes) * 60 * 0.9;

let kills = 0;
let retries = 0;
const launched: string[] = [];
const canceled = new Set<string>();
const storm = new AbortController();

async function killAtRandom(): Promise<void> {
  const [least, most] = KILL_EVERY_MS;
  while (!storm.signal.aborted) {
    await sleep(least + random() * (most - least), undefined, { signal: storm.signal }).catch(() => undefined);
    if (storm.signal.aborted) return;
    await world.replace(WORKERS[Math.floor(random() * WORKERS.length)]!);
    kills += 1;
  }
}

async function cancelAndRetry(run: string): Promise<void> {
  await sleep(random() * 3_000);
  canceled.add(run);
  const { run: ended } = await world.client().mutate(CancelRunDocument, { id: globalId('Run', run) });
  if (ended.state === 'SUCCEEDED') return;
  if ((await world.ended(run)) === 'CANCELED') await again(run);
}

async function again(run: string): Promise<void> {
  launched.push((await retryRun(world.db, run)).id);
  retries += 1;
}

const under = (): Promise<number> =>
  world.db.prisma.run.count({ where: { state: { in: ['QUEUED', 'STARTING', 'RUNNING', 'CANCELING'] } } });

/** What three dead workers in a row made fail is launched again, as a person would. */
async function retryFailed(done: Set<string>): Promise<void> {
  const failed = await world.db.prisma.run.findMany({ where: { state: 'FAILED', id: { notIn: [...done] } } });
  for (const { id } of failed) {
    done.add(id);
    await again(id);
  }
}

try {
  const mix = await Mix.open(world, random);
  const killing = killAtRandom();
  const cancels: Promise<void>[] = [];
  const seen = new Set<string>();
  while (launched.length < wanted && seconds() < launchUntil) {
    if ((await under()) >= BACKLOG) {
      await sleep(50);
      continue;
    }
    const run = await mix.launch();
    launched.push(run);
    if (random() < CANCELED_SHARE) cancels.push(cancelAndRetry(run));
    await retryFailed(seen);
    if (launched.length % 50 === 0)
      process.stderr.write(`${launched.length} runs, ${kills} kills, ${seconds().toFixed(0)} s\n`);
  }
  await Promise.all(cancels);
  storm.abort();
  await killing;
  await world.until('everything has ended', async () => (await under()) === 0, 300);
  const stormed = seconds();
  const { problems, rows } = await check(world, launched, canceled);
  const table: (readonly [string, string | number])[] = [
    ['machine', machine()],
    ['runs launched, retries included', launched.length],
    ['workers killed (SIGKILL) and started again', kills],
    ['runs asked to end on the way', canceled.size],
    ['runs launched again', retries],
    ['seconds', stormed.toFixed(0)],
    ['lease, s', LEASE_SECONDS],
    ...rows,
    ['problems', problems.length === 0 ? 'none' : problems.join('; ')],
  ];
  process.stdout.write(
    ['| | |', '|---|---|', ...table.map(([name, value]) => `| ${name} | ${value} |`), ''].join('\n'),
  );
  if (problems.length > 0 || launched.length < wanted) process.exitCode = 1;
} finally {
  storm.abort();
  await world.close();
}
