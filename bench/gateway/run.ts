/**
 * The gateway under load, beside bare Apollo Server with the same schema and answers of the same size:
 *
 *   npx tsx bench/gateway/run.ts
 *
 * Real PostgreSQL, NATS and MinIO and a gateway process on the loopback interface; 10 000 runs, and the results of 8 networks × 12 tasks ×
 * 16 layers as the regressor writes them. Needs the servers of `make services`; about three minutes.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBus, openDatabase, openStore } from '@kneepoint/platform';
import { JSON_HEADERS, Kneepoint } from '../../test/support/kneepoint.ts';
import { startMinio } from '../../test/support/minio.ts';
import { startNats } from '../../test/support/nats.ts';
import { startPostgres } from '../../test/support/postgres.ts';
import { machine } from '../support/machine.ts';
import { addLongRuns, fill } from './fill.ts';
import { floods } from './floods.ts';
import { besiege, DEAREST, hostileQuery } from './hostile.ts';
import { CONNECTIONS, load, type Load } from './load.ts';
import { childrenMs, processorMs } from '../support/processor.ts';
import { CURSORS, NEWEST_ANALYSIS, queriesOf, type Query } from './queries.ts';
import { CLIENTS, subscriptions } from './subscriptions.ts';

const RUNS = 10_000;
const LONG = { runs: 100, steps: 200, attempts: 2 } as const;
/** Pages of a hundred before the deep one. */
const PAGES = 90;

const folder = await mkdtemp(join(tmpdir(), 'kneepoint-gateway-bench-'));
const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
try {
  await measure();
} finally {
  while (closers.length > 0) await closers.pop()!();
}

async function measure(): Promise<void> {
  console.log(`${machine()}; ${CONNECTIONS} connections, ${RUNS} runs in the database`);
  const [postgres, nats, minio] = await Promise.all([startPostgres(), startNats(), startMinio()]);
  closers.push(() => Promise.all([postgres.stop(), nats.stop(), minio.stop()]));
  const db = await openDatabase(postgres.url);
  closers.push(() => db.close());
  const [{ pid: backend }] = await db.prisma.$queryRaw<[{ pid: number }]>`SELECT pg_backend_pid() AS pid`;
  const postmaster = Number((await readFile(`/proc/${backend}/stat`, 'utf8')).split(') ').at(-1)!.split(' ')[1]);
  const store = await openStore(minio.url, { cacheDir: join(folder, 'cache') });
  const started = performance.now();
  const filled = await fill(db, store, folder, RUNS);
  console.log(
    `filled in ${((performance.now() - started) / 1000).toFixed(0)} s; curves of ${filled.points} points or more\n`,
  );

  const env = {
    ...{ DATABASE_URL: postgres.url, BUS_URL: nats.url, ARTIFACTS_URL: minio.url, LOG_LEVEL: 'info' },
    // One client asks for all.
    KNEEPOINT_QUERIES_PER_MINUTE: '0',
    // One address floods, and asks how others fare.
    KNEEPOINT_CONNECTIONS_PER_ADDRESS: '2000',
    // As the images and the chart start it: left to itself the heap grows with the memory of the machine.
    ...{ NODE_ENV: 'production', NODE_OPTIONS: await chartNodeOptions() },
  };
  const gateway = new Kneepoint(['gateway', '--port', '0'], {
    env: { ...env, KNEEPOINT_DATA_DIR: join(folder, 'gateway') },
  });
  closers.push(() => gateway.stop());
  const url = (await gateway.says(/"url":"(http[^"]+)\/graphql"/))[1]!;
  const gatewayPid = gateway.child.pid!;
  const spent = (): number[] => [processorMs(gatewayPid), childrenMs(postmaster)];

  const queries = queriesOf(filled, await places(url));
  const bare = await startBare(await constantsOf(url, queries));
  console.log(
    row(
      '',
      'queries/s',
      'p50 ms',
      'p99 ms',
      'processor ms',
      'PostgreSQL ms',
      'KiB',
      'bare/s',
      'p99 ms',
      'processor ms',
      'share of bare',
    ),
  );
  for (const query of queries) {
    const ours = await load(url, query, spent);
    const theirs = await load(bare.url, query, () => [processorMs(bare.pid)]);
    console.log(line(query.name, ours, theirs));
  }

  await addLongRuns(db, LONG);
  console.log(
    `\n${LONG.runs} runs of ${LONG.steps} steps with ${LONG.attempts} attempts each; p99 in ms, and how many times that in peace`,
  );
  const besieged = queries.filter(({ name }) => !name.startsWith('100'));
  console.log(row('asked in a loop', '/healthz', ...besieged.map(({ name }) => name), 'MiB', 'answers'));
  for (const [name, query] of [
    ['5 aliases', hostileQuery(5)],
    ['20 aliases', hostileQuery(20)],
    ['the most allowed', DEAREST],
  ] as const) {
    const { idle, besieged: under, answers, residentMiB } = await besiege(url, gatewayPid, besieged, query);
    const times = Object.entries(under).map(([of, p99]) => `${p99.toFixed(1)} (${(p99 / idle[of]!).toFixed(1)})`);
    console.log(row(name, ...times, String(residentMiB), JSON.stringify(answers)));
  }

  const long = Buffer.from('Run:long-000001').toString('base64url');
  console.log(row('\nfloods', 'worst /healthz', 'MiB', 'answers'));
  for (const flood of await floods(url, gatewayPid, `subscription { runUpdated(id: "${long}") { seq } }`)) {
    console.log(row(flood.what, flood.healthMs.toFixed(0), String(flood.residentMiB), JSON.stringify(flood.answers)));
  }

  const bus = await openBus(nats.url);
  closers.push(() => bus.close());
  console.log(`\n${CLIENTS} subscriptions at once`);
  console.log(row('', 'expected', 'delivered', 'p50 ms', 'p99 ms', 'KiB each', 'processor ms', 'PostgreSQL ms'));
  for (const runs of [1, 50]) {
    const { expected, delivered, p50, p99, kibPerSubscription, processor } = await subscriptions(
      { url, db, bus, gatewayPid, spent },
      runs,
    );
    const figures = [
      p50.toFixed(0),
      p99.toFixed(0),
      kibPerSubscription.toFixed(0),
      ...processor.map((ms) => ms.toFixed(2)),
    ];
    console.log(row(`${runs} run${runs === 1 ? '' : 's'}`, String(expected), String(delivered), ...figures));
    if (delivered !== expected) process.exitCode = 1;
  }
}

