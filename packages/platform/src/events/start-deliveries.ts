import type { Database } from '../database/database.ts';
import type { Logger } from '../log/create-logger.ts';
import { webhookAttempts, webhookDuration } from '../metrics/metrics.ts';
import { IDLE, repeat, type Repeating } from '../work/repeat.ts';
import { type Backoff, USUAL_BACKOFF } from './backoff.ts';
import { claimDeliveries, type ClaimedDelivery, isPending, releaseDeliveries } from './claim-deliveries.ts';
import { type DeliveryOutcome, endDelivery } from './end-delivery.ts';
import { sendDelivery, type Sending } from './send-delivery.ts';

export interface DeliveryOptions extends Omit<Sending, 'timeoutMs'> {
  /** Makes the CloudEvent of an event; the same one each time that it is sent. */
  readonly compose: (event: ClaimedDelivery['event']) => Promise<object>;
  /** Milliseconds for which an event is tried, and a receiver may be away. */
  readonly retryMs: number;
  readonly log?: Logger;
  /** Milliseconds between looks at what is due. Default 1 000; seldom while nothing waits in a database of this process alone. */
  readonly everyMs?: number;
  /** Default 15 000. */
  readonly timeoutMs?: number;
  readonly backoff?: Backoff;
  /** After how long others take over what a process that died had in its hands. Default 60. */
  readonly leaseSeconds?: number;
}

const AT_ONCE = 16;
/** So that a receiver that is slow holds up no other. */
const PER_WEBHOOK = 4;

/**
 * Sends the events that webhooks want, at least once each, those of a run in their order. Any number of processes may do so; what one of
 * them had in its hands when it died is sent by another.
 */
export function startDeliveries(db: Database, options: DeliveryOptions): Repeating {
  const { log, everyMs = 1_000, leaseSeconds = 60 } = options;
  const underway = new Map<string, number>();
  const sending = new Set<Promise<void>>();
  let restarted = db.exclusive;
  let stopped = false;

  const send = async (): Promise<typeof IDLE | void> => {
    if (restarted) await releaseDeliveries(db, leaseSeconds);
    restarted = false;
    // Where this process alone can write, and who writes wakes, nothing comes until then.
    if (!(await isPending(db))) return db.exclusive ? IDLE : undefined;
    const busy = [...underway].filter(([, count]) => count >= PER_WEBHOOK).map(([id]) => id);
    const most = AT_ONCE - sending.size;
    if (most <= 0 || stopped) return;
    const claimed = await claimDeliveries(db, { most, perWebhook: PER_WEBHOOK, busy, leaseSeconds });
    for (const delivery of claimed) begin(delivery);
  };
  const passes = repeat(everyMs, send, (error) => log?.warn({ err: error }, 'events could not be read'));

  const begin = (delivery: ClaimedDelivery): void => {
    const { id } = delivery.webhook;
    underway.set(id, (underway.get(id) ?? 0) + 1);
    const one = deliver(db, delivery, options)
      .catch((error: unknown) =>
        log?.warn({ err: error, delivery: delivery.id }, 'what came of a delivery was not written'),
      )
      .finally(() => {
        underway.set(id, underway.get(id)! - 1);
        if (underway.get(id) === 0) underway.delete(id);
        sending.delete(one);
        // What waited behind it may go now.
        if (!stopped) passes.notify();
      });
    sending.add(one);
  };

  const forget = db.onOutbox(() => passes.notify());
  return {
    notify: () => passes.notify(),
    stop: async () => {
      stopped = true;
      forget();
      await passes.stop();
      await Promise.all(sending);
    },
  };
}

async function deliver(db: Database, delivery: ClaimedDelivery, options: DeliveryOptions): Promise<void> {
  const { log, retryMs, backoff = USUAL_BACKOFF, timeoutMs = 15_000 } = options;
  const body = await bodyOf(delivery, options);
  const outcome = body === null ? NOT_COMPOSED : await sendDelivery(delivery, body, { ...options, timeoutMs });
  const end = await endDelivery(db, delivery, outcome, { backoff, retryMs });
  webhookAttempts.inc({ outcome: end });
  webhookDuration.observe({ outcome: end }, outcome.durationMs / 1000);
  const { status, code, durationMs } = outcome;
  const line = { webhook: delivery.webhook.id, delivery: delivery.id, event: delivery.event.type };
  const level = end === 'delivered' ? 'debug' : 'warn';
  log?.[level]({ ...line, status, code, durationMs, end }, 'webhook');
}

/** An event of which no message can be made is tried again like one that is refused, and given up: it holds up no other for ever. */
const NOT_COMPOSED: DeliveryOutcome = {
  ...{ status: null, code: 'INTERNAL', durationMs: 0, retryAfterMs: 0 },
  response: 'the message could not be composed',
};

async function bodyOf(
  { id, event }: ClaimedDelivery,
  { compose, log }: Pick<DeliveryOptions, 'compose' | 'log'>,
): Promise<string | null> {
  try {
    return JSON.stringify(await compose(event));
  } catch (error) {
    log?.error({ err: error, delivery: id, event: event.type }, 'a message could not be composed');
    return null;
  }
}
