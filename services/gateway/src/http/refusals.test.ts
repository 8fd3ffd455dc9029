import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { createLogger, readConfig } from '@kneepoint/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { available, type RunningService, startPostgres } from '../../../../test/support/services.ts';
import { type Answer, openTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import { createApp } from './create-app.ts';

const silent = createLogger({ service: 'gateway', level: 'silent' });

let gateway: TestGateway;
beforeAll(
  async () => (gateway = await openTestGateway({ settings: { KNEEPOINT_PUBLIC_URL: 'https://kp.example.org' } })),
);
afterAll(() => gateway.close());

const ask = (body: object | string, headers: Record<string, string> = {}) =>
  fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...gateway.headers, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const errorOf = async (response: Response) => ((await response.json()) as Answer<object>).errors![0]!;

describe('every path and method is answered at once', () => {
  it.each([
    ['GET', '/artifacts/'],
    ['PUT', '/uploads/'],
    ['GET', '/artifacts'],
    ['GET', '/uploads/x'],
    ['DELETE', `/artifacts/${'a'.repeat(64)}`],
    ['GET', '/artifacts/a/b'],
    ['POST', '/artifacts/a'],
    ['DELETE', '/graphql'],
    ['PATCH', '/'],
    ['GET', '/.env'],
    ['GET', '/metrics'],
    ['OPTIONS', '/graphql'],
  ])('%s %s', async (method, path) => {
    const response = await fetch(gateway.url + path, { method, signal: AbortSignal.timeout(5_000) });
    expect(response.status).toBe(404);
    const said = (await response.json()) as { code?: string; errors?: { extensions: { code: string } }[] };
    expect(said.code ?? said.errors![0]!.extensions.code).toBe('ROUTE_UNKNOWN');
  });

  it('a request for a socket where there is none, too', async () => {
    const { hostname, port } = new URL(gateway.url);
    const headers = {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    };
    const status = await new Promise((resolve, reject) => {
      request({ hostname, port, path: '/sockets', headers })
        .on('response', (answer) => resolve(answer.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(404);
  });

  it('a socket that is refused is ended, so that nobody can leave them lying about', async () => {
    const { hostname, port } = new URL(gateway.url);
    const headers = {
      ...{ connection: 'upgrade', upgrade: 'websocket', origin: 'https://elsewhere.example' },
      ...{ 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' },
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    let said = '';
    socket.on('data', (chunk: Buffer) => (said += chunk.toString()));
    socket.write(`GET /graphql HTTP/1.1\r\nhost: localhost\r\n${lines.join('')}\r\n`);
    await once(socket, 'end');
    expect(said).toMatch(/^HTTP\/1.1 403 .*"ORIGIN_FORBIDDEN"/s);
    socket.destroy();
  });

  it('bytes that are no HTTP', async () => {
    const { hostname, port } = new URL(gateway.url);
    const said = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(Number(port), hostname, () => void socket.write('\x16\x03\x01 hello\r\n\r\n'));
      socket.on('data', (chunk: Buffer) => (text += chunk.toString())).on('close', () => resolve(text));
    });
    expect(said).toMatch(/^HTTP\/1.1 400 /);
  });
});

describe('a request has an id', () => {
  it('its own, in the answer, in errors and in the log', async () => {
    const response = await ask({ query: '{ nothing }' }, { 'x-request-id': 'mine-7' });
    expect(response.headers.get('x-request-id')).toBe('mine-7');
    expect((await errorOf(response)).extensions).toMatchObject({ requestId: 'mine-7' });
    await expect
      .poll(() => gateway.log.filter((line) => line.includes('"request":"mine-7"')).length)
      .toBeGreaterThan(0);
    const line = gateway.log
      .map((text) => JSON.parse(text) as Record<string, unknown>)
      .find(({ request: id }) => id === 'mine-7');
    expect(line).toMatchObject({ level: 'debug', message: 'answered', method: 'POST', path: '/graphql', status: 400 });
  });

  it.each([undefined, '', 'x'.repeat(129), 'a b', '<script>'])('a fresh one where it came with %j', async (given) => {
    const response = await ask({ query: '{ __typename }' }, given === undefined ? {} : { 'x-request-id': given });
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

it('a subscription over plain HTTP is told where to go', async () => {
  const response = await ask({ query: 'subscription { runUpdated(id: "x") { seq } }' });
  expect(response.status).toBe(400);
  const { extensions } = await errorOf(response);
  expect(extensions).toMatchObject({ code: 'SUBSCRIPTION_NEEDS_SOCKET', retryable: false });
  expect(extensions!.fix).toContain('graphql-transport-ws');
});

it('also one that comes by GET, as a browser would send it', async () => {
  const query = encodeURIComponent('subscription { runUpdated(id: "x") { seq } }');
  const response = await fetch(`${gateway.url}/graphql?query=${query}`, {
    headers: { ...gateway.headers, 'apollo-require-preflight': '1', accept: 'application/json' },
  });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  const { extensions } = await errorOf(response);
  expect(extensions).toMatchObject({ code: 'SUBSCRIPTION_NEEDS_SOCKET', retryable: false });
});

describe('JSON that is nested too deeply is refused by a code', () => {
  const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  const query = 'query($ids: [ID!]!) { nodes(ids: $ids) { id } }';

  it.each([
    ['variables', 33],
    ['variables', 300_000],
    ['extensions', 300_000],
  ])('%s %d levels deep', async (member, levels) => {
    const response = await ask(`{"query": ${JSON.stringify(query)}, "${member}": {"x": ${nested(levels)}}}`);
    expect(response.status).toBe(400);
    expect((await errorOf(response)).extensions!.code).toMatch(/^(JSON_TOO_DEEP|GRAPHQL_VALIDATION_FAILED)$/);
  });

  it('variables of a question that is sound, over HTTP, as parameter and over a socket', async () => {
    const sound = 'query($s: String!) { artifact(sha256: $s) { bytes } }';
    const variables = `{"s": "a", "x": ${nested(1_000)}}`;
    const parameters = new URLSearchParams({ query: sound, variables });
    const get = await fetch(`${gateway.url}/graphql?${parameters.toString()}`, {
      headers: { 'apollo-require-preflight': 'yes', ...gateway.headers },
    });
    for (const response of [get, await ask(`{"query": ${JSON.stringify(sound)}, "variables": ${variables}}`)]) {
      expect((await errorOf(response)).extensions).toMatchObject({ code: 'JSON_TOO_DEEP', where: 'variables' });
      expect(response.status).toBe(400);
    }
    const client = gateway.socket();
    const answers = client.iterate({ query: sound, variables: JSON.parse(variables) as Record<string, unknown> });
    await expect(answers.next()).rejects.toMatchObject([{ extensions: { code: 'JSON_TOO_DEEP' } }]);
    await client.dispose();
  });

  it('a document of brackets', async () => {
    const response = await ask({ query: `{ node(id: ${nested(1_900)}) { id } }` });
    expect(response.status).toBe(400);
    expect((await errorOf(response)).extensions!.code).toMatch(/^GRAPHQL_/);
    const client = gateway.socket();
    await expect(client.iterate({ query: `{ node(id: ${nested(1_900)}) { id } }` }).next()).rejects.toBeInstanceOf(
      Array,
    );
    await client.dispose();
  });
});

it('answers say what a browser may do with them', async () => {
  const expected = {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
  };
  const answers = [
    await fetch(`${gateway.url}/graphql`, { headers: { accept: 'text/html' } }),
    await ask({ query: '{ __typename }' }),
    await fetch(`${gateway.url}/artifacts/${'a'.repeat(64)}`),
    await fetch(`${gateway.url}/nothing`),
  ];
  for (const { headers } of answers) {
    expect(Object.fromEntries(headers)).toMatchObject(expected);
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none';.*frame-ancestors 'none'/);
  }
});

describe('who is slow is not waited for', () => {
  it('connections above the number that is set are closed', async () => {
    const narrow = await createApp(
      readConfig({ KNEEPOINT_CONNECTIONS: '16', KNEEPOINT_CONNECTIONS_PER_ADDRESS: '16' }),
      silent,
    );
    narrow.get('/', () => 'here');
    const url = await narrow.listen({ port: 0, host: '127.0.0.1' });
    const { hostname, port } = new URL(url);
    const ends = Array.from({ length: 20 }, () => connect(Number(port), hostname).on('error', () => undefined));
    await expect.poll(() => ends.filter(({ closed }) => closed).length).toBe(4);
    for (const end of ends) end.destroy();
    await expect
      .poll(() =>
        fetch(url).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
    await narrow.close();
  });
});

describe.skipIf(!available('postgres'))('while the database is away', () => {
  let postgres: RunningService;
  let other: TestGateway;
  beforeAll(async () => {
    postgres = await startPostgres();
    other = await openTestGateway({ databaseUrl: postgres.url });
  });
  afterAll(async () => {
    await postgres.start();
    await other.close();
    await postgres.stop();
  });

  it('that is said by a code, as what passes, and without an address', async () => {
    await postgres.signal('SIGINT');
    const query = '{ runs(first: 1) { totalCount } }';
    const response = await fetch(`${other.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...other.headers },
      body: JSON.stringify({ query }),
    });
    const text = await response.text();
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('2');
    expect((JSON.parse(text) as Answer<object>).errors![0]!.extensions).toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      retryable: true,
    });
    const ready = await fetch(`${other.url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([503, { status: 'not ready', database: 'does not answer' }]);
    expect((await fetch(`${other.url}/healthz`)).status).toBe(200);
    const client = other.socket();
    const failed = await client.iterate({ query }).next();
    expect(failed.value).toMatchObject({ errors: [{ extensions: { code: 'DATABASE_UNAVAILABLE', retryable: true } }] });
    await client.dispose();
    for (const said of [text, JSON.stringify(failed.value)])
      expect(said).not.toMatch(/127\.0\.0\.1|localhost|postgres:|:\d{5}/);
    // Whoever keeps the server finds out why.
    expect(other.log.join('')).toMatch(/ECONN|reach|terminat|shutting down/i);
  });
});