async function ask<Data>(url: string, query: string, variables: object = {}): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: JSON_HEADERS,
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: Data; errors?: unknown };
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

/** How the chart bounds the heap of a gateway. */
async function chartNodeOptions(): Promise<string> {
  const values = await readFile(new URL('../../helm/kneepoint/values.yaml', import.meta.url), 'utf8');
  const options = /^ {2}nodeOptions: '(.+)'$/m.exec(values)?.[1];
  if (options === undefined) throw new Error('the chart says nothing of the heap of a gateway');
  return options;
}

/** The cursor after many pages, and an analysis. */
async function places(url: string): Promise<{ deep: string; run: string }> {
  type Runs<Node> = { runs: { pageInfo: { endCursor: string }; edges: { node: Node }[] } };
  let after: string | null = null;
  for (let page = 0; page < PAGES; page++) {
    const { runs }: Runs<never> = await ask(url, CURSORS, { after });
    after = runs.pageInfo.endCursor;
  }
  const newest = await ask<Runs<{ id: string }>>(url, NEWEST_ANALYSIS);
  return { deep: after!, run: newest.runs.edges[0]!.node.id };
}

/** What the gateway answers, for a server that only says that. */
async function constantsOf(url: string, queries: readonly Query[]): Promise<object> {
  const constants: Record<string, unknown> = {};
  const pages: Record<string, unknown> = {};
  for (const { query, variables } of queries) {
    const { runs, ...others } = await ask<Record<string, unknown>>(url, query, variables);
    Object.assign(constants, others);
    // Of two queries for the same page the second asks for more.
    const size = /runs\(first: (\d+)/.exec(query)?.[1];
    if (runs !== undefined) pages[`${size} ${String(variables['after'] ?? '')}`] = runs;
  }
  return { ...constants, pages };
}

async function startBare(constants: object): Promise<{ url: string; pid: number }> {
  const file = join(folder, 'constants.json');
  await writeFile(file, JSON.stringify(constants));
  const program = fileURLToPath(new URL('bare.ts', import.meta.url));
  const env = { ...process.env, NODE_ENV: 'production' };
  const child = spawn(process.execPath, ['--import', 'tsx', program, file], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  closers.push(async () => {
    child.kill();
    await once(child, 'exit');
  });
  const [address] = (await once(child.stdout, 'data')) as [Buffer];
  return { url: address.toString().trim(), pid: child.pid! };
}

function line(name: string, ours: Load, theirs: Load): string {
  const processor = ours.processor.map((ms) => ms.toFixed(2));
  const speed = (load: Load): string[] => [load.perSecond.toFixed(0)];
  return row(
    name,
    ...[...speed(ours), ours.p50.toFixed(0), ours.p99.toFixed(0), ...processor, (ours.bytes / 1024).toFixed(0)],
    ...[...speed(theirs), theirs.p99.toFixed(0), theirs.processor[0]!.toFixed(2)],
    (ours.perSecond / theirs.perSecond).toFixed(2),
  );
}

function row(name: string, ...cells: readonly string[]): string {
  return [name.padEnd(18), ...cells.map((cell) => cell.padStart(14))].join('');
}
