import type { Transaction } from '../database/client.ts';
import type { Delivery, Webhook } from '../database/generated/client.ts';
import { storedJson } from '../work/stored-json.ts';
import type { EventType } from './event-types.ts';
import { wants, type WantedRun } from './wants.ts';

export interface NewEvent {
  readonly type: EventType;
  readonly projectId: string;
  /** The run that it is about, or that made what it is about: events of one run are delivered in their order. */
  readonly run: WantedRun & { readonly id: string };
  /** What is true now, as far as it may change or vanish before the event is sent. */
  readonly facts: object;
  /** By the database's clock. Default: now. */
  readonly at?: Date;
}

/**
 * Notes an event for each webhook of the project that wants it, in the transaction that makes it true: none is lost, and none tells of
 * what was not committed. Without such a webhook nothing is written.
 */
export async function recordEvent(tx: Transaction, { type, projectId, run, facts, ...event }: NewEvent): Promise<void> {
  const webhooks = await tx.webhook.findMany({
    where: { projectId, enabled: true },
    select: { id: true, types: true, kinds: true, labels: true },
  });
  const wanting = webhooks.filter((webhook) => wants(webhook, type, run));
  if (wanting.length === 0) return;
  const at = event.at ?? (await databaseTime(tx));
  const { id: eventId } = await tx.event.create({
    data: { projectId, type, runId: run.id, facts: storedJson(facts), createdAt: at },
    select: { id: true },
  });
  await tx.delivery.createMany({
    data: wanting.map(({ id }) => ({
      ...{ projectId, webhookId: id, eventId, lane: run.id },
      ...{ nextAttemptAt: at, createdAt: at },
    })),
  });
}

/** Sends a webhook something of its own, whether it is on or off; it is tried once. Returns the delivery. */
export async function recordPing(
  tx: Transaction,
  { id, projectId }: Pick<Webhook, 'id' | 'projectId'>,
  facts: object,
): Promise<Delivery> {
  const now = await databaseTime(tx);
  const type: EventType = 'webhook.ping';
  const event = await tx.event.create({ data: { projectId, type, facts: storedJson(facts), createdAt: now } });
  return tx.delivery.create({
    data: { projectId, webhookId: id, eventId: event.id, once: true, nextAttemptAt: now, createdAt: now },
  });
}

/** Sends an event to its webhook once more, under the same id, whatever came of it before. Returns the new delivery. */
export async function recordRedelivery(
  tx: Transaction,
  { projectId, webhookId, eventId }: Pick<Delivery, 'projectId' | 'webhookId' | 'eventId'>,
): Promise<Delivery> {
  const now = await databaseTime(tx);
  return tx.delivery.create({ data: { projectId, webhookId, eventId, nextAttemptAt: now, createdAt: now } });
}

async function databaseTime(tx: Transaction): Promise<Date> {
  const [{ now }] = await tx.$queryRaw<[{ now: Date }]>`SELECT clock_timestamp() AS now`;
  return now;
}
