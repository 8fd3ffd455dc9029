import type { Database } from '../database/database.ts';
import type { Transaction } from '../database/client.ts';
import { cleanText } from '../work/stored-json.ts';
import { type Backoff, waitAfter } from './backoff.ts';
import type { ClaimedDelivery } from './claim-deliveries.ts';

/** What came of one request. */
export interface DeliveryOutcome {
  /** HTTP status; null where nothing was answered. */
  readonly status: number | null;
  /** Code of the failure; null where it was delivered. */
  readonly code: string | null;
  /** The beginning of the answer, or why there was none. */
  readonly response: string;
  readonly durationMs: number;
  /** Milliseconds that the receiver asks to be left alone for. */
  readonly retryAfterMs: number;
}

export interface RetryPolicy {
  readonly backoff: Backoff;
  /** Milliseconds after which an event is given up, and a webhook to which nothing could be delivered for so long is turned off. */
  readonly retryMs: number;
}

export type DeliveryEnd = 'delivered' | 'retried' | 'given up' | 'lost';

const GONE = 410;
/** After a pause so long without any attempt nobody was there to send: that time is none of the receiver's. */
const UNATTENDED_MS = 3600_000;
/** Who turns a webhook off, in the audit log. */
const SYSTEM = { principal: 'kneepoint', principalName: 'kneepoint' } as const;

/** Writes what came of a delivery, and what follows for its webhook, in one transaction; nothing where another process has taken over. */
export async function endDelivery(
  db: Database,
  delivery: ClaimedDelivery,
  outcome: DeliveryOutcome,
  policy: RetryPolicy,
): Promise<DeliveryEnd> {
  return db.transaction(async (tx) => {
    const webhook = await lockWebhook(tx, delivery);
    if (webhook === undefined) return 'lost';
    const { now } = webhook;
    const end = endOf(webhook, delivery, outcome, policy);
    const health = end === 'delivered' ? RECOVERED : healthAfter(webhook, delivery, outcome, policy);
    const nextAttemptAt = later(now, nextWait(delivery, outcome, policy, health.pausedUntil ?? null, now));
    const { count } = await tx.delivery.updateMany({
      where: { projectId: delivery.projectId, id: delivery.id, token: delivery.token, state: 'PENDING' },
      data: {
        ...{ attempts: delivery.attempts + 1, token: null },
        ...(end === 'retried'
          ? { nextAttemptAt }
          : { state: end === 'delivered' ? 'DELIVERED' : 'FAILED', endedAt: now }),
      },
    });
    if (count === 0) return 'lost';
    await tx.deliveryAttempt.create({
      data: {
        projectId: delivery.projectId,
        deliveryId: delivery.id,
        number: delivery.attempts + 1,
        startedAt: later(now, -outcome.durationMs),
        durationMs: outcome.durationMs,
        status: outcome.status,
        code: outcome.code,
        response: cleanText(outcome.response),
      },
    });
    await tx.webhook.update({ where: { id: webhook.id, projectId: delivery.projectId }, data: health });
    const reason = webhook.enabled && end !== 'delivered' ? reasonToTurnOff(webhook, delivery, outcome, policy) : null;
    if (reason !== null) await turnOff(tx, delivery, reason);
    return end;
  });
}

interface LockedWebhook {
  readonly id: string;
  readonly enabled: boolean;
  readonly failures: number;
  readonly failingSince: Date | null;
  readonly pausedUntil: Date | null;
  readonly triedSince: Date;
  readonly now: Date;
}

type Health = Partial<Pick<LockedWebhook, 'failures' | 'failingSince' | 'pausedUntil'>>;

const RECOVERED: Health = { failures: 0, failingSince: null, pausedUntil: null };

async function lockWebhook(tx: Transaction, delivery: ClaimedDelivery): Promise<LockedWebhook | undefined> {
  const [row] = await tx.$queryRaw<(LockedWebhook & Waiting)[]>`
    SELECT id, enabled, failures, failing_since AS "failingSince", paused_until AS "pausedUntil",
      tried_since AS "triedSince", clock_timestamp() AS now,
      (SELECT created_at FROM delivery WHERE webhook_id = webhook.id AND state = 'PENDING' AND lane IS NOT NULL
        ORDER BY position LIMIT 1) AS "waitsSince"
    FROM webhook WHERE id = ${delivery.webhook.id} AND project_id = ${delivery.projectId} FOR UPDATE`;
  return row && { ...row, failingSince: failingSinceOf(row) };
}

