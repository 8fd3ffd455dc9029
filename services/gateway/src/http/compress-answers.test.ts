import { request } from 'node:http';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';

let gateway: TestGateway;
beforeAll(async () => (gateway = await openTestGateway()));
afterAll(() => gateway.close());

const LONG = '{ __schema { types { name description fields { name description } } } }';

interface Received {
  readonly encoding: string | undefined;
  readonly status: number | undefined;
  readonly body: Buffer;
}

/** What arrives, as it arrives: `fetch` would unpack it. */
function ask(
  query: string,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer = JSON.stringify({ query }),
) {
  return new Promise<Received>((resolve, reject) => {
    const asked = request(
      `${gateway.url}/graphql`,
      { method: 'POST', headers: { 'content-type': 'application/json', ...gateway.headers, ...headers } },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const { 'content-encoding': encoding } = answer.headers;
          resolve({ encoding, status: answer.statusCode, body: Buffer.concat(chunks) });
        });
      },
    );
    asked.on('error', reject).end(body);
  });
}

it('long answers are compressed for who takes that, to a fraction, and for nobody else', async () => {
  const plain = await ask(LONG, {});
  const packed = await ask(LONG, { 'accept-encoding': 'gzip, br' });
  expect([plain.encoding, packed.encoding]).toEqual([undefined, 'gzip']);
  expect(gunzipSync(packed.body)).toEqual(plain.body);
  expect(packed.body.length).toBeLessThan(plain.body.length / 3);
  expect((await ask(LONG, { 'accept-encoding': 'gzip;q=0' })).encoding).toBeUndefined();
});

it('short ones are sent as they are', async () => {
  expect(await ask('{ __typename }', { 'accept-encoding': 'gzip' })).toMatchObject({
    encoding: undefined,
    status: 200,
  });
});

it('a request that is compressed is never unpacked: nobody knows how large it would become', async () => {
  const body = gzipSync(JSON.stringify({ query: '{ __typename }' }));
  const { status, body: answer } = await ask('', { 'content-encoding': 'gzip' }, body);
  expect(status).toBe(400);
  expect(answer.toString()).toContain('"code"');
});
