import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { globalId } from '../domain/ids.ts';
import { digest, seedRun } from '../testing/seed.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';

/** Slots, and waiting for each of them eight; one project has three quarters of both. */
const AT_ONCE = 4;
const OWN = 3;
const SECONDS = 1;
const PER_MINUTE = 400;
const OPEN_RUNS = 30;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openTestGateway({
    settings: {
      KNEEPOINT_QUERIES: String(AT_ONCE),
      KNEEPOINT_QUERY_SECONDS: String(SECONDS),
      KNEEPOINT_ANSWER_MB: '1',
      KNEEPOINT_QUERIES_PER_MINUTE: String(PER_MINUTE),
      KNEEPOINT_OPEN_RUNS: String(OPEN_RUNS),
    },
  });
});
afterAll(() => gateway.close());

const post = (query: string, variables: object = {}): Promise<Response> =>
  fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...gateway.headers },
    body: JSON.stringify({ query, variables }),
  });

async function refusal(response: Response): Promise<{ status: number; code: string; retryable: boolean }> {
  const { errors } = (await response.json()) as { errors: { extensions: { code: string; retryable: boolean } }[] };
  const { code, retryable } = errors[0]!.extensions;
  return { status: response.status, code, retryable };
}

async function refusalOverSocket(query: string, variables: Record<string, unknown> = {}): Promise<string> {
  const client = gateway.socket();
  const failed = await client
    .iterate({ query, variables })
    .next()
    .then(
      () => [{ extensions: { code: 'none' } }],
      (error: unknown) => error as { extensions: { code: string } }[],
    );
  await client.dispose();
  return failed[0]!.extensions.code;
}

const MISTAKE = /^(GRAPHQL_VALIDATION_FAILED|GRAPHQL_PARSE_FAILED|BAD_USER_INPUT)$/;
const LISTS = 'steps(first: 100) { edges { node { attempts(first: 2) { edges { node { number worker } } } } } }';
const times = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');

describe('what costs too much is refused by code before anything is read', () => {
  it.each([
    [
      'a hundred runs with steps and attempts by aliases',
      `{ runs(first: 100) { edges { node { ${times(5, (n) => `a${n}: ${LISTS}`)} } } } }`,
      {},
    ],
    [
      'the same with sizes in variables',
      'query($n: Int!) { runs(first: $n) { edges { node { steps(first: $n) { edges { node { attempts(first: $n) { totalCount } } } } } } } }',
      { n: 100 },
    ],
    [
      'fragments that multiply each other',
      `{ runs(first: 100) { edges { node { ...f0 } } } } ${times(5, (n) => `fragment f${n} on Run { ${`...f${n + 1} `.repeat(5)}}`)} fragment f5 on Run { id }`,
      {},
    ],
    ['the schema over and over', `{ ${times(20, (n) => `a${n}: __schema { types { name } }`)} }`, {}],
  ])('%s', async (_what, query, variables) => {
    const statements = await gateway.statementsOf(async () => {
      expect(await refusal(await post(query, variables))).toEqual({
        status: 400,
        code: 'QUERY_TOO_COSTLY',
        retryable: false,
      });
      expect(await refusalOverSocket(query, variables)).toBe('QUERY_TOO_COSTLY');
    });
    expect(statements.filter((statement) => /LATERAL/.test(statement))).toEqual([]);
  });
});

it.each([
  ['a thousand aliases', `{ ${times(1000, (n) => `a${n}: viewer { name }`)} }`],
  [
    'fragments in a circle',
    '{ runs(first: 1) { edges { node { ...a } } } } fragment a on Run { ...b } fragment b on Run { ...a }',
  ],
  ['fifty levels', `{ node(id: "x") { ${'... on Node { '.repeat(50)} id ${'}'.repeat(50)} } }`],
])('%s are refused as a mistake of the query', async (_what, query) => {
  expect(await refusal(await post(query))).toMatchObject({
    status: 400,
    code: expect.stringMatching(MISTAKE) as string,
  });
  expect(await refusalOverSocket(query)).toMatch(MISTAKE);
});

it('ten megabytes of variables are refused before they are read, and end a socket', async () => {
  const variables = { id: 'x'.repeat(10 * 2 ** 20) };
  const response = await post('query($id: ID!) { run(id: $id) { id } }', variables).catch((error: unknown) => error);
  // The rest of the body may still be on its way when the answer is there.
  if (response instanceof Response) expect(response.status).toBe(413);
  const client = gateway.socket();
  const closed = client.iterate({ query: 'query($id: ID!) { run(id: $id) { id } }', variables }).next();
  await expect(closed).rejects.toMatchObject({ code: 1009 });
  await client.dispose();
});

