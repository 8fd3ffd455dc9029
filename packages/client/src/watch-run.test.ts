import { getEventListeners, once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { createClient, download } from './node/index.ts';

interface State {
  readonly seq: number;
  readonly state: string;
}

const sockets = new Set<Socket>();
let server: Server | undefined;
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  server?.close();
});

/** A server that answers POST by `post`; what it does with a request for a socket is up to the test. */
async function serve(post: (answer: ServerResponse, body: string) => void): Promise<{ server: Server; url: string }> {
  server = createServer((request, answer) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => post(answer, body));
  });
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/kp` };
}

const json = (answer: ServerResponse, value: object): void =>
  void answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));

/** A run that is further each time it is asked for. */
function advancing(last: number): (answer: ServerResponse) => void {
  let seq = 0;
  return (answer) => {
    seq = Math.min(seq + 1, last);
    json(answer, { data: { run: { seq, state: seq === last ? 'SUCCEEDED' : 'RUNNING' } } });
  };
}

const TIMES = { connect: 200, quiet: 100, poll: 20, patience: 300 };

async function statesOf(url: string): Promise<State[]> {
  const states: State[] = [];
  const runs = createClient({ url }).watchRun('id', { times: TIMES });
  for await (const { seq, state } of runs) states.push({ seq, state });
  return states;
}

const THREE = [
  { seq: 1, state: 'RUNNING' },
  { seq: 2, state: 'RUNNING' },
  { seq: 3, state: 'SUCCEEDED' },
];

describe('a run is followed to its end', () => {
  it('where a proxy refuses the socket', async () => {
    const { server: proxy, url } = await serve(advancing(3));
    proxy.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'));
    expect(await statesOf(url)).toEqual(THREE);
  });

  it('where a proxy never answers the request for one', async () => {
    const { server: proxy, url } = await serve(advancing(3));
    proxy.on('upgrade', () => undefined);
    expect(await statesOf(url)).toEqual(THREE);
  });

  it('where there are no sockets at all', async () => {
    const { url } = await serve(advancing(3));
    const states: State[] = [];
    const runs = createClient({ url, webSocket: null }).watchRun('id', { times: TIMES });
    for await (const { seq, state } of runs) states.push({ seq, state });
    expect(states).toEqual(THREE);
  });

  it('where the socket breaks off after a while', async () => {
    const { server: proxy, url } = await serve(advancing(3));
    greet(proxy, (socket, id) => {
      socket.send(JSON.stringify({ id, type: 'next', payload: { data: { runUpdated: THREE[0] } } }), () =>
        socket.terminate(),
      );
    });
    expect(await statesOf(url)).toEqual(THREE);
  });

  it('where the socket falls silent, as one whose other end is gone', async () => {
    const { server: proxy, url } = await serve(advancing(3));
    greet(proxy, () => undefined);
    expect(await statesOf(url)).toEqual(THREE);
  });

  it('where the server has no room for a subscription', async () => {
    const { server: proxy, url } = await serve(advancing(3));
    greet(proxy, (socket, id) => {
      const error = { message: 'full', extensions: { code: 'DATABASE_UNAVAILABLE', retryable: true } };
      socket.send(JSON.stringify({ id, type: 'error', payload: [error] }));
    });
    expect(await statesOf(url)).toEqual(THREE);
  });

  it('by the socket alone where that works', async () => {
    let asked = 0;
    const { server: proxy, url } = await serve((answer) => {
      asked += 1;
      json(answer, { data: { run: null } });
    });
    greet(proxy, (socket, id) => {
      for (const state of THREE)
        socket.send(JSON.stringify({ id, type: 'next', payload: { data: { runUpdated: state } } }));
    });
    expect({ states: await statesOf(url), asked }).toEqual({ states: THREE, asked: 0 });
  });

  it('while the gateway is away for a moment', async () => {
    const states = advancing(3);
    let asked = 0;
    const { server: proxy, url } = await serve((answer) => {
      asked += 1;
      if (asked === 2) answer.writeHead(502, { 'content-type': 'text/html' }).end('<html>Bad gateway</html>');
      else states(answer);
    });
    proxy.on('upgrade', (_request, socket) => socket.destroy());
    expect(await statesOf(url)).toEqual(THREE);
  });

  it('while its database is away for a moment', async () => {
    const states = advancing(3);
    let asked = 0;
    const { server: proxy, url } = await serve((answer) => {
      asked += 1;
      const error = { message: 'away', extensions: { code: 'DATABASE_UNAVAILABLE', retryable: true } };
      if (asked === 2) json(answer, { errors: [error] });
      else states(answer);
    });
    proxy.on('upgrade', (_request, socket) => socket.destroy());
    expect(await statesOf(url)).toEqual(THREE);
  });

  it('until it is no longer wanted', async () => {
    const { server: proxy, url } = await serve(() => undefined);
    greet(proxy, () => undefined);
    const enough = new Error('enough');
    const controller = new AbortController();
    const waited = createClient({ url }).waitForRun('id', { signal: controller.signal });
    setTimeout(() => controller.abort(enough), 50);
    await expect(waited).rejects.toBe(enough);
  });

  it('without leaving anything behind in a long silence, and lets go at once of who leaves in the middle of one', async () => {
    const warnings: string[] = [];
    const warn = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', warn);
    const { server: proxy, url } = await serve((answer) => json(answer, { data: { run: THREE[0] } }));
    const open = new Set<WebSocket>();
    greet(proxy, (socket, id) => {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
      socket.send(JSON.stringify({ id, type: 'next', payload: { data: { runUpdated: THREE[0] } } }));
    });
    const controller = new AbortController();
    const options = { signal: controller.signal, times: { ...TIMES, quiet: 20 } };
    const runs = createClient({ url }).watchRun('id', options);
    expect((await runs.next()).value).toEqual(THREE[0]);
    const next = runs.next();
    await sleep(20 * 30);
    expect(warnings).toEqual([]);
    expect(open.size).toBe(1);
    const ended = { done: true, value: undefined };
    expect(await Promise.all([runs.return(undefined), next])).toEqual([ended, ended]);
    await expect.poll(() => open.size).toBe(0);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    process.off('warning', warn);
  });

  it('unless the gateway stays away', async () => {
    const { url } = await serve((answer) => void answer.writeHead(502).end());
    await expect(statesOf(url)).rejects.toMatchObject({ code: 'GATEWAY_ANSWER_INVALID' });
  });

  it('unless the server refuses what is asked', async () => {
    const { server: proxy, url } = await serve((answer) => json(answer, {}));
    greet(proxy, (socket, id) => {
      const error = { message: 'no run', extensions: { code: 'RUN_UNKNOWN' } };
      socket.send(JSON.stringify({ id, type: 'error', payload: [error] }));
    });
    await expect(statesOf(url)).rejects.toMatchObject({ code: 'RUN_UNKNOWN', message: 'no run' });
  });
});

describe('all runs are followed for as long as somebody listens', () => {
  const told = async (url: string, count: number, options: { webSocket?: null } = {}): Promise<string[]> => {
    const seen: string[] = [];
    for await (const { id, seq, state } of createClient({ url, ...options }).watchRuns(
      { task: 'age' },
      { times: TIMES },
    )) {
      if (seen.push(`${id} ${seq} ${state}`) === count) break;
    }
    return seen;
  };
  const changes = ['a 4 RUNNING', 'b 1 QUEUED', 'a 5 SUCCEEDED'];

  it('by asking where there are no sockets: what had ended before is no news', async () => {
    let asked = 0;
    const { url } = await serve((answer, body) => {
      expect((JSON.parse(body) as { variables: object }).variables).toMatchObject({ filter: { task: 'age' } });
      asked += 1;
      const [a, b] = asked < 3 ? ['RUNNING', []] : ['SUCCEEDED', [{ id: 'b', seq: 1, state: 'QUEUED' }]];
      const rows = [...b, { id: 'a', seq: asked < 3 ? 4 : 5, state: a }, { id: 'old', seq: 9, state: 'FAILED' }];
      json(answer, { data: { runs: { edges: rows.map((node) => ({ node })), pageInfo: {} } } });
    });
    expect(await told(url, 3, { webSocket: null })).toEqual(['a 4 RUNNING', 'a 5 SUCCEEDED', 'b 1 QUEUED']);
  });

  it('by the socket where that works, each state once', async () => {
    const { server: proxy, url } = await serve((answer) =>
      json(answer, { data: { runs: { edges: [], pageInfo: {} } } }),
    );
    greet(proxy, (socket, id) => {
      for (const change of [changes[0]!, ...changes]) {
        const [run, seq, state] = change.split(' ');
        const payload = { data: { runsUpdated: { id: run, seq: Number(seq), state } } };
        socket.send(JSON.stringify({ id, type: 'next', payload }));
      }
    });
    expect(await told(url, 3)).toEqual(changes);
  });
});

describe('a gateway that moves', () => {
  it('is asked where it is by then, as whoever is let in there', async () => {
    const tokens: (string | undefined)[] = [];
    const { url } = await serve((answer) => json(answer, { data: { viewer: { name: 'me' } } }));
    server!.on('request', ({ headers }) => void tokens.push(headers.authorization));
    const relocate = () => Promise.resolve({ url, token: 'new' });
    const client = createClient({ url: 'http://127.0.0.1:9', token: 'old', relocate });
    expect(await client.query('{ viewer { name } }', {})).toEqual({ viewer: { name: 'me' } });
    expect(await client.query('{ viewer { name } }', {})).toEqual({ viewer: { name: 'me' } });
    expect({ tokens, url: client.url }).toEqual({ tokens: ['Bearer new', 'Bearer new'], url });
  });

  it('is away where nobody knows of another place', async () => {
    const client = createClient({ url: 'http://127.0.0.1:9', relocate: () => Promise.resolve(null) });
    await expect(client.check()).rejects.toMatchObject({ code: 'GATEWAY_UNREACHABLE' });
  });
});

describe('what is no answer of a gateway is called what it is', () => {
  const page = (answer: ServerResponse): void =>
    void answer.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Sign in</title>');

  it.each([
    ['a page of a proxy', page, 'GATEWAY_ANSWER_INVALID', /^a page of HTML \(200 OK, "Sign in"\) came where/],
    [
      'an error of a proxy',
      (answer: ServerResponse) => void answer.writeHead(502).end(),
      'GATEWAY_ANSWER_INVALID',
      /^502 Bad Gateway with nothing in it came where/,
    ],
    [
      'JSON of another server',
      (answer: ServerResponse) => json(answer, { hello: 'world' }),
      'GATEWAY_ANSWER_INVALID',
      /^200 OK with .*hello.* came where/,
    ],
    [
      'a refusal below GraphQL',
      (answer: ServerResponse) => json(answer, { code: 'REQUEST_INVALID', message: 'Request body is too large' }),
      'REQUEST_INVALID',
      /^Request body is too large$/,
    ],
  ])('%s', async (_what, post, code, message) => {
    const { url } = await serve(post);
    await expect(createClient({ url }).check()).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  it('nobody at the address', async () => {
    const { server: gone, url } = await serve(page);
    gone.close();
    await expect(createClient({ url }).check()).rejects.toMatchObject({
      code: 'GATEWAY_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  it('somebody who never answers', async () => {
    const { url } = await serve(() => undefined);
    await expect(createClient({ url }).query('{ __typename }', {}, { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'GATEWAY_UNREACHABLE',
      message: expect.stringContaining('no answer within the time limit') as string,
    });
  });

  it('a page in the place of an artifact', async () => {
    const { url } = await serve(() => undefined);
    server!.removeAllListeners('request').on('request', (_request, answer: ServerResponse) => page(answer));
    const artifact = { sha256: 'a'.repeat(64), downloadUrl: `${url}/artifacts/a` };
    const refusal = { code: 'DOWNLOAD_FAILED', message: 'a page of HTML (200 OK, "Sign in") came from the store' };
    await expect(createClient({ url }).downloadJson(artifact)).rejects.toMatchObject(refusal);
    await expect(download(createClient({ url }), artifact, '/nonexistent/file')).rejects.toMatchObject(refusal);
  });
});

/** Opens sockets and greets, and leaves what a subscription gets to `onSubscribe`. */
function greet(proxy: Server, onSubscribe: (socket: WebSocket, id: string) => void): void {
  const sockets = new WebSocketServer({ server: proxy, handleProtocols: () => GRAPHQL_TRANSPORT_WS_PROTOCOL });
  sockets.on('connection', (socket) =>
    socket.on('message', (data: Buffer) => {
      const { type, id } = JSON.parse(data.toString()) as { type: string; id: string };
      if (type === 'connection_init') socket.send(JSON.stringify({ type: 'connection_ack' }));
      if (type === 'subscribe') onSubscribe(socket, id);
    }),
  );
}
