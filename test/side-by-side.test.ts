import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '@kneepoint/workflow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Kneepoint, makeSample, type Sample } from './support/kneepoint.ts';

let folder: string;
let sample: Sample;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-beside-'));
  sample = await makeSample(join(folder, 'sample'), { count: 120, widths: [8, 'pool', 12, 'pool', 16] });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** A compression on a data folder, long enough to be met in the middle. */
function compress(data: string, epsilon: string, epochs = '12'): Kneepoint {
  return new Kneepoint([
    ...['compress', '--model', sample.model, '--data', sample.faces, '--task', 'yaw', '--epsilon', epsilon],
    ...['--arms', 'finetuned', '--no-teacher', '--epochs', epochs, '--patience', '0'],
    ...['--out', join(folder, `out-${epsilon}`), '--data-dir', data, '--json'],
  ]);
}

/** The process that serves a data folder. */
async function owner(data: string): Promise<number | undefined> {
  const text = await readFile(join(data, 'server.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as { pid: number }).pid;
}

async function untilOwned(data: string, command: Kneepoint): Promise<void> {
  while ((await owner(data)) !== command.child.pid) {
    if (command.child.exitCode !== null) throw new Error(command.output);
    await sleep(50);
  }
}

/** Ends with a report, whatever became of its server meanwhile. */
async function ends(command: Kneepoint): Promise<void> {
  const { code, stdout, stderr } = await command.finished();
  expect({ code, said: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, said: '' });
  expect((JSON.parse(stdout) as Report).results).toHaveLength(1);
}

describe('two commands on one data folder', () => {
  it.each([
    ['is interrupted', 'SIGINT', 130],
    ['is killed', 'SIGKILL', null],
  ] as const)(
    'live side by side: when the one that serves it %s, the other goes on by itself',
    async (how, signal, code) => {
      const data = join(folder, how);
      const first = compress(data, '0.1');
      await untilOwned(data, first);
      const second = compress(data, '0.3');
      // Both train at the same time, or one after the other: by then the guest's run is in the owner's hands.
      await second.says(/epoch 1\/12/);
      expect(await owner(data)).toBe(first.child.pid);
      first.child.kill(signal);
      expect((await first.finished()).code).toBe(code);
      await second.says(/whoever served the data folder has ended; this command goes on serving it/);
      await untilOwned(data, second);
      await ends(second);
      expect(await owner(data)).toBeUndefined();
    },
  );

  it('may start in the same moment, and the one that ends first leaves the other its server', async () => {
    const data = join(folder, 'together');
    const commands = [compress(data, '0.1', '1'), compress(data, '0.3', '6')];
    await Promise.all(commands.map(ends));
  });
});
