import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateWebhookDocument,
  DeleteWebhookDocument,
  DeliveriesDocument,
  type DeliveryFieldsFragment,
  type DeliveryState,
  type EventType,
  type KneepointClient,
  nodesOf,
  RedeliverDocument,
  RotateWebhookSecretDocument,
  type RunKind,
  TestWebhookDocument,
  UpdateWebhookDocument,
  type WebhookFieldsFragment,
  WebhooksDocument,
} from '@kneepoint/client';
import { Failure } from '@kneepoint/failures';
import type { Command } from 'commander';
import { note, print, printJson } from '../output.ts';
import { table } from '../render/table.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';

interface ChoiceOptions extends ServerOptions {
  readonly type?: readonly string[];
  readonly kind?: readonly string[];
  readonly label?: readonly string[];
}

/** As many as are listed at once. */
const NEWEST = 100;
/** For how long `test` waits for what came of it: longer than a receiver may take. */
const TEST_MS = 30_000;
const LOOK_MS = 300;

/** `webhook add`, `list`, `set`, `remove`, `rotate`, `test`, `deliveries` and `redeliver`. */
export function registerWebhook(program: Command): void {
  const parent = program
    .command('webhook')
    .description('where events of a project are sent as signed CloudEvents, for those who administer it');
  withChoice(withServerOptions(parent.command('add <url>')))
    .description('send events to an address; the secret that signs them is printed once')
    .action(async (url: string, options: ChoiceOptions) => {
      const made = await withConnection(options, ({ client }) =>
        client.mutate(CreateWebhookDocument, { input: { url, ...choiceOf(options) } }),
      );
      tellSecret(made, options);
    });
  withServerOptions(parent.command('list'))
    .description('webhooks of the project')
    .action(async (options: ServerOptions) => {
      const hooks = await withConnection(options, ({ client }) => webhooksOf(client));
      if (options.json) return printJson(hooks);
      print(
        table(
          ['id', 'url', 'hears of', 'state'],
          hooks.map((hook) => [hook.id, hook.url, choice(hook), stateOf(hook)]),
        ),
      );
    });
  withChoice(withServerOptions(parent.command('set <id>')))
    .description('change what a webhook hears of, where it leads, or turn it on or off')
    .option('--to <url>', 'where events are sent from now on')
    .option('--on', 'turn it on; what waits is sent at once')
    .option('--off', 'turn it off')
    .action(async (id: string, options: ChoiceOptions & { to?: string; on?: boolean; off?: boolean }) => {
      const { to, on = false, off = false } = options;
      const enabled = on === off ? {} : { enabled: on };
      const input = { id, ...choiceOf(options), ...(to === undefined ? {} : { url: to }), ...enabled };
      const { webhook } = await withConnection(options, ({ client }) =>
        client.mutate(UpdateWebhookDocument, { input }),
      );
      if (options.json) printJson(webhook);
      else print(`${webhook.url} hears of ${choice(webhook)}; ${stateOf(webhook)}`);
    });
  withServerOptions(parent.command('remove <id>'))
    .description('end a webhook, with what waits for it and the log of its deliveries')
    .action(async (id: string, options: ServerOptions) => {
      const { webhook } = await withConnection(options, ({ client }) => client.mutate(DeleteWebhookDocument, { id }));
      if (options.json) printJson(webhook);
      else print(`nothing is sent to ${webhook.url} any more`);
    });
  withServerOptions(parent.command('rotate <id>'))
    .description('make another secret, which is printed once; both sign for a while')
    .option('--overlap <hours>', 'for how long the old one signs, too; 0: it became known to others (default: 24)')
    .action(async (id: string, options: ServerOptions & { overlap?: string }) => {
      const overlapHours = options.overlap === undefined ? null : Number(options.overlap);
      const made = await withConnection(options, ({ client }) =>
        client.mutate(RotateWebhookSecretDocument, { id, overlapHours }),
      );
      tellSecret(made, options);
    });
  withServerOptions(parent.command('test <id>'))
    .description('send a ping and say what came of it')
    .action(async (id: string, options: ServerOptions) => {
      const delivery = await withConnection(options, async ({ client }) => {
        const { delivery: sent } = await client.mutate(TestWebhookDocument, { id });
        return outcomeOf(client, id, sent);
      });
      if (options.json) printJson(delivery);
      else print(tell(delivery));
      if (delivery.state !== 'DELIVERED') process.exitCode = 1;
    });
  withServerOptions(parent.command('deliveries <id>'))
    .description('the newest hundred deliveries of a webhook, and what came of each')
    .option('--state <state>', 'pending, delivered or failed')
    .action(async (id: string, options: ServerOptions & { state?: string }) => {
      const state = options.state === undefined ? null : requireState(options.state);
      const rows = await withConnection(options, ({ client }) => deliveriesOf(client, id, state));
      if (options.json) return printJson(rows);
      print(
        table(
          ['id', 'event', 'state', 'attempts', 'last'],
          rows.map((row) => [row.id, row.type, row.state, String(row.attempts[0]?.number ?? 0), lastOf(row)]),
        ),
      );
    });
  withServerOptions(parent.command('redeliver <delivery>'))
    .description('send an event once more')
    .action(async (id: string, options: ServerOptions) => {
      const { delivery } = await withConnection(options, ({ client }) => client.mutate(RedeliverDocument, { id }));
      if (options.json) printJson(delivery);
      else print(`${delivery.type} is on its way again: delivery ${delivery.id}`);
    });
}