it('an answer that is larger than is given at once is refused by code instead of being written', async () => {
  const schema = getIntrospectionQuery().replace(/^[^{]*\{\s*__schema/, '');
  const [body = '', ...fragments] = schema.split(/(?=fragment )/);
  const query = `{ ${times(9, (n) => `a${n}: __schema ${body.trim().replace(/\}$/, '')}`)} } ${fragments.join(' ')}`;
  expect(await refusal(await post(query))).toEqual({ status: 400, code: 'ANSWER_TOO_LARGE', retryable: false });
});

it('when the database does not answer, some wait and get a code, and the rest hear at once to come again', async () => {
  let free = (): void => undefined;
  const held = gateway.db.transaction(() => new Promise<void>((resolve) => (free = resolve)));
  const asked = Array.from({ length: OWN * 9 + 3 }, () => post('{ runs(first: 1) { totalCount } }'));
  const responses = await Promise.all(asked);
  expect(responses.map((response) => response.headers.get('retry-after')).every((after) => after !== null)).toBe(true);
  const refusals = await Promise.all(responses.map(refusal));
  free();
  await held;
  expect(refusals.every(({ status, retryable }) => status === 503 && retryable)).toBe(true);
  const count = (code: string): number => refusals.filter((told) => told.code === code).length;
  expect(count('OPERATION_TIMED_OUT')).toBe(OWN);
  expect(count('SERVER_BUSY')).toBe(OWN * 8 + 3);
  // Places are free again as soon as what held them has ended.
  await expect.poll(async () => (await post('{ runs(first: 1) { totalCount } }')).status).toBe(200);
});

it('a project has so many runs that have not ended, also of those that are launched at once', async () => {
  const { prisma } = gateway.db;
  // With a step, as those of no work end by themselves.
  const open = () => seedRun(gateway);
  await Promise.all(Array.from({ length: OPEN_RUNS - 2 }, open));
  const launch = (name: number) =>
    gateway.query<{ registerModel: { run: { id: string } | null; userErrors: { code: string }[] } }>(
      `mutation { registerModel(input: { name: "net ${name}", path: "/nowhere.onnx" }) { run { id } userErrors { code } } }`,
    );
  const launched = await Promise.all([1, 2, 3, 4, 5].map(launch));
  const codes = launched.flatMap(({ registerModel }) => registerModel.userErrors.map(({ code }) => code));
  expect(codes).toEqual(['RUNS_TOO_MANY', 'RUNS_TOO_MANY', 'RUNS_TOO_MANY']);
  // Doing it again is one more.
  const failed = await open();
  await prisma.run.update({ where: { id: failed.id }, data: { state: 'FAILED' } });
  const again = await gateway.query<{ retryRun: { userErrors: { code: string }[] } }>(
    `mutation { retryRun(id: "${globalId('Run', failed.id)}") { userErrors { code } } }`,
  );
  expect(again.retryRun.userErrors).toEqual([{ code: 'RUNS_TOO_MANY' }]);
  // Those that have ended count no more.
  await prisma.run.updateMany({ data: { state: 'SUCCEEDED' } });
  expect((await launch(6)).registerModel.userErrors).toEqual([]);
  await prisma.run.deleteMany();
});

it('a socket has a hundred operations at once; more are refused by code, and it lives on', async () => {
  const { id } = await gateway.db.prisma.run.create({
    data: {
      ...{ kind: 'ANALYSIS', state: 'RUNNING', input: {} },
      steps: {
        create: [
          {
            kind: 'any',
            key: digest(),
            service: 'any',
            name: 'any',
            position: 0,
            input: {},
            state: 'RUNNING',
            leaseUntil: new Date(Date.now() + 3600_000),
          },
        ],
      },
    },
  });
  const query = `subscription { runUpdated(id: "${globalId('Run', id)}") { seq } }`;
  const client = gateway.socket();
  const first = await Promise.all(
    Array.from({ length: 130 }, () =>
      client
        .iterate({ query })
        .next()
        .then(
          () => 'OK',
          (error: unknown) => (error as { extensions: { code: string } }[])[0]!.extensions.code,
        ),
    ),
  );
  expect(first.filter((code) => code === 'OK')).toHaveLength(100);
  expect(first.filter((code) => code === 'TOO_MANY_SUBSCRIPTIONS')).toHaveLength(30);
  await client.dispose();
});

it('connections that send next to nothing keep nobody from being answered', async () => {
  const { hostname, port } = new URL(gateway.url);
  const slow: Socket[] = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.write('POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Le');
      return socket;
    }),
  );
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  expect((await post('{ __typename }')).status).toBe(200);
  for (const socket of slow) socket.destroy();
});

it('who asks for more in a minute than one may hears when to come again', async () => {
  const responses: Response[] = [];
  while (responses.length < PER_MINUTE && responses.at(-1)?.status !== 429) {
    // What cannot be read counts, too.
    const asked = Array.from({ length: 20 }, (_, index) => post(index % 2 === 0 ? '{ __typename }' : '{ nothing }'));
    responses.push(...(await Promise.all(asked)));
  }
  const refused = responses.find(({ status }) => status === 429)!;
  expect(refused.headers.get('retry-after')).not.toBeNull();
  expect(await refusal(refused)).toEqual({ status: 429, code: 'RATE_EXCEEDED', retryable: true });
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
});
