import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { globalId } from '../../../../services/gateway/src/domain/ids.ts';
import { seedModel } from '../../../../services/gateway/src/testing/seed.ts';
import {
  ADMIN_TOKEN,
  openTestGateway,
  type TestGateway,
} from '../../../../services/gateway/src/testing/test-gateway.ts';
import { main } from '../main.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openTestGateway();
  vi.stubEnv('KNEEPOINT_TOKEN', ADMIN_TOKEN);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await gateway.close();
});
afterEach(() => vi.restoreAllMocks());

/** What is suggested in the place of the last word. */
async function suggested(...words: readonly string[]): Promise<readonly string[]> {
  const said: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
  await main(['node', 'kneepoint', 'complete', '--', ...words]);
  return said.filter((line) => !/^:\d+$/.test(line)).map((line) => line.split('\t')[0]!);
}

it('suggests names that any shell takes as they are, and else what means the same', async () => {
  const { sha256 } = await seedModel(gateway, { name: 'my net' });
  await seedModel(gateway, { name: 'net' });
  const ids: string[] = [];
  for (const name of ['nightly', '$(touch pwned)', '`reboot`', '--cancel', 'a;b', '~', null]) {
    const { id } = await gateway.db.prisma.run.create({ data: { kind: 'ANALYSIS', name, input: {} } });
    ids.push(globalId('Run', id));
  }
  // Nobody waits long for a suggestion, and a busy machine is late with its first answers.
  await vi.waitFor(async () => {
    const runs = await suggested('runs', '--url', gateway.url, '');
    expect([...runs].sort()).toEqual(['nightly', ...ids.slice(1)].sort());
    expect(await suggested('analyze', '--url', gateway.url, '')).toEqual(['net', sha256.slice(0, 12)]);
  }, 20_000);
});