function withChoice(command: Command): Command {
  return command
    .option('--type <type...>', 'what to hear of, such as run.succeeded (default: everything)')
    .option('--kind <kind...>', 'of which kinds of runs, such as compression (default: all)')
    .option('--label <label...>', 'labels that a run must have, as key=value');
}

function choiceOf({ type, kind, label }: ChoiceOptions) {
  return {
    ...(type === undefined ? {} : { types: type.map((one) => nameOf(one) as EventType) }),
    ...(kind === undefined ? {} : { kinds: kind.map((one) => nameOf(one) as RunKind) }),
    ...(label === undefined ? {} : { labels: label.map(labelOf) }),
  };
}

/** `run.succeeded` as the API names it. */
function nameOf(text: string): string {
  return text.toUpperCase().replaceAll(/[.-]/g, '_');
}

function labelOf(text: string): { key: string; value: string } {
  const at = text.indexOf('=');
  if (at > 0) return { key: text.slice(0, at), value: text.slice(at + 1) };
  throw new Failure('WEBHOOK_INVALID', `"${text}" is no label`, { where: '--label', fix: 'Pass key=value.' });
}

function requireState(text: string): DeliveryState {
  const state = nameOf(text);
  if (state === 'PENDING' || state === 'DELIVERED' || state === 'FAILED') return state;
  throw new Failure('WEBHOOK_INVALID', `"${text}" is no state of a delivery`, {
    where: '--state',
    fix: 'Pass pending, delivered or failed.',
  });
}

function tellSecret(
  { webhook, secret }: { readonly webhook: WebhookFieldsFragment; readonly secret: string },
  { json }: ServerOptions,
): void {
  if (json) return printJson({ ...webhook, secret });
  print(secret);
  note(`the webhook is ${webhook.id}; its secret is not shown again`);
}

async function webhooksOf(client: KneepointClient): Promise<readonly WebhookFieldsFragment[]> {
  return nodesOf((await client.query(WebhooksDocument, { first: NEWEST })).webhooks);
}

async function deliveriesOf(
  client: KneepointClient,
  id: string,
  state: DeliveryState | null,
): Promise<readonly DeliveryFieldsFragment[]> {
  const { webhook } = await client.query(DeliveriesDocument, { id, first: NEWEST, state });
  if (webhook !== null) return nodesOf(webhook.deliveries);
  throw new Failure('WEBHOOK_UNKNOWN', `no webhook has the id "${id}"`, {
    where: '<id>',
    fix: 'List them: kneepoint webhook list.',
  });
}

/** The delivery once it has ended, or as it is after half a minute. */
async function outcomeOf(
  client: KneepointClient,
  id: string,
  sent: DeliveryFieldsFragment,
): Promise<DeliveryFieldsFragment> {
  let delivery = sent;
  for (const until = Date.now() + TEST_MS; delivery.state === 'PENDING' && Date.now() < until;) {
    await sleep(LOOK_MS);
    delivery = (await deliveriesOf(client, id, null)).find((one) => one.id === sent.id) ?? delivery;
  }
  return delivery;
}

function tell(delivery: DeliveryFieldsFragment): string {
  const [attempt] = delivery.attempts;
  if (attempt === undefined) return 'the ping has not been sent yet';
  const answer = attempt.response === null || attempt.response === '' ? '' : `: ${attempt.response}`;
  return `${attempt.status === null ? attempt.code! : `status ${attempt.status}`} after ${attempt.durationMs} ms${answer}`;
}

function lastOf({ state, attempts, nextAttemptAt }: DeliveryFieldsFragment): string {
  const [attempt] = attempts;
  const said = attempt === undefined ? '' : attempt.status === null ? attempt.code! : `status ${attempt.status}`;
  return state === 'PENDING' && nextAttemptAt !== null ? `${said} next ${nextAttemptAt}`.trim() : said;
}

function choice({ types, kinds, labels }: WebhookFieldsFragment): string {
  const parts = [...types, ...kinds, ...labels.map(({ key, value }) => `${key}=${value}`)];
  return parts.length === 0 ? 'everything' : parts.join(', ');
}

function stateOf({ enabled, disabledReason, failingSince }: WebhookFieldsFragment): string {
  if (!enabled) return disabledReason === null ? 'off' : `off: ${disabledReason}`;
  return failingSince === null ? 'on' : `failing since ${failingSince}`;
}
