import { request } from 'node:http';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { LOCAL_TOKEN, openTestGateway, type TestGateway } from '../testing/test-gateway.ts';

const VIEWER = '{ viewer { name kind role project } }';

async function ask(url: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: VIEWER }),
  });
  return { status: response.status, text: await response.text() };
}

describe('an embedded server', () => {
  let gateway: TestGateway;
  beforeAll(async () => (gateway = await openTestGateway()));
  afterAll(() => gateway.close());

  /** The cookie that the page comes with, as a browser sends it back; undefined where there is none. */
  async function cookieOf(url: string, headers: Record<string, string> = {}): Promise<string | undefined> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      request({ hostname, port, path: '/graphql', headers: { accept: 'text/html', ...headers } }, (answer) => {
        answer.resume();
        resolve(answer.headers['set-cookie']?.[0]);
      })
        .on('error', reject)
        .end();
    });
  }

  it('lets its page in without asking, by a cookie that scripts and other sites cannot use', async () => {
    const cookie = (await cookieOf(gateway.url))!;
    const { port } = new URL(gateway.url);
    expect(cookie).toBe(`kneepoint_${port}=${LOCAL_TOKEN}; Path=/; HttpOnly; SameSite=Strict`);
    const headers = { cookie: `other=1; ${cookie.split(';')[0]!}` };
    const viewer = { name: 'local', kind: 'LOCAL', role: 'ADMIN', project: 'default' };
    expect(await ask(gateway.url, headers)).toEqual({ status: 200, text: `${JSON.stringify({ data: { viewer } })}\n` });
    class PageSocket extends WebSocket {
      constructor(address: string, protocols: string[]) {
        super(address, protocols, { headers });
      }
    }
    const client = createClient({ url: `${gateway.url.replace('http', 'ws')}/graphql`, webSocketImpl: PageSocket });
    expect((await client.iterate({ query: VIEWER }).next()).value).toEqual({ data: { viewer } });
    await client.dispose();
  });

  it('believes no cookie from a page of another origin, nor one of another server on this machine', async () => {
    const cookie = (await cookieOf(gateway.url))!.split(';')[0]!;
    const foreign = await ask(gateway.url, { cookie, origin: 'http://localhost:5173' });
    expect([foreign.status, foreign.text]).toEqual([403, expect.stringContaining('ORIGIN_FORBIDDEN')]);
    const other = cookie.replace(/^kneepoint_\d+/, 'kneepoint_1');
    expect((await ask(gateway.url, { cookie: other })).status).toBe(401);
    expect((await ask(gateway.url, { authorization: 'Bearer wrong', cookie })).status).toBe(401);
  });

  it('gives the cookie to nobody behind a proxy, whatever name it asks by', async () => {
    expect(await cookieOf(gateway.url, { 'x-forwarded-for': '192.0.2.7' })).toBeUndefined();
    expect(await cookieOf(gateway.url, { via: '1.1 proxy' })).toBeUndefined();
    const host = 'kneepoint.example.org';
    const open = await openTestGateway({ settings: { KNEEPOINT_PUBLIC_URL: `http://${host}` } });
    expect(await cookieOf(open.url)).toBeUndefined();
    expect(await cookieOf(open.url, { host })).toBeUndefined();
    await open.close();
  });

  it('gives it to nobody where others can connect, even if they claim a name of this machine', async () => {
    const open = await openTestGateway({ settings: { HOST: '0.0.0.0' } });
    const { port } = new URL(open.url);
    expect(await cookieOf(`http://127.0.0.1:${port}`, { host: `localhost:${port}` })).toBeUndefined();
    await open.close();
  });
});

describe('a gateway without identities', () => {
  it('asks nobody on loopback, and believes no wrong token', async () => {
    const gateway = await openTestGateway({ settings: { KNEEPOINT_AUTH: 'none' } });
    expect((await ask(gateway.url)).text).toContain('"name":"anybody"');
    expect((await ask(gateway.url, { authorization: 'Bearer wrong' })).status).toBe(401);
    expect(gateway.log.join('')).toContain('nobody is asked who they are');
    await gateway.close();
  });

  it('listens nowhere else, unless that is said twice', async () => {
    const settings = { KNEEPOINT_AUTH: 'none', HOST: '0.0.0.0' };
    await expect(openTestGateway({ settings })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      where: 'KNEEPOINT_AUTH',
    });
    const gateway = await openTestGateway({ settings: { ...settings, KNEEPOINT_ALLOW_ANYBODY: 'true' } });
    expect((await ask(gateway.url)).status).toBe(200);
    await gateway.close();
  });
});
