import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Behaviour } from '../testing/behave.task.ts';
import { isolatesNetwork } from './confine.ts';
import { runTask } from './run-task.ts';

const TASK = new URL('../testing/behave.task.ts', import.meta.url);
const run = (how: Behaviour['how'], value?: unknown, memoryMb = 256): Promise<unknown> =>
  runTask<Behaviour, unknown>(TASK, { how, value }, { timeoutMs: 20_000, memoryMb });

const separate = isolatesNetwork();
if (!separate) process.stderr.write('NOT RUN: the promise of no network; this system lets nobody make a namespace\n');

describe.runIf(process.platform === 'linux')('the process of a task', () => {
  it.runIf(separate)('reaches nothing over the network, not even the machine that it runs on', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      expect(await run('connect', port)).toMatch(/^E(NETUNREACH|CONNREFUSED|ADDRNOTAVAIL)$/);
    } finally {
      server.close();
    }
  });

  it('is not given memory far above its cap, though none of it is resident yet', async () => {
    await expect(run('reserve', 16_384)).rejects.toMatchObject({ code: 'RUNTIME_MEMORY_LIMIT' });
    expect(await run('reserve', 300)).toBe(300 * 2 ** 20);
  });

  it('leaves no core file with what it held', async () => {
    expect(await run('coreLimit')).toBe('0');
  });
});
