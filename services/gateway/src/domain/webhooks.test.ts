import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cancelRun, launchRun, makeSecret, seal, storedJson, unsealed } from '@kneepoint/platform';
import type { TaskSpec } from '@kneepoint/regression';
import { REPORT } from '@kneepoint/workflow';
import { measuredResult } from '@kneepoint/workflow/testing';
import { CloudEvent } from 'cloudevents';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../../test/support/services.ts';
import { Receiver } from '../../../../test/support/webhook-receiver.ts';
import type { Context } from '../context.ts';
import { seedDataset, seedModel, seedRun } from '../testing/seed.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import { composeWith } from './cloud-event.ts';
import { globalId } from './ids.ts';
import { rotateSecret } from './webhooks.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const PUBLIC_URL = 'https://kneepoint.example.org/here';
const GENDER: TaskSpec = { name: 'gender', type: 'binary', classes: ['female', 'male'], targets: ['gender'] };
const KEY = 'a-key-of-an-operator-that-only-this-test-knows';

let gateway: TestGateway;
let receiver: Receiver;
beforeAll(async () => {
  gateway = await openTestGateway({
    settings: { KNEEPOINT_OUTGOING_ALLOW: '127.0.0.1', KNEEPOINT_PUBLIC_URL: PUBLIC_URL, KNEEPOINT_SECRETS_KEY: KEY },
  });
});
afterAll(() => gateway.close());
beforeEach(async () => {
  receiver = await new Receiver().start();
});
afterEach(async () => {
  await gateway.db.prisma.webhook.deleteMany();
  await receiver.stop();
});

interface Made {
  readonly webhook: { readonly id: string } | null;
  readonly secret: string | null;
  readonly userErrors: readonly { readonly code: string; readonly field: string }[];
}

async function create(input: object = {}): Promise<Made> {
  const { createWebhook } = await gateway.query<{ createWebhook: Made }>(
    'mutation($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } secret userErrors { code field } } }',
    { input: { url: receiver.url, ...input } },
  );
  return createWebhook;
}

const arrived = (count: number) => expect.poll(() => receiver.received.length).toBe(count);
const bodies = () => receiver.received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);

async function deliveriesOf(id: string): Promise<Record<string, unknown>[]> {
  const { webhook } = await gateway.query<{ webhook: { deliveries: { edges: { node: Record<string, unknown> }[] } } }>(
    `query($id: ID!) { webhook(id: $id) { deliveries(first: 10) { edges { node {
      id eventId type run state nextAttemptAt attempts { number status code retryable response }
    } } } } }`,
    { id },
  );
  return webhook.deliveries.edges.map(({ node }) => node);
}

it('the receiver of docs/webhooks.md takes what is signed for it, once, and nothing else', async () => {
  const docs = await readFile(join(ROOT, 'docs', 'webhooks.md'), 'utf8');
  const text = /^```ts receiver\n([\s\S]*?)^```$/m.exec(docs)![1]!;
  await mkdir(join(ROOT, '.cache'), { recursive: true });
  // Inside of the checkout, where its import is found.
  const folder = await mkdtemp(join(ROOT, '.cache', 'receiver-'));
  await writeFile(join(folder, 'receiver.mts'), text);
  const [port, secret] = [await freePort(), makeSecret()];
  const child = spawn(process.execPath, ['--import', 'tsx', join(folder, 'receiver.mts')], {
    env: { ...process.env, PORT: String(port), WEBHOOK_SECRET: secret },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
    const url = `http://127.0.0.1:${port}`;
    await expect
      .poll(
        () =>
          fetch(url).then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 20_000 },
      )
      .toBe(401);
    const { webhook } = await create({ url });
    const secretOf = seal(secret, webhook!.id, [KEY]);
    await gateway.db.prisma.webhook.update({ where: { id: webhook!.id }, data: { secret: secretOf } });
    const run = await seedRun(gateway);
    await expect.poll(() => deliveriesOf(webhook!.id)).toMatchObject([{ state: 'DELIVERED' }]);
    const [sent] = await deliveriesOf(webhook!.id);
    await gateway.query('mutation($id: ID!) { redeliver(id: $id) { delivery { id } } }', { id: sent!['id'] });
    await expect.poll(() => deliveriesOf(webhook!.id)).toMatchObject([{ state: 'DELIVERED' }, { state: 'DELIVERED' }]);
    // A letter of two bytes, cut in the middle of it on the way.
    expect(await sendCut(url, secret, JSON.stringify({ id: 'cut', type: 'a run', subject: 'nächtlich' }))).toBe(204);
    await expect.poll(() => said).toBe(`io.kneepoint.run.queued.v1 ${globalId('Run', run.id)}\na run nächtlich\n`);
  } finally {
    child.kill();
    await rm(folder, { recursive: true, force: true });
  }
});

