import type { EventType } from '@kneepoint/platform';
import { Arg, Args, ArgsType, Ctx, Field, FieldResolver, ID, InputType, Int, Mutation, ObjectType } from 'type-graphql';
import { Query, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import type { Page } from '../domain/pages.ts';
import * as webhooks from '../domain/webhooks.ts';
import { enumeration } from './enumeration.ts';
import { connectionOf, PageArgs } from './page-info.ts';
import { Label, LabelInput } from './run-details.ts';
import { RunKind } from './run-enums.ts';
import { DateTime } from './scalars.ts';
import { UserError, withUserErrors } from './user-error.ts';

export const EventTypeName = enumeration(
  'EventType',
  'What can happen. CloudEvents calls it `io.kneepoint.run.succeeded.v1` and so on.',
  {
    RUN_QUEUED: 'run.queued',
    RUN_STARTED: 'run.started',
    RUN_SUCCEEDED: 'run.succeeded',
    RUN_FAILED: 'run.failed',
    RUN_CANCELED: 'run.canceled',
    RUN_TIMED_OUT: 'run.timed_out',
    MODEL_REGISTERED: 'model.registered',
    DATASET_REGISTERED: 'dataset.registered',
    WEBHOOK_PING: 'webhook.ping',
  } as const satisfies Readonly<Record<string, EventType>>,
  {
    RUN_QUEUED: 'A run was launched.',
    RUN_STARTED: 'A worker took the first step of a run.',
    RUN_SUCCEEDED: 'A run ended and its results are there; where it made reports, the event has their verdicts.',
    RUN_FAILED: 'A run ended without result; the event has the code of the failure.',
    RUN_CANCELED: 'Somebody ended a run.',
    RUN_TIMED_OUT: 'A run ended because a step took longer than it may.',
    MODEL_REGISTERED: 'A network was imported.',
    DATASET_REGISTERED: 'Labelled images were imported.',
    WEBHOOK_PING: 'Somebody tries whether a webhook arrives. It cannot be chosen: it goes where it is meant to.',
  },
);

export const DeliveryState = enumeration(
  'DeliveryState',
  'How far an event is on its way to a receiver. DELIVERED and FAILED are final.',
  { PENDING: 'PENDING', DELIVERED: 'DELIVERED', FAILED: 'FAILED' },
  {
    PENDING: 'It waits for its turn, or for the next attempt.',
    DELIVERED: 'The receiver answered 2xx.',
    FAILED: 'It was given up: it can be delivered again by a person.',
  },
);

@ObjectType({ description: 'Where events of the project are sent, and which of them. Its secret is shown once.' })
export class Webhook {
  @Field(() => ID, { description: 'For other fields that take a webhook.' })
  id!: string;

  @Field(() => String, { description: 'Where events are posted.' })
  url!: string;

  @Field(() => [EventTypeName], { description: 'What it hears of; empty: of everything.' })
  types!: readonly EventType[];

  @Field(() => [RunKind], { description: 'Of which kinds of runs it hears; empty: of all.' })
  kinds!: readonly string[];

  @Field(() => [Label], { description: 'Labels that a run must all have.' })
  labels!: readonly Label[];

  @Field(() => Boolean, { description: 'Whether events are sent. While it is off, no new ones are noted for it.' })
  enabled!: boolean;

  @Field(() => String, { nullable: true, description: 'Why it is off, where the server turned it off.' })
  disabledReason!: string | null;

  @Field(() => Int, { description: 'Times in a row that the receiver was away.' })
  failures!: number;

  @Field(() => DateTime, { nullable: true, description: 'Since when nothing could be delivered.' })
  failingSince!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Nothing is sent before, as the receiver was away.' })
  pausedUntil!: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'Until when messages are signed by the secret before this one, too.',
  })
  previousSecretUntil!: Date | null;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: Date;

  @Field(() => String, { nullable: true, description: 'Name of who made it.' })
  createdBy!: string | null;
}

@ObjectType({ description: 'One request to a receiver.' })
export class DeliveryAttempt {
  @Field(() => Int, { description: 'From 1.' })
  number!: number;

  @Field(() => DateTime, { description: 'When it was sent.' })
  startedAt!: Date;