interface Waiting {
  /** When the oldest event happened that waits for it. */
  readonly waitsSince: Date | null;
}

/** Since when it failed without a break: while nothing waited for it, or nobody sent, it could not do better. */
function failingSinceOf({ failingSince, waitsSince, pausedUntil, now }: LockedWebhook & Waiting): Date | null {
  if (failingSince === null) return null;
  if (pausedUntil !== null && now.getTime() - pausedUntil.getTime() > UNATTENDED_MS) return now;
  return waitsSince !== null && waitsSince > failingSince ? waitsSince : failingSince;
}

function endOf(
  webhook: LockedWebhook,
  delivery: ClaimedDelivery,
  outcome: DeliveryOutcome,
  { retryMs }: RetryPolicy,
): DeliveryEnd {
  if (outcome.code === null) return 'delivered';
  if (delivery.once || outcome.status === GONE) return 'given up';
  // While a receiver is away nothing is given up: the webhook is turned off in the end, and what waits stays.
  const isOutage = delivery.lane !== null && webhook.failingSince !== null && isAway(outcome);
  const since = Math.max(delivery.createdAt.getTime(), webhook.triedSince.getTime());
  const isOld = delivery.attempts > 0 && webhook.now.getTime() - since >= retryMs;
  return isOld && !isOutage ? 'given up' : 'retried';
}

/** What a failure says of the receiver. One that is away gets nothing for a while; one that refuses this event may take others. */
function healthAfter(
  webhook: LockedWebhook,
  delivery: ClaimedDelivery,
  outcome: DeliveryOutcome,
  { backoff }: RetryPolicy,
): Health {
  if (!tellsOfReceiver(delivery, outcome)) return {};
  const { failures, pausedUntil, now } = webhook;
  const failingSince = webhook.failingSince ?? now;
  // What was under way when it went away tells nothing new.
  const startedAt = later(now, -outcome.durationMs);
  if (pausedUntil !== null && startedAt < pausedUntil) return { failingSince };
  // It answers, though not well.
  if (!isAway(outcome)) return { failingSince, failures: 0, pausedUntil: null };
  const wait = Math.max(waitAfter(failures + 1, backoff), outcome.retryAfterMs);
  return { failingSince, failures: failures + 1, pausedUntil: later(now, wait) };
}

/** A person who tries something out is no sign that a receiver is away, and neither is a message that could not be made here. */
function tellsOfReceiver({ lane }: Pick<ClaimedDelivery, 'lane'>, { code }: DeliveryOutcome): boolean {
  return lane !== null && code !== 'INTERNAL';
}

/**
 * Nothing can be sent there now: no answer, one that says that the receiver itself cannot answer, an address or a secret that no other
 * event would fare better with.
 */
function isAway({ status, code }: DeliveryOutcome): boolean {
  if (status === null) return code !== 'INTERNAL';
  return status >= 500 || status === 429 || status === 408;
}

/** Milliseconds until this delivery is due again. */
function nextWait(
  { attempts }: ClaimedDelivery,
  outcome: DeliveryOutcome,
  { backoff }: RetryPolicy,
  pausedUntil: Date | null,
  now: Date,
): number {
  if (isAway(outcome) && pausedUntil !== null) return pausedUntil.getTime() - now.getTime();
  return Math.max(waitAfter(attempts + 1, backoff), outcome.retryAfterMs);
}

function reasonToTurnOff(
  { failingSince, now }: LockedWebhook,
  delivery: ClaimedDelivery,
  outcome: DeliveryOutcome,
  { retryMs }: RetryPolicy,
): string | null {
  const { status, code } = outcome;
  if (status === GONE) return 'the receiver answered 410: it is gone for good';
  if (!tellsOfReceiver(delivery, outcome) || failingSince === null) return null;
  if (now.getTime() - failingSince.getTime() < retryMs) return null;
  const last = status === null ? (code ?? 'no answer') : `status ${status}`;
  return `nothing could be delivered since ${failingSince.toISOString()}; at last: ${last}`;
}

async function turnOff(tx: Transaction, { projectId, webhook }: ClaimedDelivery, reason: string): Promise<void> {
  await tx.webhook.update({
    where: { id: webhook.id, projectId },
    data: { enabled: false, disabledReason: reason },
  });
  await tx.audit.create({
    data: { ...SYSTEM, projectId, operation: 'turnWebhookOff', subjects: [webhook.id], outcome: 'OK' },
  });
}

function later(time: Date, ms: number): Date {
  return new Date(time.getTime() + ms);
}
