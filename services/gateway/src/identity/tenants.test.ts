import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createToken, type Database, isAtLeast, launchRun, type Role, ROLES } from '@kneepoint/platform';
import { YAW } from '@kneepoint/workflow/testing';
import type { GraphQLField } from 'graphql';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { globalId } from '../domain/ids.ts';
import { createSchema } from '../schema/schema.ts';
import { callsOf, type Subjects } from '../testing/field-call.ts';
import { digest, seedDataset, seedModel, seedRun } from '../testing/seed.ts';
import { type Answer, openTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import { RULES } from './rules.ts';

const schema = createSchema();
const ROOTS = {
  Query: schema.getQueryType()!,
  Mutation: schema.getMutationType()!,
  Subscription: schema.getSubscriptionType()!,
};
const FIELDS = Object.entries(ROOTS).flatMap(([root, type]) =>
  Object.values(type.getFields()).map((field) => [root as keyof typeof ROOTS, field.name, field] as const),
);

let gateway: TestGateway;
/** Tokens by `project role`. */
const tokens = new Map<string, string>();
let ours: Subjects;
let theirs: Subjects;
/** Ids of the right form that nobody has. */
let absent: Subjects;

beforeAll(async () => {
  gateway = await openTestGateway();
  for (const project of ['ours', 'theirs']) {
    await gateway.db.prisma.project.create({ data: { id: project, name: project } });
    for (const role of ROLES) {
      const { text } = await createToken(gateway.db, { name: `${project} ${role}`, role, projectId: project });
      tokens.set(`${project} ${role}`, text);
    }
  }
  ours = await seed('ours');
  theirs = await seed('theirs');
  absent = {
    ...{ Model: globalId('Model', randomUUID()), Dataset: globalId('Dataset', randomUUID()) },
    ...{ Run: globalId('Run', randomUUID()), Token: '0'.repeat(16), Upload: randomUUID(), sha256: digest() },
    ...{ Webhook: randomUUID(), Delivery: randomUUID() },
  };
});
afterAll(() => gateway.close());

async function seed(project: string): Promise<Subjects> {
  const bound = { ...gateway, db: gateway.db.forProject(project) };
  const model = await seedModel(bound, { name: `${project} net` });
  const dataset = await seedDataset(bound, [YAW]);
  const run = await seedRun(bound, { modelId: model.id, datasetId: dataset.id, tasks: ['yaw'] });
  const { sha256, bytes } = await gateway.store.put(Buffer.from(`bytes of ${project}`));
  await bound.db.prisma.artifact.create({ data: { sha256, bytes, mediaType: 'x' } });
  // What a training made, by its sum.
  const step = await bound.db.prisma.step.findFirstOrThrow({ where: { runId: run.id } });
  const output = { modelSha256: sha256 };
  await bound.db.prisma.result.create({ data: { key: step.key, kind: 'prune', output, artifacts: [sha256] } });
  const { token } = await createToken(bound.db, { name: `of ${project}`, role: 'viewer', projectId: project });
  // It hears of nothing that happens here.
  const hook = await bound.db.prisma.webhook.create({
    data: { url: `https://example.org/${project}`, secret: 'open:whsec_AAAA', types: ['model.registered'] },
  });
  const event = await bound.db.prisma.event.create({ data: { type: 'run.queued', runId: run.id, facts: {} } });
  const ended = { state: 'DELIVERED', nextAttemptAt: new Date() };
  const delivery = await bound.db.prisma.delivery.create({
    data: { webhookId: hook.id, eventId: event.id, ...ended },
  });
  const ids = {
    Webhook: hook.id,
    Delivery: delivery.id,
    Model: model.globalId,
    Dataset: dataset.globalId,
    Run: globalId('Run', run.id),
  };
  return { ...ids, Token: token.id, Upload: randomUUID(), sha256 };
}

async function ask(token: string | undefined, query: string, headers: object = {}): Promise<Response> {
  return fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify({ query }),
  });
}

/** How long a subscription that may have nothing to say is listened to. */
const QUIET_MS = 500;

