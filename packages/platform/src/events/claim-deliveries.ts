import { randomUUID } from 'node:crypto';
import type { Database } from '../database/database.ts';
import type { Transaction } from '../database/client.ts';
import type { Event, Webhook } from '../database/generated/client.ts';

/** A delivery that this process sends now. */
export interface ClaimedDelivery {
  readonly id: string;
  readonly projectId: string;
  readonly lane: string | null;
  readonly attempts: number;
  readonly once: boolean;
  /** Fences the outcome: only its holder writes it. */
  readonly token: string;
  readonly createdAt: Date;
  readonly webhook: Webhook;
  readonly event: Event;
}

export interface ClaimRequest {
  /** How many at most. */
  readonly most: number;
  /** Of one webhook at a time; one alone while its receiver has not answered well. */
  readonly perWebhook: number;
  /** Webhooks that this process sends enough to already. */
  readonly busy: readonly string[];
  /** After so long others take over what has no outcome. */
  readonly leaseSeconds: number;
}

/**
 * Takes deliveries that are due: of each lane the first that is not done, so that events of a run arrive in their order. Rows that another
 * process is taking are passed over. A person's own (a ping, a redelivery) stands in no lane, and goes to a webhook that is off, too.
 */
export async function claimDeliveries(
  db: Pick<Database, 'prisma' | 'transaction'>,
  request: ClaimRequest,
): Promise<readonly ClaimedDelivery[]> {
  const token = randomUUID();
  const claimed = await db.transaction((tx) => take(tx, token, request));
  if (claimed.length === 0) return [];
  const rows = await db.prisma.delivery.findMany({
    where: { id: { in: claimed.map(({ id }) => id) }, token },
    orderBy: { position: 'asc' },
    include: { webhook: true, event: true },
  });
  return rows.map((row) => ({ ...row, token }));
}

async function take(
  tx: Transaction,
  token: string,
  { most, perWebhook, busy, leaseSeconds }: ClaimRequest,
): Promise<readonly { readonly id: string }[]> {
  // Held until the commit: of several processes one alone takes what tries whether a receiver is back, and the next one sees that.
  const held = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM webhook WHERE failures > 0 AND id <> ALL(${busy}::text[]) AND (
      (enabled AND (paused_until IS NULL OR paused_until <= clock_timestamp()))
      OR EXISTS (SELECT 1 FROM delivery own WHERE own.webhook_id = webhook.id AND own.lane IS NULL AND own.state = 'PENDING'))
    FOR NO KEY UPDATE SKIP LOCKED`;
  return tx.$queryRaw<{ id: string }[]>`
    WITH due AS MATERIALIZED (
      SELECT next.id FROM webhook CROSS JOIN LATERAL (
        SELECT id, position FROM delivery
        WHERE webhook_id = webhook.id AND state = 'PENDING' AND next_attempt_at <= clock_timestamp() AND (lane IS NULL OR (
          webhook.enabled AND (webhook.paused_until IS NULL OR webhook.paused_until <= clock_timestamp())
          AND NOT EXISTS (SELECT 1 FROM delivery earlier WHERE earlier.webhook_id = webhook.id
            AND earlier.lane = delivery.lane AND earlier.state = 'PENDING' AND earlier.position < delivery.position)))
        ORDER BY position LIMIT CASE WHEN webhook.failures > 0 THEN 1 ELSE ${perWebhook}::int END
        FOR UPDATE SKIP LOCKED) next
      WHERE webhook.id <> ALL(${busy}::text[])
        AND (webhook.failures = 0 OR (webhook.id = ANY(${held.map(({ id }) => id)}::text[])
          AND NOT EXISTS (SELECT 1 FROM delivery sent WHERE sent.webhook_id = webhook.id AND sent.state = 'PENDING'
            AND sent.token IS NOT NULL AND sent.next_attempt_at > clock_timestamp())))
        AND (
        (webhook.enabled AND (webhook.paused_until IS NULL OR webhook.paused_until <= clock_timestamp()))
        -- of one that gets nothing else, not all that waits is looked through
        OR EXISTS (SELECT 1 FROM delivery own WHERE own.webhook_id = webhook.id AND own.lane IS NULL AND own.state = 'PENDING'))
      ORDER BY next.position LIMIT ${most}::int)
    UPDATE delivery SET token = ${token},
      next_attempt_at = clock_timestamp() + make_interval(secs => ${leaseSeconds}::float8)
    FROM due WHERE delivery.id = due.id RETURNING delivery.id`;
}

/** Whether anything waits, due or not: one look, where a claim is a transaction. */
export async function isPending({ prisma }: Pick<Database, 'prisma'>): Promise<boolean> {
  const [row] = await prisma.$queryRaw<[{ pending: boolean }]>`
    SELECT EXISTS (SELECT FROM webhook CROSS JOIN LATERAL (
      SELECT FROM delivery WHERE webhook_id = webhook.id AND state = 'PENDING' LIMIT 1) waiting) AS pending`;
  return row.pending;
}

/** Makes due at once what was taken before this process opened a database of its own: whoever took it is dead. */
export async function releaseDeliveries(
  { prisma, openedAt }: Pick<Database, 'prisma' | 'openedAt'>,
  leaseSeconds: number,
): Promise<void> {
  await prisma.$executeRaw`
    UPDATE delivery SET token = NULL, next_attempt_at = clock_timestamp()
    WHERE state = 'PENDING' AND token IS NOT NULL
      AND next_attempt_at - make_interval(secs => ${leaseSeconds}::float8) < ${openedAt}`;
}
