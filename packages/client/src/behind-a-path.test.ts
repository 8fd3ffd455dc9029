import { once } from 'node:events';
import { createServer, request as forward, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { globalId } from '../../../services/gateway/src/domain/ids.ts';
import { seedRun } from '../../../services/gateway/src/testing/seed.ts';
import { openTestGateway, type TestGateway } from '../../../services/gateway/src/testing/test-gateway.ts';
import { ArtifactDocument, createClient } from './node/index.ts';

/** A proxy that serves a gateway below a path, and hands that on or not. */
function proxyTo(target: () => number, onward: (path: string) => string): Server {
  const proxy = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const request = forward({ host: '127.0.0.1', port: target(), method, path: onward(url!), headers }, (answer) =>
      answer.pipe(outgoing.writeHead(answer.statusCode!, answer.headers)),
    );
    incoming.pipe(request);
  });
  proxy.on('upgrade', ({ url, rawHeaders }, socket, head) => {
    const upstream = connect(target(), '127.0.0.1', () => {
      const lines = rawHeaders.map((text, index) => text + (index % 2 === 0 ? ': ' : '\r\n')).join('');
      upstream.write(`GET ${onward(url!)} HTTP/1.1\r\n${lines}\r\n`);
      upstream.write(head);
      socket.pipe(upstream).pipe(socket);
    });
    for (const end of [socket, upstream]) end.on('error', () => (socket.destroy(), upstream.destroy()));
  });
  return proxy.listen(0, '127.0.0.1');
}

/** What the proxy makes of a path. */
let onward: (path: string) => string;
let gateway: TestGateway;
let proxy: Server;
let address: string;
const client = () => createClient({ url: address, token: gateway.headers['authorization']!.replace('Bearer ', '') });
beforeAll(async () => {
  proxy = proxyTo(
    () => Number(new URL(gateway.url).port),
    (path) => onward(path),
  );
  await once(proxy, 'listening');
  address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/team/kp`;
  gateway = await openTestGateway({ settings: { KNEEPOINT_PUBLIC_URL: address } });
});
afterAll(async () => {
  proxy.closeAllConnections();
  proxy.close();
  await gateway.close();
});

describe.each([
  ['strips', (path: string) => path.replace(/^\/team\/kp/, '')],
  ['leaves', (path: string) => path],
])('behind a proxy that %s the path of the public address', (_what, way) => {
  beforeAll(() => void (onward = way));

  it('the editor is found, and asks below the path', async () => {
    const response = await fetch(`${address}/graphql`, { headers: { accept: 'text/html' } });
    expect([response.status, response.url]).toEqual([200, `${address}/graphql`]);
    expect(await response.text()).toContain('"endpoint":"/team/kp/graphql"');
    expect((await fetch(`${address}/healthz`)).status).toBe(200);
  });

  it('the client asks, and follows a run by its socket', async () => {
    await client().check();
    const run = await seedRun(gateway);
    const states = client().watchRun(globalId('Run', run.id), {
      // Asking instead would take longer than the test may.
      times: { connect: 10_000, quiet: 600_000, poll: 600_000, patience: 0 },
    });
    expect((await states.next()).value).toMatchObject({ state: 'QUEUED' });
    await states.return(undefined);
  });

  it('files go up and come down by the addresses that it gives', async () => {
    const sha256 = await client().upload(new Blob(['abc']));
    const { artifact } = await client().query(ArtifactDocument, { sha256 });
    expect(artifact!.downloadUrl.startsWith(`${address}/artifacts/`)).toBe(true);
    expect(await (await client().download(sha256)).text()).toBe('abc');
  });
});
