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
  sample = await makeSample(join(folder, 'sample'), { count: 90, widths: [8, 'pool', 12] });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function start(data: string, ...args: readonly string[]): Kneepoint {
  return new Kneepoint([...args, '--data-dir', data, '--json']);
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

/** Ends well, whatever became of its server meanwhile; what it printed. */
async function ends<T>(command: Kneepoint): Promise<T> {
  const { code, stdout, stderr } = await command.finished();
  expect({ code, said: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, said: '' });
  return JSON.parse(stdout) as T;
}

describe('commands on one data folder', () => {
  it('go on by themselves when whoever serves it is killed', async () => {
    const data = join(folder, 'killed');
    const server = new Kneepoint(['up', '--port', '0', '--data-dir', data], { env: { LOG_LEVEL: 'silent' } });
    await untilOwned(data, server);
    const { model, faces } = sample;
    const what = ['--model', model, '--data', faces, '--task', 'yaw', '--epsilon', '0.3', '--arms', 'none'];
    const command = start(data, 'compress', ...what, '--out', join(folder, 'out'));
    await command.says(/fit conv/);
    expect(await owner(data)).toBe(server.child.pid);
    server.child.kill('SIGKILL');
    await command.says(/whoever served the data folder has ended; this command goes on serving it/);
    expect(await owner(data)).toBe(command.child.pid);
    expect((await ends<Report>(command)).results).toHaveLength(1);
    expect(await owner(data)).toBeUndefined();
  });

  it('may start in the same moment, and those that end first leave the others a server', async () => {
    const data = join(folder, 'together');
    const names = ['one', 'two', 'three'];
    const commands = names.map((name) => start(data, 'model', 'add', sample.model, '--name', name));
    const made = await Promise.all(commands.map((command) => ends<{ readonly name: string }>(command)));
    expect(made.map(({ name }) => name)).toEqual(names);
    expect(await owner(data)).toBeUndefined();
  });
});
