import { setTimeout as sleep } from 'node:timers/promises';
import { type Bus, type Database, launchRun } from '@kneepoint/platform';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { claimAttempt } from '../../packages/platform/src/work/claim-attempt.ts';
import type { AttemptReference } from '../../packages/platform/src/work/end-attempt.ts';
import { writeProgress } from '../../packages/platform/src/work/heartbeat.ts';
import { tellChange } from '../../packages/platform/src/work/run-events.ts';
import { JSON_HEADERS } from '../../test/support/kneepoint.ts';
import { residentKiB } from '../support/processor.ts';

export const CLIENTS = 500;
/** As often as a worker may write. */
const EVERY_MS = 500;
const UPDATES = 10;
const PATIENCE_MS = 30_000;

const QUERY = `subscription($id: ID!) { runUpdated(id: $id) { id state seq progress { fraction stepsDone stepsTotal current done total ratePerSecond etaSeconds } } }`;

export interface Delivery {
  readonly runs: number;
  readonly expected: number;
  readonly delivered: number;
  readonly p50: number;
  readonly p99: number;
  readonly kibPerSubscription: number;
  /** Of the gateway and the database for each delivery. */
  readonly processor: readonly number[];
}

export interface Stage {
  readonly url: string;
  readonly db: Database;
  readonly bus: Bus;
  readonly gatewayPid: number;
  readonly spent: () => readonly number[];
}

/** Clients on sockets of their own that watch so many runs between them, while each run's progress is written as a worker does. */
export async function subscriptions(stage: Stage, runs: number): Promise<Delivery> {
  const { db, bus, gatewayPid, spent } = stage;
  const attempts: AttemptReference[] = [];
  // One after the other: this process, too, has so many connections to the database.
  while (attempts.length < runs) attempts.push(await running(db));
  const resident = residentKiB(gatewayPid);
  const told = new Map<string, number>();
  const received: { readonly change: string; readonly at: number }[] = [];
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, async (_, index) => {
      const { runId } = attempts[index % runs]!;
      const client = new Client(stage.url, runId, (seq) => {
        received.push({ change: `${runId} ${seq}`, at: performance.now() });
      });
      await client.started;
      return client;
    }),
  );
  const kibPerSubscription = (residentKiB(gatewayPid) - resident) / CLIENTS;
  received.length = 0;
  const before = spent();
  for (let update = 1; update <= UPDATES; update++) {
    const next = sleep(EVERY_MS);
    await Promise.all(attempts.map((attempt) => write(stage, attempt, update, told)));
    await next;
  }
  const expected = CLIENTS * UPDATES;
  for (const end = Date.now() + PATIENCE_MS; received.length < expected && Date.now() < end;) await sleep(50);
  const processor = spent().map((ms, index) => (ms - before[index]!) / received.length);
  for (const client of clients) client.requireOrder();
  await Promise.all(clients.map((client) => client.close()));
  for (const { runId } of attempts) {
    await db.prisma.run.delete({ where: { id: runId } });
    bus.broadcast(`events.run.${runId}`, {});
  }
  // A look at the clock can find a change before its writer hears that it is committed.
  const sorted = received.map(({ change, at }) => Math.max(0, at - told.get(change)!)).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
  return { runs, expected, delivered: sorted.length, p50: at(0.5), p99: at(0.99), kibPerSubscription, processor };
}

/** Writes progress as a worker does; the time that counts begins when it is committed. */
async function write(
  { db, bus }: Stage,
  attempt: AttemptReference,
  done: number,
  told: Map<string, number>,
): Promise<void> {
  const progress = { done, total: 100, unit: 'images', message: null, ratePerSecond: 2, etaSeconds: 50, share: 0.5 };
  const { seq } = await writeProgress(db, attempt, 3600, progress);
  if (seq === undefined) throw new Error('the attempt is not held');
  told.set(`${attempt.runId} ${seq}`, performance.now());
  tellChange(bus, attempt.runId, seq);
}

async function running(db: Database): Promise<AttemptReference> {
  const step = { kind: 'bench', service: 'bench', name: 'bench', input: {}, dependsOn: [] };
  const steps = [1, 2, 3].map((n) => ({ ...step, ref: String(n), key: `${Date.now()}-${Math.random()}` }));
  const { id: runId } = await launchRun(db, { kind: 'ANALYSIS', input: {}, steps });
  await db.prisma.outbox.deleteMany();
  const { id: stepId, attempt } = await db.prisma.step.findFirstOrThrow({ where: { runId } });
  const { claim } = await claimAttempt(db, { runId, stepId, attempt }, { worker: 'bench', leaseSeconds: 3600 });
  return { runId, stepId, token: claim!.token };
}

/** One socket with one subscription. */
class Client {
  readonly started: Promise<void>;
  readonly #seqs: number[] = [];
  readonly #client: ReturnType<typeof createClient>;

  constructor(url: string, runId: string, onSeq: (seq: number) => void) {
    const client = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      connectionParams: JSON_HEADERS,
      webSocketImpl: WebSocket,
      lazy: false,
    });
    this.#client = client;
    const id = Buffer.from(`Run:${runId}`).toString('base64url');
    this.started = new Promise((resolve, reject) => {
      client.subscribe<{ runUpdated: { seq: number } }>(
        { query: QUERY, variables: { id } },
        {
          next: ({ data, errors }) => {
            if (!data) return reject(new Error(JSON.stringify(errors)));
            this.#seqs.push(data.runUpdated.seq);
            onSeq(data.runUpdated.seq);
            resolve();
          },
          error: reject,
          complete: () => undefined,
        },
      );
    });
  }

  /** Numbers must grow, each once. */
  requireOrder(): void {
    if (this.#seqs.some((seq, index) => index > 0 && seq <= this.#seqs[index - 1]!)) throw new Error('out of order');
  }

  async close(): Promise<void> {
    await this.#client.dispose();
  }
}
