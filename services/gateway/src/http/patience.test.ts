import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createLogger, readConfig } from '@kneepoint/platform';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from './create-app.ts';

/** Each far from the others, so that what ended a connection can be told by when it did. */
const PATIENCE = { headersMs: 400, bodyMs: 1000, idleMs: 2000, keepAliveMs: 1500 };
const HEAD = 'POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';

let app: FastifyInstance;
let port: number;
beforeAll(async () => {
  app = await createApp(readConfig({}), createLogger({ service: 'gateway', level: 'silent' }), PATIENCE);
  app.post('/echo', (request) => request.body);
  await app.listen({ port: 0, host: '127.0.0.1' });
  port = (app.server.address() as AddressInfo).port;
});
afterAll(() => app.close());

/** Sends one byte after the other, so that the connection is never silent, and says after how many milliseconds it was ended. */
async function endOf(first: string, drip?: string): Promise<number> {
  const started = performance.now();
  const socket: Socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined).resume();
  socket.write(first);
  const timer = drip === undefined ? undefined : setInterval(() => socket.write(drip), 50);
  await once(socket, 'close');
  clearInterval(timer);
  return performance.now() - started;
}

/** Timers of a busy machine are late, and never early. */
async function expectEnd(end: Promise<number>, after: number, before: number): Promise<void> {
  const took = await end;
  expect(took).toBeGreaterThan(after * 0.9);
  expect(took).toBeLessThan(before);
}

describe.concurrent('who is slow is not waited for', () => {
  it('headers that come one byte at a time', () => expectEnd(endOf(HEAD, 'x'), PATIENCE.headersMs, 950));

  it('a body that comes one byte at a time, however long it is to be', () =>
    expectEnd(endOf(`${HEAD}Content-Length: 1000\r\n\r\n{`, ' '), PATIENCE.bodyMs, 1900));

  it('a connection that asked, was answered, and asks no more', () =>
    expectEnd(endOf(`${HEAD}Content-Length: 2\r\n\r\n{}`), PATIENCE.keepAliveMs, 3500));

  it('one that never says anything', () => expectEnd(endOf(''), PATIENCE.headersMs, 3500));
});