  @Field(() => Int, { description: 'Milliseconds until the answer, or until it was given up.' })
  durationMs!: number;

  @Field(() => Int, { nullable: true, description: 'HTTP status of the answer; null where there was none.' })
  status!: number | null;

  @Field(() => String, { nullable: true, description: 'Code of the failure; null where it was delivered.' })
  code!: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether the same request may succeed later; null where it was delivered.',
  })
  retryable!: boolean | null;

  @Field(() => String, {
    nullable: true,
    description: 'The first kilobyte of the answer, or why there was none.',
  })
  response!: string | null;
}

@ObjectType({ description: 'An event on its way to a receiver.' })
export class Delivery {
  @Field(() => ID, { description: 'For `redeliver`.' })
  id!: string;

  @Field(() => ID, { description: 'The `webhook-id` that the receiver gets; it stays the same when it is told again.' })
  eventId!: string;

  @Field(() => EventTypeName, { description: 'What happened.' })
  type!: EventType;

  @Field(() => ID, { nullable: true, description: 'The run that it is about, or that made what it is about.' })
  run!: string | null;

  @Field(() => DeliveryState, { description: 'How far it is.' })
  state!: string;

  @Field(() => DateTime, { description: 'When it was noted.' })
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'When it is sent next; null where it has ended.' })
  nextAttemptAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When it was delivered or given up.' })
  endedAt!: Date | null;

  @Field(() => [DeliveryAttempt], { description: 'The newest twenty attempts, newest first.' })
  attempts!: readonly DeliveryAttempt[];
}

@InputType({ description: 'Where events are sent, and which.' })
export class CreateWebhookInput {
  @Field(() => String, {
    description: 'A public https or http address; of others only those that the operator allows.',
  })
  url!: string;

  @Field(() => [EventTypeName], { nullable: true, description: 'What to hear of; everything when absent.' })
  types?: EventType[];

  @Field(() => [RunKind], { nullable: true, description: 'Of which kinds of runs; all when absent.' })
  kinds?: string[];

  @Field(() => [LabelInput], { nullable: true, description: 'Labels that a run must all have.' })
  labels?: LabelInput[];
}

@InputType({ description: 'What is to change of a webhook; what is absent stays.' })
export class UpdateWebhookInput {
  @Field(() => ID, { description: 'Which webhook.' })
  id!: string;

  @Field(() => String, { nullable: true, description: 'Where events are sent from now on, those that wait, too.' })
  url?: string;

  @Field(() => [EventTypeName], { nullable: true, description: 'What to hear of; empty: everything.' })
  types?: EventType[];

  @Field(() => [RunKind], { nullable: true, description: 'Of which kinds of runs; empty: all.' })
  kinds?: string[];

  @Field(() => [LabelInput], { nullable: true, description: 'Labels that a run must all have.' })
  labels?: LabelInput[];

  @Field(() => Boolean, { nullable: true, description: 'On or off. Turned on, it is sent what waits, at once.' })
  enabled?: boolean;
}

@ObjectType({ description: 'The webhook, and the secret that its messages are signed with.' })
export class WebhookSecretPayload {
  @Field(() => Webhook, { nullable: true, description: 'Null where something was refused.' })
  webhook!: Webhook | null;

  @Field(() => String, {
    nullable: true,
    description: 'As libraries of Standard Webhooks take it: `whsec_…`. It is told once.',
  })
  secret!: string | null;

