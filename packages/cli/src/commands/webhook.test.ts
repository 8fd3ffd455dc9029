import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import {
  ADMIN_TOKEN,
  openTestGateway,
  type TestGateway,
} from '../../../../services/gateway/src/testing/test-gateway.ts';
import { Receiver } from '../../../../test/support/webhook-receiver.ts';
import { main } from '../main.ts';

let gateway: TestGateway;
let receiver: Receiver;
beforeAll(async () => {
  gateway = await openTestGateway({ settings: { KNEEPOINT_OUTGOING_ALLOW: '127.0.0.1' } });
  receiver = await new Receiver().start();
});
afterAll(async () => {
  await gateway.close();
  await receiver.stop();
});
beforeEach(() => {
  vi.stubEnv('KNEEPOINT_URL', gateway.url);
  vi.stubEnv('KNEEPOINT_TOKEN', ADMIN_TOKEN);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  process.exitCode = 0;
});

/** What a command printed on standard output. */
async function run(...args: readonly string[]): Promise<string> {
  const printed: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  await main(['node', 'kneepoint', 'webhook', ...args]);
  vi.restoreAllMocks();
  return printed.join('');
}

it('webhooks are made, listed, tried, told again, turned off and removed from the command line', async () => {
  const made = JSON.parse(
    await run('add', receiver.url, '--type', 'run.succeeded', 'run.timed_out', '--label', 'team=vision', '--json'),
  ) as { id: string; secret: string };
  expect(made.secret).toMatch(/^whsec_/);
  const { id } = made;
  expect(await run('list')).toMatch(
    new RegExp(`${id} +${receiver.url} +RUN_SUCCEEDED, RUN_TIMED_OUT, team=vision +on`),
  );
  receiver.answer = () => ({ status: 500, body: 'not today' });
  expect(await run('test', id)).toMatch(/^status 500 after \d+ ms: not today\n$/);
  expect(process.exitCode).toBe(1);
  receiver.answer = () => ({});
  const [failed] = JSON.parse(await run('deliveries', id, '--state', 'failed', '--json')) as { id: string }[];
  expect(await run('redeliver', failed!.id)).toMatch(/^WEBHOOK_PING is on its way again: delivery /);
  await expect.poll(() => receiver.received.length).toBe(2);
  expect(await run('set', id, '--off')).toMatch(/hears of RUN_SUCCEEDED, RUN_TIMED_OUT, team=vision; off\n$/);
  expect(await run('rotate', id, '--overlap', '0')).toMatch(/^whsec_.{44}\n$/);
  expect(await run('remove', id)).toBe(`nothing is sent to ${receiver.url} any more\n`);
  expect(await run('list', '--json')).toBe('[]\n');
});
