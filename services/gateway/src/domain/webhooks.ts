import { randomUUID } from 'node:crypto';
import { Failure } from '@kneepoint/failures';
import {
  CHOSEN_TYPES,
  type Delivery as DeliveryRow,
  type DeliveryAttempt,
  type Event,
  type EventType,
  makeSecret,
  mayAsk,
  type Prisma,
  recordPing,
  recordRedelivery,
  seal,
  unsealed,
  type Webhook as WebhookRow,
} from '@kneepoint/platform';
import type { Context } from '../context.ts';
import type { CreateWebhookInput, Delivery, UpdateWebhookInput, Webhook } from '../schema/webhook.ts';
import { globalId } from './ids.ts';
import { requireLabel, toLabels } from './labels.ts';
import { isAbsent } from './absent.ts';
import { afterPosition, NEWEST_FIRST, type Page, type PageRequest, readPage, toPage } from './pages.ts';
import { isRetryable } from './tell-failure.ts';

export interface WithSecret {
  readonly webhook: Webhook;
  readonly secret: string;
}

/** Each transition of a run is written once for each of them. */
const MOST_WEBHOOKS = 20;
const MOST_LABELS = 20;
const MOST_ATTEMPTS = 20;
const LONGEST_URL = 2_000;
const OVERLAP_HOURS = 24;
const LONGEST_OVERLAP_HOURS = 720;

type DeliveryWithLog = DeliveryRow & { readonly event: Event; readonly log: readonly DeliveryAttempt[] };
const WITH_LOG = { event: true, log: { orderBy: { number: 'desc' as const }, take: MOST_ATTEMPTS } } as const;

export async function listWebhooks({ db }: Context, request: PageRequest): Promise<Page<Webhook>> {
  const { take, position } = readPage(request);
  const rows = await db.prisma.webhook.findMany({
    where: afterPosition(position),
    orderBy: NEWEST_FIRST,
    take: take + 1,
  });
  return toPage({ rows, take, after: request.after, toNode: toWebhook, count: () => db.prisma.webhook.count() });
}

export async function findWebhook({ db }: Context, id: string): Promise<Webhook | null> {
  const row = await db.prisma.webhook.findUnique({ where: { id } });
  return row && toWebhook(row);
}

export async function listDeliveries(
  { db }: Context,
  webhookId: string,
  request: PageRequest,
  state: string | undefined,
): Promise<Page<Delivery>> {
  const { take, position } = readPage(request);
  const where = { webhookId, ...(isAbsent(state) ? {} : { state }) };
  const rows = await db.prisma.delivery.findMany({
    where: { AND: [where, afterPosition(position)] },
    orderBy: NEWEST_FIRST,
    take: take + 1,
    include: WITH_LOG,
  });
  return toPage({
    rows,
    take,
    after: request.after,
    toNode: toDelivery,
    count: () => db.prisma.delivery.count({ where }),
  });
}

/** Throws WEBHOOK_INVALID, WEBHOOKS_TOO_MANY. */
export async function createWebhook(
  { db, config, principal }: Context,
  input: CreateWebhookInput,
): Promise<WithSecret> {
  const chosen = checked(config, input);
  const [id, secret] = [randomUUID(), makeSecret()];
  const row = await db.transaction(async (tx) => {
    // One after the other in a project, so that of two the second counts the first.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`webhooks ${db.projectId ?? ''}`}, 0))`;
    if ((await tx.webhook.count()) >= MOST_WEBHOOKS) throw tooMany();
    return tx.webhook.create({
      data: {
        ...{ types: [], kinds: [], labels: [], ...chosen, url: input.url },
        ...{ id, secret: seal(secret, id, config.webhooks.secretsKeys), createdBy: principal.name },
      },
    });
  });
  return { webhook: toWebhook(row), secret };
}

