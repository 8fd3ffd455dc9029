import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cancelRun, launchRun, makeSecret, seal, storedJson } from '@kneepoint/platform';
import type { TaskSpec } from '@kneepoint/regression';
import { REPORT } from '@kneepoint/workflow';
import { measuredResult } from '@kneepoint/workflow/testing';
import { CloudEvent } from 'cloudevents';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../../test/support/services.ts';
import { Receiver } from '../../../../test/support/webhook-receiver.ts';
import { seedDataset, seedModel, seedRun } from '../testing/seed.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import { composeWith } from './cloud-event.ts';
import { globalId } from './ids.ts';

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

const arrived = (count: number) => expect.poll(() => receiver.received.length, { timeout: 10_000 }).toBe(count);
const bodies = () => receiver.received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);

async function deliveriesOf(id: string): Promise<Record<string, unknown>[]> {
  const { webhook } = await gateway.query<{ webhook: { deliveries: { edges: { node: Record<string, unknown> }[] } } }>(
    `query($id: ID!) { webhook(id: $id) { deliveries(first: 10) { edges { node {
      id eventId type run state nextAttemptAt attempts { number status code response }
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
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
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
    expect(said).toBe(`io.kneepoint.run.queued.v1 ${globalId('Run', run.id)}\n`);
  } finally {
    child.kill();
    await rm(folder, { recursive: true, force: true });
  }
});

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
  expect(await composeWith(gateway.db, PUBLIC_URL)(event)).toMatchObject({
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
        { type: 'RUN_QUEUED', state: 'DELIVERED', attempts: [{ number: 1, status: 204, code: null, response: '' }] },
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

  it('is one of twenty at most', async () => {
    for (let made = 0; made < 20; made += 1) expect((await create()).userErrors).toEqual([]);
    expect((await create()).userErrors).toEqual([{ code: 'WEBHOOKS_TOO_MANY', field: null }]);
  });
});