/** The answer as somebody gets it, over HTTP or, where it is a subscription, the first one over a socket; nothing where none comes in time. */
async function answer(token: string, query: string, quietMs = QUIET_MS): Promise<Answer<Record<string, unknown>>> {
  if (!query.startsWith('subscription'))
    return (await (await ask(token, query)).json()) as Answer<Record<string, unknown>>;
  const client = socketOf(token);
  try {
    const first = client.iterate({ query }).next();
    const quiet = sleep(quietMs, { value: {} });
    return (await Promise.race([first, quiet])).value as Answer<Record<string, unknown>>;
  } finally {
    await client.dispose();
  }
}

function socketOf(token: string | undefined) {
  return createClient({
    url: `${gateway.url.replace('http', 'ws')}/graphql`,
    connectionParams: token === undefined ? {} : { authorization: `Bearer ${token}` },
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
}

const codeOf = ({ errors = [] }: Answer<unknown>): string | undefined => errors[0]?.extensions?.code;

describe('every field of the roots', () => {
  it.each(FIELDS)('%s.%s is for those with its role, and for nobody else', async (root, name, field) => {
    const rule = RULES[root][name]!;
    const [query] = callsOf(root, field as GraphQLField<unknown, unknown>, absent);
    for (const role of ROLES) {
      const said = await answer(tokens.get(`ours ${role}`)!, query!);
      const allowed = isAtLeast(role, rule.least) && rule.everywhere !== true;
      expect(codeOf(said) === 'FORBIDDEN', `${role}: ${query} → ${JSON.stringify(said)}`).toBe(!allowed);
      // What a test asks must be asked rightly, or it shows nothing.
      expect(codeOf(said) ?? '', `${query} → ${JSON.stringify(said)}`).not.toMatch(/^GRAPHQL_/);
    }
  });

  it.each(FIELDS)(
    '%s.%s says of what is another project’s what it says of what is not there',
    async (root, name, field) => {
      const calls = (of: Subjects): readonly string[] => callsOf(root, field as GraphQLField<unknown, unknown>, of);
      const token = tokens.get('ours admin')!;
      const [asked, unknown] = [calls(theirs), calls(absent)];
      for (const [index, query] of asked.entries()) {
        if (query === unknown[index]) continue;
        const [foreign, none] = [await answer(token, query), await answer(token, unknown[index]!)];
        expect(plain(foreign, theirs)).toEqual(plain(none, absent));
      }
    },
  );

  it.each(FIELDS.filter(([root]) => root !== 'Mutation'))(
    '%s.%s gives what is one’s own',
    async (root, _name, field) => {
      for (const query of callsOf(root, field as GraphQLField<unknown, unknown>, ours)) {
        const said = await answer(tokens.get('ours admin')!, query, 10_000);
        // An analysis is all that a matrix could show or curves could be drawn from, and there is none.
        if (codeOf(said) !== 'ANALYSIS_MISSING')
          expect(said, query).toMatchObject({ data: { [field.name]: expect.anything() as object } });
      }
    },
  );

  it('nothing is told to who says not who asks', async () => {
    for (const [root, , field] of FIELDS) {
      const [query] = callsOf(root, field as GraphQLField<unknown, unknown>, ours);
      if (root === 'Subscription') continue;
      const response = await ask(undefined, query!);
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    }
    await expect(socketOf(undefined).iterate({ query: '{ __typename }' }).next()).rejects.toMatchObject({ code: 4401 });
  });
});

/** An answer without what has to differ: the ids that were asked for, and what is made anew for each request. */
function plain(said: object, subjects: Subjects): unknown {
  const text = Object.entries(subjects).reduce(
    (left, [name, value]) => left.replaceAll(value as string, name).replaceAll(local(value as string), name),
    JSON.stringify(said),
  );
  const made = /"(requestId|id|secret|url|expiresAt|createdAt|endCursor|cursor)":"[^"]*"/g;
  return JSON.parse(text.replace(made, '"$1":"…"').replace(/"totalCount":\d+/g, '"totalCount":0'));
}

/** The id of the row, where a global id is one. */
function local(id: string): string {
  return /^(?:Model|Dataset|Run|Artifact):([\w-]+)$/.exec(Buffer.from(id, 'base64url').toString())?.[1] ?? id;
}

describe('two projects', () => {
  const admin = () => tokens.get('ours admin')!;
  const data = async <Data>(token: string, query: string): Promise<Data> => {
    const said = await answer(token, query);
    expect(said.errors).toBeUndefined();
    return said.data as Data;
  };
  interface Launched {
    readonly run: { readonly id: string; readonly reused: boolean; readonly createdBy: string } | null;
    readonly userErrors: readonly object[];
  }

  it('are not in each other’s lists, nor in the counts, whatever cursor or filter is passed', async () => {
    const [mine, cursors] = await Promise.all(
      [admin(), tokens.get('theirs admin')!].map(async (token) => {
        const page = '{ edges { cursor node { id } } totalCount }';
        const query = `{ models(first: 100) ${page} datasets(first: 100) ${page} runs(first: 100) ${page} tokens(first: 100) ${page} }`;
        return data<Record<string, { edges: { cursor: string; node: { id: string } }[]; totalCount: number }>>(
          token,
          query,
        );
      }),
    );
    const foreign = JSON.stringify(cursors);
    for (const [list, { edges, totalCount }] of Object.entries(mine!)) {
      expect(edges.length, list).toBe(totalCount);
      for (const { node } of edges) expect(foreign).not.toContain(node.id);
      const after = cursors![list]!.edges[0]!.cursor;
      const next = await data<Record<string, { edges: { node: { id: string } }[] }>>(
        admin(),
        `{ ${list}(first: 100, after: "${after}") { edges { node { id } } } }`,
      );
      for (const { node } of next[list]!.edges) expect(foreign).not.toContain(node.id);
    }
    expect(await data(admin(), `{ models(first: 9, name: "theirs net") { totalCount } }`)).toEqual({
      models: { totalCount: 0 },
    });
    expect(await data(admin(), `{ projects(first: 9) { edges { node { name } } } }`)).toEqual({
      projects: { edges: [{ node: { name: 'ours' } }] },
    });
  });

  it('have keys of their own, and find no work of each other done', async () => {
    const mutation = (input: string) =>
      `mutation { registerModel(input: { idempotencyKey: "one", ${input} }) { run { id createdBy } userErrors { code } } }`;
    const [a, b] = [ours, theirs].map(({ sha256 }, index) => mutation(`name: "${index}", upload: "${sha256}"`));
    const first = await data<{ registerModel: Launched }>(admin(), a!);
    const second = await data<{ registerModel: Launched }>(tokens.get('theirs operator')!, b!);
    expect(second.registerModel.userErrors).toEqual([]);
    expect(second.registerModel.run!.id).not.toBe(first.registerModel.run!.id);
    expect(second.registerModel.run!.createdBy).toBe('theirs operator');

    const key = digest();
    const step = { ref: 'a', kind: 'K', service: 'nobody', name: 'n', key, input: {}, dependsOn: [] };
    const db = (project: string): Database => gateway.db.forProject(project);
    await db('theirs').prisma.result.create({ data: { key, kind: 'K', output: {} } });
    const launched = (project: string) => launchRun(db(project), { kind: 'T', input: {}, steps: [step] });
    expect(await launched('theirs')).toMatchObject({ state: 'SUCCEEDED', reused: true });
    expect(await launched('ours')).toMatchObject({ state: 'QUEUED', reused: false });
  });

  it('read no files of the machine, also where a server and its user are one', async () => {
    const query =
      'mutation { registerModel(input: { name: "x", path: "/tmp/x.onnx" }) { run { id } userErrors { code field } } }';
    const refused = { registerModel: { run: null, userErrors: [{ code: 'LOCAL_PATH_REFUSED' }] } };
    expect(await data(admin(), query)).toMatchObject(refused);
    expect((await gateway.post<{ registerModel: Launched }>(query)).data!.registerModel.userErrors).toEqual([]);
  });

  it('get links to bytes that they sent themselves, and to no others', async () => {
    const query = `{ artifact(sha256: "${theirs.sha256}") { downloadUrl } }`;
    expect(await data(admin(), query)).toEqual({ artifact: null });
    const { artifact } = await data<{ artifact: { downloadUrl: string } }>(tokens.get('theirs viewer')!, query);
    expect(await (await fetch(artifact.downloadUrl)).text()).toBe('bytes of theirs');
    // Sending the same bytes is what gives a right to them.
    const body = Buffer.from('bytes of theirs');
    const { createUpload } = await data<{ createUpload: { upload: { id: string; url: string } } }>(
      admin(),
      `mutation { createUpload(bytes: ${body.length}) { upload { id url } } }`,
    );
    expect((await fetch(createUpload.upload.url, { method: 'PUT', body })).ok).toBe(true);
    const sum = createHash('sha256').update(body).digest('hex');
    const completed = `mutation { completeUpload(id: "${createUpload.upload.id}", sha256: "${sum}") { sha256 userErrors { code } } }`;
    expect(await data(admin(), completed)).toMatchObject({ completeUpload: { sha256: theirs.sha256 } });
    expect(await data(admin(), query)).toMatchObject({ artifact: { downloadUrl: expect.any(String) as string } });
  });

  it('are chosen between by those whose role holds in all, and by nobody else', async () => {
    const project = async (headers: object, token?: string) => {
      const response = await ask(token, '{ viewer { project role everywhere } }', headers);
      return { status: response.status, ...((await response.json()) as object) };
    };
    const { authorization } = gateway.headers;
    const everywhere = { role: 'ADMIN', everywhere: true };
    expect(await project({ authorization })).toMatchObject({ data: { viewer: { project: 'default', ...everywhere } } });
    expect(await project({ authorization, 'x-kneepoint-project': 'theirs' })).toMatchObject({
      data: { viewer: { project: 'theirs', ...everywhere } },
    });
    const refused = { status: 403, errors: [{ extensions: { code: 'FORBIDDEN' } }] };
    expect(await project({ authorization, 'x-kneepoint-project': 'none' })).toMatchObject(refused);
    const [there, none] = [
      await project({ 'x-kneepoint-project': 'theirs' }, admin()),
      await project({ 'x-kneepoint-project': 'nowhere' }, admin()),
    ];
    expect(there).toMatchObject(refused);
    expect(JSON.stringify(there).replace(/"theirs|requestId":"[^"]*"/g, '')).toContain('gives no role in a project');
    expect(Object.keys(there)).toEqual(Object.keys(none));
  });

  it('each have a log of who asked for what, and what came of it', async () => {
    const [, operator, viewer] = (['admin', 'operator', 'viewer'] as const).map((role: Role) =>
      tokens.get(`ours ${role}`)!,
    );
    await answer(viewer!, `mutation { cancelRun(id: "${ours.Run}") { userErrors { code } } }`);
    const request = 'a-request-of-mine';
    await ask(operator, `mutation { cancelRun(id: "${theirs.Run}") { userErrors { code } } }`, {
      'x-request-id': request,
    });
    await answer(operator!, `mutation { cancelRun(id: "${ours.Run}") { userErrors { code } } }`);
    const fields = 'principalName requestId operation subjects outcome';
    const { auditLog } = await data<{ auditLog: { edges: { node: object }[] } }>(
      admin(),
      `{ auditLog(first: 3) { edges { node { ${fields} } } } }`,
    );
    const entry = { operation: 'cancelRun', requestId: expect.any(String) as string };
    expect(auditLog.edges.map(({ node }) => node)).toEqual([
      { ...entry, principalName: 'ours operator', subjects: [ours.Run], outcome: 'OK' },
      { ...entry, principalName: 'ours operator', requestId: request, subjects: [theirs.Run], outcome: 'RUN_UNKNOWN' },
      { ...entry, principalName: 'ours viewer', subjects: [ours.Run], outcome: 'FORBIDDEN' },
    ]);
    // A text that no row can hold leaves a row all the same, and an id has one form.
    await ask(operator, `mutation { cancelRun(id: "${ours.Run}\\u0000") { userErrors { code } } }`);
    expect(await data(admin(), '{ auditLog(first: 1) { edges { node { subjects outcome } } } }')).toEqual({
      auditLog: { edges: [{ node: { subjects: [`${ours.Run}\ufffd`], outcome: 'ID_INVALID' } }] },
    });
    expect(
      JSON.stringify(
        await answer(tokens.get('theirs admin')!, '{ auditLog(first: 100) { edges { node { subjects } } } }'),
      ),
    ).not.toContain(ours.Run);
  });
});

describe('a token', () => {
  interface Made {
    readonly createToken: {
      readonly secret: string | null;
      readonly token: { id: string } | null;
      userErrors: { code: string }[];
    };
  }
  const make = async (by: string, input: string): Promise<Made['createToken']> => {
    const query = `mutation { createToken(input: { ${input} }) { secret token { id } userErrors { code } } }`;
    return ((await answer(by, query)).data as unknown as Made).createToken;
  };
  const admin = () => tokens.get('ours admin')!;
  const revoke = (id: string) =>
    answer(admin(), `mutation { revokeToken(id: "${id}") { token { revokedAt } userErrors { code } } }`);

  it('that is revoked in the middle of a subscription ends it within five seconds, and opens nothing more', async () => {
    const { secret, token } = await make(admin(), 'name: "for a while", role: VIEWER');
    const client = socketOf(secret!);
    const { id } = await seedRun({ ...gateway, db: gateway.db.forProject('ours') });
    const waiting = client.iterate({ query: `subscription { runUpdated(id: "${globalId('Run', id)}") { seq } }` });
    await waiting.next();
    const ended = waiting.next().then(
      () => 'told',
      (event: { code?: number; reason?: string }) => `${event.code} ${event.reason}`,
    );
    const from = performance.now();
    expect(await revoke(token!.id)).toMatchObject({
      data: { revokeToken: { token: { revokedAt: expect.any(String) as string } } },
    });
    expect(await ended).toBe('4401 UNAUTHENTICATED');
    expect(performance.now() - from).toBeLessThan(5_000);
    await expect.poll(async () => (await ask(secret!, '{ __typename }')).status, { timeout: 3_000 }).toBe(401);
    expect(await (await ask(secret!, '{ __typename }')).text()).toContain('was revoked');
    await expect(socketOf(secret!).iterate({ query: '{ __typename }' }).next()).rejects.toMatchObject({ code: 4401 });
  });

  it('that has expired, is unknown or has another secret opens nothing', async () => {
    const { token, text } = await createToken(gateway.db, { name: 'short', role: 'viewer', projectId: 'ours' });
    await gateway.db.prisma.token.update({ where: { id: token.id }, data: { expiresAt: new Date(Date.now() - 1000) } });
    expect(await (await ask(text, '{ __typename }')).text()).toContain('has expired');
    const other = `${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`;
    for (const wrong of [other, `kp_${'0'.repeat(16)}_${text.slice(-43)}`, 'kp_', 'x'.repeat(40), token.digest]) {
      const response = await ask(wrong, '{ __typename }');
      expect(response.status).toBe(401);
      expect(await response.text()).toContain('the token is not valid');
    }
  });

  it('is written down as a sum, with who made it and when it was used last', async () => {
    const { secret, token } = await make(admin(), 'name: "used", role: OPERATOR');
    const row = () => gateway.db.prisma.token.findUniqueOrThrow({ where: { id: token!.id } });
    expect(await row()).toMatchObject({ createdBy: 'ours admin', projectId: 'ours', lastUsedAt: null });
    expect(JSON.stringify(await row())).not.toContain(secret!.slice(-43));
    expect((await ask(secret!, '{ __typename }')).status).toBe(200);
    await expect.poll(async () => (await row()).lastUsedAt).not.toBeNull();
    expect(gateway.log.join('')).not.toContain(secret!.slice(-43));
    expect(JSON.stringify(await gateway.db.prisma.audit.findMany())).not.toContain(secret!.slice(-43));
  });

  it('cannot be allowed more than its maker is, and ends nobody else’s', async () => {
    expect(await make(admin(), 'name: "all", role: ADMIN, everywhere: true')).toMatchObject({
      secret: null,
      userErrors: [{ code: 'TOKEN_OPTION_INVALID' }],
    });
    expect(await make(admin(), 'name: "past", role: VIEWER, expiresAt: "2020-01-01T00:00:00Z"')).toMatchObject({
      userErrors: [{ code: 'TOKEN_OPTION_INVALID' }],
    });
    expect(await revoke(theirs.Token)).toMatchObject({
      data: { revokeToken: { userErrors: [{ code: 'TOKEN_UNKNOWN' }] } },
    });
    const row = await gateway.db.prisma.token.findUniqueOrThrow({ where: { id: theirs.Token } });
    expect(row.revokedAt).toBeNull();
  });
});