function tooMany(): Failure {
  return new Failure('WEBHOOKS_TOO_MANY', `the project has ${MOST_WEBHOOKS} webhooks`, {
    fix: 'Delete one, or let one receiver hand on what it gets.',
  });
}

/** Throws WEBHOOK_UNKNOWN, WEBHOOK_INVALID. */
export async function updateWebhook(context: Context, { id, enabled, ...input }: UpdateWebhookInput): Promise<Webhook> {
  const { db, config } = context;
  const before = await requireWebhook(context, id);
  const chosen = checked(config, input);
  const data = {
    ...chosen,
    ...(isAbsent(enabled) ? {} : { enabled, ...(enabled ? { disabledReason: null } : {}) }),
  };
  const isAfresh = enabled === true || (chosen.url !== undefined && chosen.url !== before.url);
  return toWebhook(
    isAfresh ? await beginAfresh(db, id, data) : await db.prisma.webhook.update({ where: { id }, data }),
  );
}

/** Changes a webhook so that what was wrong with it before counts no more: what waits for it goes at once, and is tried for its whole time. */
async function beginAfresh(db: Context['db'], id: string, data: Prisma.WebhookUpdateInput): Promise<WebhookRow> {
  const row = await db.transaction(async (tx) => {
    const [{ now }] = await tx.$queryRaw<[{ now: Date }]>`SELECT clock_timestamp() AS now`;
    const changed = await tx.webhook.update({
      where: { id },
      data: { ...data, failures: 0, failingSince: null, pausedUntil: null, triedSince: now },
    });
    const waiting = { webhookId: id, state: 'PENDING', token: null };
    await tx.delivery.updateMany({ where: waiting, data: { nextAttemptAt: now } });
    return changed;
  });
  db.wakeOutbox();
  return row;
}

/** Throws WEBHOOK_UNKNOWN. */
export async function deleteWebhook(context: Context, id: string): Promise<Webhook> {
  const row = await requireWebhook(context, id);
  await context.db.prisma.webhook.deleteMany({ where: { id } });
  return toWebhook(row);
}

/** Throws WEBHOOK_UNKNOWN, WEBHOOK_INVALID. */
export async function rotateSecret(context: Context, id: string, hours: number | undefined): Promise<WithSecret> {
  const { db, config } = context;
  const row = await requireWebhook(context, id);
  const overlap = isAbsent(hours) ? OVERLAP_HOURS : hours;
  if (!(overlap >= 0 && overlap <= LONGEST_OVERLAP_HOURS)) {
    throw invalid('overlapHours', `${overlap} hours`, `Pass 0 to ${LONGEST_OVERLAP_HOURS}.`);
  }
  const [secret, keys] = [makeSecret(), config.webhooks.secretsKeys];
  const before = unsealed(row.secret, id, keys);
  const data = {
    secret: seal(secret, id, keys),
    // With the first key, too, so that the one that sealed it may go.
    ...(overlap === 0 || before === null
      ? { previousSecret: null, previousUntil: null }
      : { previousSecret: seal(before, id, keys), previousUntil: new Date(Date.now() + overlap * 3600_000) }),
  };
  // Nothing could be sent with a secret that cannot be read.
  const rotated =
    before === null ? await beginAfresh(db, id, data) : await db.prisma.webhook.update({ where: { id }, data });
  return { webhook: toWebhook(rotated), secret };
}

/** Throws WEBHOOK_UNKNOWN. */
export async function testWebhook(context: Context, id: string): Promise<Delivery> {
  const { db, principal } = context;
  const row = await requireWebhook(context, id);
  const { id: delivery } = await db.transaction((tx) => recordPing(tx, row, { createdBy: principal.name }));
  return begun(context, delivery);
}

