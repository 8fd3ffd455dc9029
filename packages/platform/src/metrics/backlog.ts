import { Gauge } from 'prom-client';
import type { Database } from '../database/database.ts';
import { registry } from './metrics.ts';

/** Of the process that serves the gateway; every gateway of an installation tells the same, so take the maximum, not the sum. */
const databases = new Set<Database>();
const registers = [registry];

interface QueueRow {
  readonly service: string;
  readonly depth: number;
  readonly oldest: number;
}

new Gauge({
  name: 'kneepoint_queue_depth',
  help: 'Steps that wait for a worker',
  labelNames: ['service'] as const,
  registers,
  async collect() {
    const rows = await queues();
    this.reset();
    for (const { service, depth } of rows) this.set({ service }, depth);
  },
});

new Gauge({
  name: 'kneepoint_queue_oldest_seconds',
  help: 'How long the step that waits longest for a worker has been in its queue',
  labelNames: ['service'] as const,
  registers,
  async collect() {
    const rows = await queues();
    this.reset();
    for (const { service, oldest } of rows) this.set({ service }, Math.max(0, oldest));
  },
});

new Gauge({
  name: 'kneepoint_runs_active',
  help: 'Runs that have not ended',
  labelNames: ['kind', 'state'] as const,
  registers,
  async collect() {
    const rows = await ask(
      (db) => db.prisma.$queryRaw<{ kind: string; state: string; count: number }[]>`
        SELECT kind, state, count(*)::int AS count FROM run
        WHERE state IN ('QUEUED', 'STARTING', 'RUNNING', 'CANCELING') GROUP BY kind, state`,
    );
    this.reset();
    for (const { kind, state, count } of rows) this.set({ kind, state }, count);
  },
});

new Gauge({
  name: 'kneepoint_outbox_depth',
  help: 'Messages that are committed and not yet on the bus',
  registers,
  async collect() {
    const rows = await ask(
      (db) => db.prisma.$queryRaw<{ count: number }[]>`
        SELECT count(*)::int AS count FROM outbox WHERE available_at <= clock_timestamp()`,
    );
    this.set(rows.reduce((sum, { count }) => sum + count, 0));
  },
});

new Gauge({
  name: 'kneepoint_webhook_lag_seconds',
  help: 'How long the event that waits longest for the receiver of a webhook that is on has been waiting; 0: none waits',
  registers,
  async collect() {
    const rows = await ask(
      (db) => db.prisma.$queryRaw<{ lag: number }[]>`
        SELECT coalesce(max(extract(epoch FROM clock_timestamp() - delivery.created_at)), 0)::float8 AS lag
        FROM delivery JOIN webhook ON webhook.id = delivery.webhook_id
        WHERE webhook.enabled AND delivery.state = 'PENDING'`,
    );
    this.set(Math.max(0, ...rows.map(({ lag }) => lag)));
  },
});

new Gauge({
  name: 'kneepoint_webhook_pending',
  help: 'Events that wait for the receivers of webhooks',
  registers,
  async collect() {
    const rows = await ask(
      (db) => db.prisma.$queryRaw<{ count: number }[]>`
        SELECT count(*)::int AS count FROM delivery WHERE state = 'PENDING'`,
    );
    this.set(rows.reduce((sum, { count }) => sum + count, 0));
  },
});

/** Reads the backlog of a database whenever the metrics are read; the result ends that. */
export function watchBacklog(db: Database): () => void {
  databases.add(db);
  return () => void databases.delete(db);
}

let asked: Promise<readonly QueueRow[]> | undefined;

/** Both metrics of a scrape are answered by one query. */
function queues(): Promise<readonly QueueRow[]> {
  asked ??= ask(
    // every service that ever had a step, so that an empty queue reads 0 and does not vanish
    (db) => db.prisma.$queryRaw<QueueRow[]>`
      SELECT service, count(*) FILTER (WHERE state = 'QUEUED')::int AS depth,
        coalesce(max(extract(epoch FROM clock_timestamp() - queued_at)) FILTER (WHERE state = 'QUEUED'), 0)::float8 AS oldest
      FROM step GROUP BY service`,
  ).finally(() => (asked = undefined));
  return asked;
}

/** Rows of all databases; one that does not answer has none: that it is away is for /readyz to say. */
async function ask<Row>(query: (db: Database) => Promise<readonly Row[]>): Promise<readonly Row[]> {
  const rows = await Promise.all([...databases].map((db) => query(db).catch(() => [])));
  return rows.flat();
}
