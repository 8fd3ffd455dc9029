import { once } from 'node:events';
import { readdir, rename } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { launchRun } from '@kneepoint/platform';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../../test/support/services.ts';
import { globalId } from './domain/ids.ts';
import { seedRun } from './testing/seed.ts';
import { type Answer, openTestGateway, type TestGateway } from './testing/test-gateway.ts';

let gateway: TestGateway;
let healthPort: number;
beforeAll(async () => {
  healthPort = await freePort();
  gateway = await openTestGateway({ settings: { HEALTH_PORT: String(healthPort) } });
});
afterAll(() => gateway.close());

const get = (path: string, init: RequestInit & { readonly headers?: Record<string, string> } = {}) =>
  fetch(gateway.url + path, { ...init, headers: { ...gateway.headers, ...init.headers } });

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

  it('a client may read the schema, as the editor does', async () => {
    const { __schema } = await gateway.query<{ __schema: { types: { name: string }[] } }>(getIntrospectionQuery());
    expect(__schema.types.map(({ name }) => name)).toEqual(expect.arrayContaining(['Run', 'RunState', 'Artifact']));
  });

  it('a page of another site cannot make a browser ask', async () => {
    const response = await get('/graphql?query=%7B__typename%7D', { headers: { accept: '*/*' } });
    expect(response.status).toBe(400);
  });
});

describe('the page at /', () => {
  it('loads its own files and nothing from elsewhere', async () => {
    const response = await get('/');
    const html = await response.text();
    expect(response.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'; .*connect-src 'self'; .*frame-ancestors 'none'$/,
    );
    const files = [...html.matchAll(/(?:src|href)="(.\/[^"]+)"/g)].map(([, path]) => path!);
    for (const type of ['.js', '.css']) expect(files.filter((path) => path.endsWith(type))).not.toEqual([]);
    for (const path of files) {
      const file = await get(path.slice(1));
      expect([file.status, file.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
    }
    expect(html.replace('href="data:,"', '')).not.toMatch(/(src|href)="(?!\.\/|graphql")/);
  });

  it('is nothing but its files', async () => {
    for (const path of ['/assets/nothing.js', '/assets/..%2Findex.html', '/index.html']) {
      expect((await get(path)).status).toBe(404);
    }
  });
});

describe('health', () => {
  it('/healthz answers while the event loop turns', async () => {
    const response = await get('/healthz');
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
  });

  it('/readyz asks for the database alone: without the rest there is still something to answer', async () => {
    const ready = { status: 'ready', database: 'ok' };
    expect(await (await get('/readyz')).json()).toEqual(ready);
    const folder = join(gateway.folder, 'artifacts');
    await rename(folder, `${folder}-gone`);
    expect(await (await get('/readyz')).json()).toEqual(ready);
    await rename(`${folder}-gone`, folder);
  });

  it('/metrics tells Prometheus of the queues, the runs, the requests and what it stands on, on a port of its own', async () => {
    const step = { ref: 'a', kind: 'extract', service: 'pruner', name: 'a', key: 'k', input: {}, dependsOn: [] };
    await launchRun(gateway.db, { kind: 'ANALYSIS', input: {}, steps: [step] });
    await gateway.post('{ __typename }');
    await gateway.post('{ nothing }');
    const client = gateway.socket();
    const states = client.iterate({
      query: `subscription { runUpdated(id: "${globalId('Run', (await seedRun(gateway)).id)}") { seq } }`,
    });
    await states.next();
    const response = await fetch(`http://127.0.0.1:${healthPort}/metrics`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await response.text();
    expect(text).toContain('kneepoint_queue_depth{service="pruner"} 1');
    expect(text).toMatch(/kneepoint_queue_oldest_seconds\{service="pruner"\} [\d.e-]+\n/);
    expect(text).toMatch(/kneepoint_runs_active\{kind="ANALYSIS",state="QUEUED"\} \d/);
    expect(text).toMatch(/nodejs_eventloop_lag_seconds [\d.e-]+\n/);
    expect(text).toContain('kneepoint_dependency_up{dependency="artifacts"} 1');
    expect(text).toMatch(/kneepoint_http_request_duration_seconds_count\{route="\/graphql",status="400"\} \d/);
    expect(text).toMatch(/kneepoint_operation_duration_seconds_count\{transport="http",type="query",code="OK"\} \d/);
    expect(text).toMatch(
      /kneepoint_operation_duration_seconds_count\{transport="http",type="none",code="GRAPHQL_VALIDATION_FAILED"\} \d/,
    );
    expect(text).toContain('kneepoint_sockets_open 1');
    expect(text).toContain('kneepoint_subscriptions_open 1');
    await client.dispose();
    expect((await (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).json()) as object).toEqual({
      status: 'ready',
      database: 'ok',
    });
  });
});

describe('limits', () => {
  it.each([
    ['a body above 1 MiB', JSON.stringify({ query: `{__typename}${' '.repeat(1 << 20)}` }), 413],
    ['a body that is not JSON', '{"query":', 400],
  ])('%s is refused before it is read', async (_what, body, status) => {
    const response = await get('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    expect(response.status).toBe(status);
    const { errors } = (await response.json()) as Answer<object>;
    expect(errors![0]!.extensions).toMatchObject({ code: 'REQUEST_INVALID', retryable: false });
  });

  const CODES = /^(QUERY_TOO_COSTLY|GRAPHQL_VALIDATION_FAILED|GRAPHQL_PARSE_FAILED|BAD_USER_INPUT)$/;
  const nested = (depth: number) => `{ node(id: "x") { ${'... on Node { '.repeat(depth)} id ${'}'.repeat(depth)} } }`;
  it.each([
    ['too deep', nested(20), /depth limit/],
    ['with too many aliases', `{ ${times(61, (i) => `a${i}: runs(first: 1) { totalCount }`)} }`, /Aliases limit/],
    ['with too many directives', `{ __typename ${times(51, () => '@include(if: true)')} }`, /Directives limit/],
    ['with too many tokens', `{ ${times(4001, () => 'x')} }`, /token/i],
    [
      'that asks for too much',
      `{ ${times(5, (i) => `a${i}: runs(first: 100) ${ALL_OF_RUNS}`)} }`,
      /can have \d+ fields; 50000/,
    ],
    ['with a field that is not there', '{ modles(first: 1) { totalCount } }', /Cannot query field "modles"/],
    ['without a page size', '{ runs { totalCount } }', /argument "first" of type "Int!" is required/],
    ['for a state that is not there', '{ runs(first: 1, filter: { states: ["DONE"] }) { totalCount } }', /RunState/],
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
      extensions: { code: 'INTERNAL', retryable: true, requestId: expect.any(String) as string },
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
  // Left open, its connection would be waited for much longer, whatever the machine is busy with.
  expect(performance.now() - arrived).toBeLessThan(20_000);
});

const ALL_OF_RUNS = `{
  totalCount
  pageInfo { hasNextPage endCursor }
  edges { cursor node {
    id kind state seq reused createdAt startedAt endedAt
    failure { code message where fix }
    progress { fraction stepsDone stepsTotal current done total unit ratePerSecond etaSeconds }
    steps(first: 20) { edges { node { name kind service state reused done total unit } } }
    model { id name } dataset { id name }
  } }
}`;

function times(count: number, text: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => text(index)).join(' ');
}