  @Field(() => [UserError], { description: 'What the caller can put right.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'The webhook as it is now, or as it was.' })
export class WebhookPayload {
  @Field(() => Webhook, { nullable: true, description: 'Null where something was refused.' })
  webhook!: Webhook | null;

  @Field(() => [UserError], { description: 'What the caller can put right.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'What is on its way now.' })
export class DeliveryPayload {
  @Field(() => Delivery, { nullable: true, description: 'Null where something was refused.' })
  delivery!: Delivery | null;

  @Field(() => [UserError], { description: 'What the caller can put right.' })
  userErrors!: UserError[];
}

@ArgsType()
export class DeliveryArgs extends PageArgs {
  @Field(() => DeliveryState, { nullable: true, description: 'Only those that are so far.' })
  state?: string;
}

const WebhookConnection = connectionOf('Webhook', () => Webhook);
const DeliveryConnection = connectionOf('Delivery', () => Delivery);

const hookPayload = (work: () => Promise<Webhook>): Promise<WebhookPayload> =>
  withUserErrors<{ webhook: Webhook | null }>(async () => ({ webhook: await work() }), { webhook: null });
const secretPayload = (work: () => Promise<webhooks.WithSecret>): Promise<WebhookSecretPayload> =>
  withUserErrors<{ webhook: Webhook | null; secret: string | null }>(work, { webhook: null, secret: null });
const deliveryPayload = (work: () => Promise<Delivery>): Promise<DeliveryPayload> =>
  withUserErrors<{ delivery: Delivery | null }>(async () => ({ delivery: await work() }), { delivery: null });

@Resolver(() => Webhook)
export class WebhookResolver {
  @Query(() => WebhookConnection, { description: 'Webhooks of the project; newest first.' })
  webhooks(@Ctx() context: Context, @Args(() => PageArgs) page: PageArgs): Promise<Page<Webhook>> {
    return webhooks.listWebhooks(context, page);
  }

  @Query(() => Webhook, { nullable: true, description: 'A webhook by its id.' })
  webhook(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'As `webhooks` gave it.' }) id: string,
  ): Promise<Webhook | null> {
    return webhooks.findWebhook(context, id);
  }

  @FieldResolver(() => DeliveryConnection, { description: 'What was sent to it, or waits to be; newest first.' })
  deliveries(
    @Ctx() context: Context,
    @Root() { id }: Webhook,
    @Args(() => DeliveryArgs) { state, ...page }: DeliveryArgs,
  ): Promise<Page<Delivery>> {
    return webhooks.listDeliveries(context, id, page, state);
  }

  @Mutation(() => WebhookSecretPayload, { description: 'Has events of the project sent somewhere, signed.' })
  createWebhook(
    @Ctx() context: Context,
    @Arg('input', () => CreateWebhookInput, { description: 'Where, and which.' }) input: CreateWebhookInput,
  ): Promise<WebhookSecretPayload> {
    return secretPayload(() => webhooks.createWebhook(context, input));
  }

  @Mutation(() => WebhookPayload, { description: 'Changes where events are sent, or which, or turns it on or off.' })
  updateWebhook(
    @Ctx() context: Context,
    @Arg('input', () => UpdateWebhookInput, { description: 'What changes.' }) input: UpdateWebhookInput,
  ): Promise<WebhookPayload> {
    return hookPayload(() => webhooks.updateWebhook(context, input));
  }

  @Mutation(() => WebhookPayload, { description: 'Ends it, with what waits for it and the log of its deliveries.' })
  deleteWebhook(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Which webhook.' }) id: string,
  ): Promise<WebhookPayload> {
    return hookPayload(() => webhooks.deleteWebhook(context, id));
  }

  @Mutation(() => WebhookSecretPayload, {
    description: 'Makes another secret. Messages are signed by both for a day, so that the receiver can change over.',
  })
  rotateWebhookSecret(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Which webhook.' }) id: string,
    @Arg('overlapHours', () => Int, {
      nullable: true,
      description: 'For how long the old one signs, too: 0 to 720, 24 when absent. 0: it became known to others.',
    })
    overlapHours?: number,
  ): Promise<WebhookSecretPayload> {
    return secretPayload(() => webhooks.rotateSecret(context, id, overlapHours));
  }

  @Mutation(() => DeliveryPayload, { description: 'Sends it a ping, once, also while it is off.' })
  testWebhook(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Which webhook.' }) id: string,
  ): Promise<DeliveryPayload> {
    return deliveryPayload(() => webhooks.testWebhook(context, id));
  }

  @Mutation(() => DeliveryPayload, {
    description:
      'Sends an event once more under the same id, whatever came of it before, also while the webhook is off.',
  })
  redeliver(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Which delivery.' }) id: string,
  ): Promise<DeliveryPayload> {
    return deliveryPayload(() => webhooks.redeliver(context, id));
  }
}