/** Throws DELIVERY_UNKNOWN. */
export async function redeliver(context: Context, id: string): Promise<Delivery> {
  const { db } = context;
  const row = await db.prisma.delivery.findUnique({ where: { id } });
  if (row === null) {
    throw new Failure('DELIVERY_UNKNOWN', `no delivery has the id ${JSON.stringify(id.slice(0, 80))}`, {
      where: 'id',
      fix: 'List the deliveries of a webhook and pass the id of one.',
    });
  }
  return begun(context, (await db.transaction((tx) => recordRedelivery(tx, row))).id);
}

async function begun({ db }: Context, id: string): Promise<Delivery> {
  db.wakeOutbox();
  return toDelivery(await db.prisma.delivery.findUniqueOrThrow({ where: { id }, include: WITH_LOG }));
}

async function requireWebhook({ db }: Context, id: string): Promise<WebhookRow> {
  const row = await db.prisma.webhook.findUnique({ where: { id } });
  if (row !== null) return row;
  throw new Failure('WEBHOOK_UNKNOWN', `no webhook has the id ${JSON.stringify(id.slice(0, 80))}`, {
    where: 'id',
    fix: 'List the webhooks and pass the id of one.',
  });
}

type Choice = Partial<Pick<CreateWebhookInput, 'url' | 'types' | 'kinds' | 'labels'>>;
type ChosenColumns = Partial<Pick<WebhookRow, 'url' | 'types' | 'kinds' | 'labels'>>;

/** What is given of a choice, as it is stored; nulls count as absent. */
function checked(
  { outgoing }: Pick<Context['config'], 'outgoing'>,
  { url, types, kinds, labels }: Choice,
): ChosenColumns {
  if (!isAbsent(url)) requireUrl(url, outgoing);
  if (types?.some((type) => !CHOSEN_TYPES.includes(type)) === true) {
    throw invalid('input.types', 'a ping cannot be chosen', 'Leave it out: it goes where it is meant to.');
  }
  if ((labels?.length ?? 0) > MOST_LABELS) {
    throw invalid('input.labels', `${labels!.length} labels`, `Pass ${MOST_LABELS} at most.`);
  }
  return {
    ...(isAbsent(url) ? {} : { url }),
    ...(isAbsent(types) ? {} : { types: [...new Set(types)] }),
    ...(isAbsent(kinds) ? {} : { kinds: [...new Set(kinds)] }),
    ...(isAbsent(labels) ? {} : { labels: labels.map((label, index) => requireLabel(label, `input.labels.${index}`)) }),
  };
}

function requireUrl(url: string, outgoing: Context['config']['outgoing']): void {
  const problem = url.length > LONGEST_URL ? `it has more than ${LONGEST_URL} characters` : mayAsk(url, outgoing);
  if (problem === null) return;
  throw invalid(
    'input.url',
    problem,
    'Pass a public https or http address; for one of your own network the operator sets KNEEPOINT_OUTGOING_ALLOW.',
  );
}

function invalid(where: string, message: string, fix: string): Failure {
  return new Failure('WEBHOOK_INVALID', message, { where, fix });
}

function toWebhook(row: WebhookRow): Webhook {
  const { id, url, types, kinds, labels, enabled, disabledReason, failures, failingSince, pausedUntil } = row;
  const { createdAt, createdBy, previousUntil } = row;
  return {
    ...{ id, url, kinds, enabled, disabledReason, failures, failingSince, pausedUntil, createdAt, createdBy },
    types: types as EventType[],
    labels: toLabels(labels),
    previousSecretUntil: previousUntil,
  };
}

function toDelivery({ id, eventId, event, state, createdAt, nextAttemptAt, endedAt, log }: DeliveryWithLog): Delivery {
  return {
    ...{ id, eventId, state, createdAt, endedAt },
    type: event.type as EventType,
    run: event.runId && globalId('Run', event.runId),
    nextAttemptAt: state === 'PENDING' ? nextAttemptAt : null,
    attempts: log.map((attempt) => ({
      ...attempt,
      retryable: attempt.code === null ? null : isRetryable(attempt.code),
    })),
  };
}
