import { once } from 'node:events';
import { readdir, rename } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { launchRun } from '@kneepoint/platform';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestGateway, type TestGateway } from './testing/test-gateway.ts';

let gateway: TestGateway;
beforeAll(async () => (gateway = await openTestGateway()));
afterAll(() => gateway.close());

const get = (path: string, init?: RequestInit) => fetch(gateway.url + path, init);

describe('GET /graphql', () => {
  it('a browser gets a query editor that loads nothing from elsewhere', async () => {
    const response = await get('/graphql', { headers: { accept: 'text/html,application/xhtml+xml' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const page = await response.text();
    expect(page).toContain('YogaGraphiQL.renderYogaGraphiQL');
    expect(page).toContain('"endpoint":"/graphql"');
    const head = page.slice(0, page.indexOf('<style>'));
    expect(head).toContain('<link rel="icon" href="data:');
    expect(page).not.toMatch(/<(script|iframe)[^>]*\ssrc=/);
    expect(page).not.toMatch(/<link[^>]*href="?(https?:)?\/\//);
    expect(page).not.toMatch(/@import\s+(url\()?["']?(https?:)?\/\//);
    expect(page).not.toMatch(/url\(["']?(https?:)?\/\/(?!www\.w3\.org)/);
  });

  it('the address itself leads a browser there', async () => {
    const response = await get('/', { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([302, '/graphql']);
  });

  it('a client may read the schema, as the editor does', async () => {
    const { __schema } = await gateway.query<{ __schema: { types: { name: string }[] } }>(getIntrospectionQuery());
    expect(__schema.types.map(({ name }) => name)).toEqual(expect.arrayContaining(['Run', 'RunState', 'Artifact']));
  });

  it('a page of another site cannot make a browser ask', async () => {
    const response = await get('/graphql?query=%7B__typename%7D', { headers: { accept: '*/*' } });
    expect(response.status).toBe(400);
  });
});

describe('health', () => {
  it('/healthz answers while the event loop turns', async () => {
    const response = await get('/healthz');
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
  });

  it('/readyz names the part that does not answer, and is ready again once it does', async () => {
    const ready = { status: 'ready', database: 'ok', bus: 'ok', artifacts: 'ok' };
    expect(await (await get('/readyz')).json()).toEqual(ready);
    const folder = join(gateway.folder, 'artifacts');
    await rename(folder, `${folder}-gone`);
    const response = await get('/readyz');
    expect(response.status).toBe(503);
    const { artifacts, ...others } = (await response.json()) as Record<string, string>;
    expect(others).toEqual({ status: 'not ready', database: 'ok', bus: 'ok' });
    expect(artifacts).not.toBe('ok');
    await rename(`${folder}-gone`, folder);
    expect((await get('/readyz')).status).toBe(200);
  });

  it('/metrics tells Prometheus of the queues, the runs and the event loop', async () => {
    const step = { ref: 'a', kind: 'work', service: 'nobody', name: 'a', key: 'k', input: {}, dependsOn: [] };
    await launchRun(gateway.db, { kind: 'ANALYSIS', input: {}, steps: [step] });
    const response = await get('/metrics');
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await response.text();
    expect(text).toContain('kneepoint_queue_depth{service="nobody"} 1');
    expect(text).toMatch(/kneepoint_queue_oldest_seconds\{service="nobody"\} [\d.e-]+\n/);
    expect(text).toContain('kneepoint_runs_active{kind="ANALYSIS",state="QUEUED"} 1');
    expect(text).toMatch(/nodejs_eventloop_lag_seconds [\d.e-]+\n/);
  });
});

describe('limits', () => {
  it.each([
    ['a body above 1 MiB', JSON.stringify({ query: `{__typename}${' '.repeat(1 << 20)}` }), 413],
    ['a body that is not JSON', '{"query":', 400],
  ])('%s is refused before it is read', async (_what, body, status) => {
    const response = await get('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ code: 'REQUEST_INVALID', message: expect.any(String) as string });
  });

  const CODES = /^(GRAPHQL_VALIDATION_FAILED|GRAPHQL_PARSE_FAILED|BAD_USER_INPUT)$/;
  const nested = (depth: number) => `{ node(id: "x") { ${'... on Node { '.repeat(depth)} id ${'}'.repeat(depth)} } }`;
  it.each([
    ['too deep', nested(20), /depth limit/],
    ['with too many aliases', `{ ${times(61, (i) => `a${i}: runs(first: 1) { totalCount }`)} }`, /Aliases limit/],
    ['with too many directives', `{ __typename ${times(51, () => '@include(if: true)')} }`, /Directives limit/],
    ['with too many tokens', `{ ${times(4001, () => 'x')} }`, /token/i],
    ['that asks for too much', `{ ${times(5, (i) => `a${i}: runs(first: 100) ${ALL_OF_RUNS}`)} }`, /Cost limit/],
    ['with a field that is not there', '{ modles(first: 1) { totalCount } }', /Cannot query field "modles"/],
    ['without a page size', '{ runs { totalCount } }', /argument "first" of type "Int!" is required/],
    ['for a state that is not there', '{ runs(first: 1, filter: { state: "DONE" }) { totalCount } }', /RunState/],
    ['that is no GraphQL', '{ runs(', /Syntax Error/],
  ])('a query %s is refused, with a code and no stack, over HTTP and over WebSocket', async (_what, query, message) => {
    const { data, errors } = await gateway.post(query);
    expect(data ?? null).toBeNull();
    expect(errors![0]!.message).toMatch(message);
    expect(errors![0]!.extensions!.code).toMatch(CODES);
    expect(JSON.stringify(errors)).not.toMatch(/stack|node_modules|\.ts:/);

    const client = gateway.socket();
    const failed = await client
      .iterate({ query })
      .next()
      .then(
        () => null,
        (error: unknown) => error as { message: string; extensions: { code: string } }[],
      );
    expect(failed![0]!.message).toMatch(message);
    expect(failed![0]!.extensions.code).toMatch(CODES);
    // The connection outlives the mistake.
    const answer: IteratorResult<unknown, unknown> = await client.iterate({ query: '{ __typename }' }).next();
    expect(answer.value).toEqual({ data: { __typename: 'Query' } });
    await client.dispose();
  });

  it('a full page of runs with everything about them is not too much', async () => {
    expect((await gateway.post(`{ runs(first: 100) ${ALL_OF_RUNS} }`)).errors).toBeUndefined();
  });
});

it('a defect shows the client nothing but INTERNAL, and the log its cause', async () => {
  const { id } = await gateway.db.prisma.run.create({ data: { kind: 'NOT_A_KIND', input: {} } });
  const { errors } = await gateway.post('{ runs(first: 1) { edges { node { kind } } } }');
  expect(errors).toEqual([
    {
      message: 'The server failed to answer this; its log says why.',
      path: ['runs', 'edges', 0, 'node', 'kind'],
      extensions: { code: 'INTERNAL' },
    },
  ]);
  expect(gateway.log.join('')).toContain('NOT_A_KIND');
  await gateway.db.prisma.run.delete({ where: { id } });
});

it('closing lets an upload that is on its way arrive, and waits for nothing else', async () => {
  const other = await openTestGateway();
  const { createUpload } = await other.query<{ createUpload: { upload: { url: string } } }>(
    'mutation { createUpload(bytes: 6) { upload { url } } }',
  );
  const upload = request(createUpload.upload.url, {
    agent: new Agent({ keepAlive: true }),
    method: 'PUT',
    headers: { 'content-length': 6 },
  });
  const answered = once(upload, 'response') as Promise<[IncomingMessage]>;
  upload.write('abc');
  await expect.poll(() => readdir(join(other.folder, 'artifacts', 'tmp'))).toHaveLength(1);
  const closed = other.close();
  await expect.poll(() => fetch(other.url).catch(() => 'closed')).toBe('closed');
  upload.end('def');
  const [response] = await answered;
  response.resume();
  expect(response.statusCode).toBe(200);
  const arrived = performance.now();
  await closed;
  expect(performance.now() - arrived).toBeLessThan(2000);
});

const ALL_OF_RUNS = `{
  totalCount
  pageInfo { hasNextPage endCursor }
  edges { cursor node {
    id kind state seq reused createdAt startedAt endedAt
    failure { code message where fix }
    progress { fraction stepsDone stepsTotal current done total unit ratePerSecond etaSeconds }
    steps { name kind service state reused done total unit failure { code message where fix }
      attempts { number worker outcome startedAt endedAt failure { code message where fix } } }
    model { id name } dataset { id name }
  } }
}`;

function times(count: number, text: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => text(index)).join(' ');
}
