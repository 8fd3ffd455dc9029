import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { mayReach, parseAllowed } from './addresses.ts';
import { type GuardedRequest, guardedRequest, type Resolved } from './guarded-request.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** A server of this machine, and what was asked of it. */
async function serve(answer: RequestListener): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.headers.host}${request.url}`);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, asked };
}

/** A resolver that gives these answers one after the other. */
function answering(...answers: readonly (readonly string[])[]): (host: string) => Promise<readonly Resolved[]> {
  let next = 0;
  return () =>
    Promise.resolve((answers[next++] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
}

const HERE = parseAllowed('127.0.0.0/8')!;
const ok: RequestListener = (_request, response) => response.end('heard');
const asking = (address: string, options: GuardedRequest = {}) =>
  guardedRequest(address, { timeoutMs: 3000, ...options });

describe('which addresses are reached', () => {
  it.each(['1.1.1.1', '93.184.215.14', '2606:4700::1111', '::ffff:1.1.1.1'])('%s is', (address) => {
    expect(mayReach(address)).toBe(true);
  });

  it.each<[string, string]>([
    ['this machine', '127.0.0.1'],
    ['all of this machine', '127.8.9.1'],
    ['this machine, version 6', '::1'],
    ['no address', '0.0.0.0'],
    ['no address, version 6', '::'],
    ['a private network', '10.0.0.1'],
    ['a private network', '172.16.0.1'],
    ['a private network', '192.168.1.1'],
    ['a private network, version 6', 'fd00::1'],
    ['link-local, where clouds keep metadata', '169.254.169.254'],
    ['link-local, version 6', 'fe80::1'],
    ["a cloud's metadata, version 6", 'fd00:ec2::254'],
    ['shared by a carrier', '100.64.0.1'],
    ["a cloud's own service", '168.63.129.16'],
    ['reserved', '192.0.0.192'],
    ['for documents', '192.0.2.1'],
    ['for tests', '198.18.0.1'],
    ['multicast', '224.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['multicast, version 6', 'ff02::1'],
    ['this machine in version 6', '::ffff:127.0.0.1'],
    ['this machine in version 6, in digits', '::ffff:7f00:1'],
    ['this machine in version 6, of old', '::127.0.0.1'],
    ['link-local through a translator', '64:ff9b::a9fe:a9fe'],
    ['a translator of one network', '64:ff9b:1::1'],
    ['link-local within 6to4', '2002:a9fe:a9fe::1'],
    ['Teredo', '2001::1'],
    ['no usual form', '0x7f.1'],
  ])('%s is not: %s', (_what, address) => {
    expect(mayReach(address)).toBe(false);
  });

  it('are those of an operator, too', () => {
    const allowed = parseAllowed('10.1.0.0/16, 192.168.0.7,fd00:1::/32')!;
    expect(['10.1.2.3', '192.168.0.7', 'fd00:1::5'].map((address) => mayReach(address, allowed))).toEqual([
      true,
      true,
      true,
    ]);
    expect(['10.2.0.1', '192.168.0.8', 'fd00:2::5'].map((address) => mayReach(address, allowed))).toEqual([
      false,
      false,
      false,
    ]);
  });

  it.each(['10.0.0.0/40', 'a b', '10.1', 'http://x', ''])('a list that holds %j is none', (list) => {
    expect(parseAllowed(list)).toBeUndefined();
  });
});

describe('a request to an address that a user named', () => {
  it('is sent, and its answer given', async () => {
    const { port, asked } = await serve((request, response) => {
      request.on('data', (chunk: Buffer) => response.write(`got ${chunk.toString()}`));
      request.on('end', () => response.end());
    });
    const { status, body } = await asking(`http://127.0.0.1:${port}/hook?a=1`, {
      method: 'POST',
      body: 'news',
      allowed: HERE,
    });
    expect([status, body.toString()]).toEqual([200, 'got news']);
    expect(asked).toEqual([`POST 127.0.0.1:${port}/hook?a=1`]);
  });

  it.each([
    ['link-local address', 'http://169.254.169.254/latest/meta-data', []],
    ['loopback address', 'http://127.0.0.1:1/', []],
    ['loopback address in another form', 'http://0x7f.1:1/', []],
    ['loopback address as one number', 'http://2130706433:1/', []],
    ['loopback address of version 6', 'http://[::ffff:127.0.0.1]:1/', []],
    ['name that leads inside', 'http://hooks.example.org/', ['10.0.0.5']],
    ['name that leads outside and inside', 'http://hooks.example.org/', ['1.1.1.1', '10.0.0.5']],
  ])('to a %s is not sent', async (_what, address, answer) => {
    await expect(asking(address, { resolve: answering(answer) })).rejects.toMatchObject({
      code: 'OUTGOING_REFUSED',
      message: 'no request is sent there: it leads to an address that is not public',
    });
  });

  it.each([
    ['file:///etc/hostname', 'file: is not sent to'],
    ['gopher://example.org/', 'gopher: is not sent to'],
    ['https://user:secret@example.org/', 'a user or password stands in the address'],
    ['nowhere', 'this is no address'],
  ])('of another kind is not sent: %s', async (address, problem) => {
    const failure = asking(address);
    await expect(failure).rejects.toMatchObject({
      code: 'OUTGOING_REFUSED',
      message: `no request is sent there: ${problem}`,
    });
    await expect(failure).rejects.not.toThrow(/secret/);
  });

  it('goes where the name led when it was checked, whatever it answers next', async () => {
    const { port, asked } = await serve(ok);
    const resolve = answering(['127.0.0.1'], ['10.0.0.5']);
    const { body } = await asking(`http://hooks.example.org:${port}/`, { resolve, allowed: HERE });
    expect([body.toString(), asked]).toEqual(['heard', [`GET hooks.example.org:${port}/`]]);
    // The second answer was still unread: the name was resolved once.
    await expect(asking('http://hooks.example.org/', { resolve })).rejects.toMatchObject({ code: 'OUTGOING_REFUSED' });
  });

  it('to a name that an operator allows is sent, wherever it leads', async () => {
    const { port } = await serve(ok);
    const options = { resolve: answering(['127.0.0.1']), allowed: parseAllowed('hooks.internal')! };
    expect((await asking(`http://Hooks.Internal:${port}/`, options)).body.toString()).toBe('heard');
  });

  it('does not follow a redirect, which may lead inside', async () => {
    const { port, asked } = await serve((request, response) => {
      if (request.url === '/') response.writeHead(302, { location: '/inside' }).end();
      else response.end('secret');
    });
    await expect(asking(`http://127.0.0.1:${port}/`, { allowed: HERE })).rejects.toMatchObject({
      code: 'OUTGOING_REFUSED',
      message: 'no request is sent there: it answers 302, and redirects are not followed',
    });
    expect(asked).toHaveLength(1);
  });

  it('is given up when the answer is too long, too slow or none', async () => {
    const { port } = await serve((request, response) => {
      if (request.url === '/long') response.end(Buffer.alloc(2000));
      else if (request.url === '/slow') response.write('x');
      else request.socket.destroy();
    });
    const failing = (path: string, timeoutMs = 60_000) =>
      asking(`http://127.0.0.1:${port}/${path}`, { allowed: HERE, mostBytes: 1999, timeoutMs });
    await expect(failing('long')).rejects.toMatchObject({
      code: 'OUTGOING_FAILED',
      message: 'the answer has more than 1999 bytes',
    });
    await expect(failing('slow', 300)).rejects.toMatchObject({
      code: 'OUTGOING_FAILED',
      message: 'no answer within 300 ms',
    });
    await expect(failing('none')).rejects.toMatchObject({ code: 'OUTGOING_FAILED' });
    const never = asking('http://hooks.example.org/', { resolve: () => new Promise(() => undefined), timeoutMs: 100 });
    await expect(never).rejects.toMatchObject({ code: 'OUTGOING_FAILED', message: 'no answer within 100 ms' });
  });
});
