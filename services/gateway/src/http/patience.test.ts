import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { createLogger, readConfig } from '@kneepoint/platform';
import { describe, expect, it } from 'vitest';
import { createApp, type Patience } from './create-app.ts';

/** What never comes in this test. */
const LONG_MS = 120_000;
const SHORT_MS = 600;
const HEAD = 'POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';

/**
 * After how many milliseconds a connection is ended by a server that is patient in all but the one thing. One byte after the other is sent,
 * so that the connection is never silent.
 */
async function endOf(impatient: keyof Patience, first: string, drip?: string): Promise<number> {
  const long = { headersMs: LONG_MS, bodyMs: LONG_MS, idleMs: LONG_MS, keepAliveMs: LONG_MS };
  const log = createLogger({ service: 'gateway', level: 'silent' });
  const app = await createApp(readConfig({}), log, { ...long, [impatient]: SHORT_MS });
  app.post('/echo', (request) => request.body);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const started = performance.now();
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined).resume();
  socket.write(first);
  const timer = drip === undefined ? undefined : setInterval(() => socket.write(drip), 50);
  await once(socket, 'close');
  clearInterval(timer);
  const took = performance.now() - started;
  await app.close();
  return took;
}

describe.concurrent('who is slow is not waited for', () => {
  it.each<[string, keyof Patience, string, string?]>([
    ['headers that come one byte at a time', 'headersMs', HEAD, 'x'],
    [
      'a body that comes one byte at a time, however long it is to be',
      'bodyMs',
      `${HEAD}Content-Length: 1000\r\n\r\n{`,
      ' ',
    ],
    ['a connection that asked, was answered, and asks no more', 'keepAliveMs', `${HEAD}Content-Length: 2\r\n\r\n{}`],
    ['one that never says anything', 'headersMs', ''],
  ])('%s', async (_what, impatient, first, drip) => {
    // Timers of a busy machine are late, and never early; that anything else ends it would take longer than a test may.
    expect(await endOf(impatient, first, drip)).toBeGreaterThan(0.9 * SHORT_MS);
  });
});