async function sendCut(url: string, secret: string, body: string): Promise<number | undefined> {
  const bytes = Buffer.from(body);
  const at = new Date();
  const post = request(url, {
    method: 'POST',
    headers: {
      ...{ 'content-length': bytes.byteLength, 'webhook-id': 'cut', 'webhook-timestamp': Math.floor(+at / 1000) },
      'webhook-signature': new StandardWebhook(secret).sign('cut', at, body),
    },
  });
  const cut = bytes.indexOf(0xc3) + 1;
  post.write(bytes.subarray(0, cut));
  await sleep(50);
  post.end(bytes.subarray(cut));
  const [response] = (await once(post, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

it('of a run that made a report says its verdict, and which network it is about', async () => {
  const dataset = await seedDataset(gateway, [GENDER]);
  const run = await seedRun(gateway, { datasetId: dataset.id });
  const [step] = await gateway.db.prisma.step.findMany({ where: { runId: run.id }, orderBy: { position: 'asc' } });
  const output = { modelSha256: 'e'.repeat(64), report: measuredResult() };
  await gateway.db.prisma.step.update({
    where: { id: step!.id },
    data: { kind: REPORT.kind, state: 'SUCCEEDED', input: { label: '0.01' }, output: storedJson(output) },
  });
  const facts = { kind: 'COMPRESSION', state: 'SUCCEEDED', modelId: null, datasetId: dataset.id, failure: null };
  const event = await gateway.db.prisma.event.create({ data: { type: 'run.succeeded', runId: run.id, facts } });
  const urls = ['http://10.1.0.1:4000', 'http://10.1.0.2:4000'];
  const [one, other] = await Promise.all(urls.map((url) => composeWith(gateway.db, { publicUrl: null, url })(event)));
  expect(other!.source).toBe(one!.source);
  const sent = JSON.parse(JSON.stringify(one)) as Partial<CloudEvent<unknown>>;
  expect(new CloudEvent(sent, true).source).toBe('urn:kneepoint:default');
  expect(await composeWith(gateway.db, { publicUrl: PUBLIC_URL, url: urls[0]! })(event)).toMatchObject({
    data: {
      run: { dataset: dataset.globalId, model: null },
      results: [
        {
          ...{ label: '0.01', modelSha256: 'e'.repeat(64) },
          verdict: expect.stringMatching(/^90 % fewer MACs, 88 % smaller/) as string,
        },
      ],
    },
  });
});

describe('a webhook', () => {
  it('hears of runs as CloudEvents, with ids that the API knows, signed with the secret that was shown once', async () => {
    const { webhook, secret } = await create({ labels: [{ key: 'team', value: 'vision' }] });
    const model = await seedModel(gateway);
    await seedRun(gateway);
    const run = await seedRun(gateway, { modelId: model.id, name: 'nightly', labels: ['team=vision'] });
    await cancelRun(gateway.db, gateway.bus, run.id);
    await arrived(2);
    for (const { headers, body } of receiver.received) {
      expect(new StandardWebhook(secret!).verify(body, headers)).toBeTruthy();
      // The stock library throws for what is no CloudEvent.
      expect(new CloudEvent(JSON.parse(body) as Partial<CloudEvent<unknown>>, true).id).toBe(headers['webhook-id']);
    }
    const [queued, canceled] = bodies();
    expect(canceled).toMatchObject({
      specversion: '1.0',
      type: 'io.kneepoint.run.canceled.v1',
      source: PUBLIC_URL,
      subject: globalId('Run', run.id),
      datacontenttype: 'application/json',
      project: 'default',
      data: {
        run: {
          id: globalId('Run', run.id),
          kind: 'ANALYSIS',
          state: 'CANCELED',
          name: 'nightly',
          model: model.globalId,
        },
        ...{ failure: null, results: [], links: { graphql: `${PUBLIC_URL}/graphql` } },
      },
    });
    expect(String(canceled!['sequence']) > String(queued!['sequence'])).toBe(true);
    await expect
      .poll(() => deliveriesOf(webhook!.id))
      .toMatchObject([
        { type: 'RUN_CANCELED', state: 'DELIVERED', run: globalId('Run', run.id), nextAttemptAt: null },
        {
          type: 'RUN_QUEUED',
          state: 'DELIVERED',
          attempts: [{ number: 1, status: 204, code: null, retryable: null, response: '' }],
        },
      ]);
    const kept = JSON.stringify(await gateway.db.prisma.webhook.findMany());
    expect(kept).toContain('sealed:');
    for (const text of [kept, gateway.log.join(''), JSON.stringify(await gateway.db.prisma.audit.findMany())]) {
      expect(text).not.toContain(secret!.slice('whsec_'.length));
    }
  });

  it('can be tried, told again, changed, given another secret and deleted', async () => {
    const { webhook, secret } = await create({ types: ['RUN_FAILED'] });
    const { id } = webhook!;
    const ask = async (field: string, selection: string, args = `id: "${id}"`): Promise<Record<string, unknown>> => {
      const data = await gateway.query<Record<string, Record<string, unknown>>>(
        `mutation { ${field}(${args}) { ${selection} userErrors { code field } } }`,
      );
      expect(data[field]!['userErrors']).toEqual([]);
      return data[field]!;
    };
    await ask('testWebhook', 'delivery { type state }');
    await arrived(1);
    expect(bodies()[0]).toMatchObject({ type: 'io.kneepoint.webhook.ping.v1' });
    const next = await ask('rotateWebhookSecret', 'secret webhook { previousSecretUntil }');
    const [sent] = await deliveriesOf(id);
    await ask('redeliver', 'delivery { id }', `id: "${String(sent!['id'])}"`);
    await arrived(2);
    const [first, second] = receiver.received;
    expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
    for (const one of [secret, next['secret'] as string]) {
      expect(new StandardWebhook(one!).verify(second!.body, second!.headers)).toBeTruthy();
    }
    expect(() => new StandardWebhook(next['secret'] as string).verify(first!.body, first!.headers)).toThrow();
    await ask('rotateWebhookSecret', 'secret', `id: "${id}", overlapHours: 0`);
    await ask('testWebhook', 'delivery { id }');
    await arrived(3);
    const { body, headers } = receiver.received[2]!;
    expect(() => new StandardWebhook(secret!).verify(body, headers)).toThrow();

    const off = await ask(
      'updateWebhook',
      'webhook { types enabled url }',
      `input: { id: "${id}", types: [], enabled: false }`,
    );
    expect(off['webhook']).toEqual({ types: [], enabled: false, url: receiver.url });
    await launchRun(gateway.db, {
      ...{ kind: 'ANALYSIS', input: {} },
      steps: [{ ref: 'a', kind: 'k', service: 'nobody', name: 'n', key: 'webhook off', input: {}, dependsOn: [] }],
    });
    expect(await gateway.db.prisma.delivery.count({ where: { state: 'PENDING' } })).toBe(0);
    await ask('deleteWebhook', 'webhook { id }');
    expect(await gateway.query('{ webhooks(first: 1) { totalCount } }')).toEqual({ webhooks: { totalCount: 0 } });
    expect(await gateway.db.prisma.delivery.count({ where: { webhookId: id } })).toBe(0);
  });

  it.each([
    ['an address of this network', { url: 'http://10.0.0.1/hook' }, 'input.url'],
    ['no address', { url: 'somewhere' }, 'input.url'],
    ['an address of another kind', { url: 'file:///etc/passwd' }, 'input.url'],
    ['a password in the address', { url: 'https://a:b@example.org' }, 'input.url'],
    ['pings', { types: ['WEBHOOK_PING'] }, 'input.types'],
  ])('is refused with %s', async (_what, input, field) => {
    expect(await create(input)).toEqual({
      webhook: null,
      secret: null,
      userErrors: [{ code: 'WEBHOOK_INVALID', field }],
    });
  });

  it('is one of twenty at most, also where many are made at once', async () => {
    const made = await Promise.all(Array.from({ length: 24 }, () => create()));
    expect(made.filter(({ webhook }) => webhook !== null)).toHaveLength(20);
    expect(made.filter(({ userErrors }) => userErrors[0]?.code === 'WEBHOOKS_TOO_MANY')).toHaveLength(4);
  });

  it('begins afresh with another address, and with another secret where its own cannot be read', async () => {
    const { webhook } = await create();
    const { id } = webhook!;
    const change = async (field: string, args: string): Promise<unknown> => {
      const later = new Date(Date.now() + 3600_000);
      const bad = { failures: 9, failingSince: new Date(), pausedUntil: later };
      await gateway.db.prisma.webhook.update({ where: { id }, data: bad });
      const run = await seedRun(gateway);
      const waiting = await gateway.db.prisma.delivery.findFirstOrThrow({ where: { event: { runId: run.id } } });
      await gateway.db.prisma.delivery.update({ where: { id: waiting.id }, data: { nextAttemptAt: later } });
      const data = await gateway.query<Record<string, { webhook: unknown }>>(
        `mutation { ${field}(${args}) { webhook { failures failingSince pausedUntil previousSecretUntil } } }`,
      );
      return data[field]!.webhook;
    };
    const afresh = { failures: 0, failingSince: null, pausedUntil: null, previousSecretUntil: null };
    expect(await change('updateWebhook', `input: { id: "${id}", url: "${receiver.url}?2" }`)).toEqual(afresh);
    await arrived(1);
    const secret = seal(makeSecret(), id, ['a-key-of-an-operator-that-nobody-has-any-more']);
    await gateway.db.prisma.webhook.update({ where: { id }, data: { secret } });
    expect(await change('rotateWebhookSecret', `id: "${id}"`)).toEqual(afresh);
    await arrived(2);
  });

  it('signs by both secrets after a key was changed, once the old key is gone', async () => {
    const { webhook } = await create();
    const { id } = webhook!;
    const secret = seal(makeSecret(), id, ['an-older-key-of-an-operator-of-this-test']);
    const keys = ['a-newer-key-of-an-operator-of-this-test', 'an-older-key-of-an-operator-of-this-test'];
    await gateway.db.prisma.webhook.update({ where: { id }, data: { secret } });
    const config = { webhooks: { secretsKeys: keys } } as unknown as Context['config'];
    await rotateSecret({ db: gateway.db, config } as Context, id, undefined);
    const { previousSecret } = await gateway.db.prisma.webhook.findUniqueOrThrow({ where: { id } });
    expect(unsealed(previousSecret!, id, keys.slice(0, 1))).toBe(unsealed(secret, id, keys));
  });
});
