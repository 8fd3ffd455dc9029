import { SpanKind } from '@opentelemetry/api';
import type { Bus } from '../bus/bus.ts';
import type { Database } from '../database/database.ts';
import type { Logger } from '../log/create-logger.ts';
import { inSpan, traceHeaders } from '../tracing/spans.ts';
import { IDLE, repeat, type Repeating } from './repeat.ts';

export interface DispatcherOptions {
  readonly log?: Logger;
  /**
   * Milliseconds between looks at the outbox; 0: only when this process writes to it. Default 500. An empty one that this process alone can
   * write to is looked at seldom.
   */
  readonly everyMs?: number;
}

interface OutboxRow {
  readonly id: bigint;
  readonly subject: string;
  readonly messageId: string;
  readonly payload: unknown;
  readonly trace: string | null;
}

const BATCH = 64;
/** A row in the hands of a dispatcher is invisible to others for so long; then it is taken to have died. */
const HIDDEN_SECONDS = 15;
const RETRY_SECONDS = 1;

/**
 * Publishes what the outbox holds, in order, and deletes each row once the bus has it. A crash in between publishes again
 * under the same message id. Any number of dispatchers may run.
 */
export function startDispatcher(db: Database, bus: Bus, { log, everyMs = 500 }: DispatcherOptions = {}): Repeating {
  const publishAll = async (): Promise<typeof IDLE | void> => {
    while ((await publishBatch(db, bus)) === BATCH);
    // Nobody else writes to a database of this process alone, and who writes to the outbox wakes: what is empty stays so until then.
    if (db.exclusive && (await isEmpty(db))) return IDLE;
  };
  const dispatcher = repeat(everyMs, publishAll, (error) => log?.warn({ error }, 'outbox could not be published'));
  const forget = db.onOutbox(() => dispatcher.notify());
  return {
    notify: () => dispatcher.notify(),
    stop: () => {
      forget();
      return dispatcher.stop();
    },
  };
}

/** Publishes what is due now, at most a batch; returns how much it was. */
async function publishBatch(db: Database, bus: Bus): Promise<number> {
  const rows = await db.prisma.$queryRaw<OutboxRow[]>`
    UPDATE outbox SET available_at = clock_timestamp() + make_interval(secs => ${HIDDEN_SECONDS})
    WHERE id IN (
      SELECT id FROM outbox WHERE available_at <= clock_timestamp() ORDER BY id LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
    RETURNING id, subject, message_id AS "messageId", payload,
      coalesce(trace, (SELECT run.trace FROM run WHERE run.id = payload->>'runId')) AS trace`;
  const left = rows.sort((a, b) => (a.id < b.id ? -1 : 1));
  const published: bigint[] = [];
  try {
    for (const row of left) {
      await publish(bus, row);
      published.push(row.id);
    }
  } finally {
    if (published.length > 0) await db.prisma.outbox.deleteMany({ where: { id: { in: published } } });
    const ids = left.slice(published.length).map(({ id }) => id);
    if (ids.length > 0) {
      await db.prisma.$executeRaw`
        UPDATE outbox SET available_at = clock_timestamp() + make_interval(secs => ${RETRY_SECONDS})
        WHERE id = ANY(${ids})`;
    }
  }
  return left.length;
}

/** Whether nothing waits, not even what may be published only later. */
async function isEmpty({ prisma }: Database): Promise<boolean> {
  const [row] = await prisma.$queryRaw<[{ empty: boolean }]>`SELECT NOT EXISTS (SELECT FROM outbox) AS empty`;
  return row.empty;
}

function publish(bus: Bus, { subject, messageId, payload, trace }: OutboxRow): Promise<void> {
  if (trace === null) return bus.publish(subject, payload, { id: messageId });
  const cause = { traceparent: trace };
  return inSpan(`publish ${subject}`, { kind: SpanKind.PRODUCER, parent: cause }, () =>
    bus.publish(subject, payload, { id: messageId, headers: { ...cause, ...traceHeaders() } }),
  );
}
