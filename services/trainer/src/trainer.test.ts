import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type FinetuneInput,
  finetuneKey,
  type FinetuneOutput,
  type FinetunePosition,
  type TrainingChoice,
} from '@kneepoint/workflow';
import { taskProcessesOf } from '../../../test/support/task-processes.ts';
import { Stage } from './testing/stage.ts';
import { World } from './testing/world.ts';

const FIXTURE = fileURLToPath(new URL('testing/trainer.fixture.ts', import.meta.url));

let stage: Stage;
let job: FinetuneInput;
/** What comes out when nothing goes wrong. */
let undisturbed: FinetuneOutput;

/** A world on a folder of its own that has the network and the images in its store. */
async function open(name: string, settings: TrainingChoice = { epochs: 4, checkpointSeconds: 0 }): Promise<World> {
  const world = await World.open(join(stage.folder, name));
  const { sha256 } = await world.store.put(stage.network.path);
  await world.store.put(stage.archive);
  job = { ...stage.job({ mode: 'scratch', tasks: ['yaw'], settings }), network: { model: { sha256, layer: null } } };
  return world;
}

beforeAll(async () => {
  stage = await Stage.open();
  const world = await open('undisturbed');
  undisturbed = await world.output(await world.launch(job));
  await world.close();
});
afterAll(() => stage.close());

function records({ epochs }: FinetuneOutput) {
  return epochs.map(({ seconds: _seconds, imagesPerSecond: _rate, ...record }) => record);
}

it('leaves the network in the store, and no checkpoint', async () => {
  const world = await open('undisturbed');
  expect(await world.store.has(undisturbed.modelSha256)).toBe(true);
  expect(undisturbed.epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
  expect(await world.db.prisma.checkpoint.count()).toBe(0);
  await world.close();
});

it('ends with the same network when the process that trains is killed in mid-epoch', async () => {
  const world = await open('child');
  const run = await world.launch(job);
  await world.midEpoch(job);
  for (const pid of taskProcessesOf(process.pid)) process.kill(pid, 'SIGKILL');
  const output = await world.output(run);
  const attempts = await world.db.prisma.attempt.findMany({ orderBy: { number: 'asc' } });
  expect(attempts.map(({ outcome }) => outcome)).toEqual(['FAILED', 'SUCCEEDED']);
  expect(output.modelSha256).toBe(undisturbed.modelSha256);
  expect(records(output)).toEqual(records(undisturbed));
  expect(await world.db.prisma.checkpoint.count()).toBe(0);
  await world.close();
});

it('ends with the same network when the whole service is killed in mid-epoch and another takes over', async () => {
  await (await open('service')).close();
  const folder = join(stage.folder, 'service');
  const jobFile = await stage.write('job.json', Buffer.from(JSON.stringify(job)));
  const service = spawn(process.execPath, ['--import', 'tsx', FIXTURE, folder, jobFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: service.stdout }), 'line')) as [string];
  service.kill('SIGKILL');
  await once(service, 'exit');
  const world = await open('service');
  const output = await world.output(line.slice('saved '.length));
  expect(output.modelSha256).toBe(undisturbed.modelSha256);
  expect(records(output)).toEqual(records(undisturbed));
  await world.close();
});

it('told to stop, it saves what it has done since the last checkpoint, and ends with the same network later', async () => {
  // Of sixty short epochs few end with a checkpoint.
  const settings = { epochs: 60, patience: 60, batchSize: 2, checkpointSeconds: 86_400 };
  const world = await open('stopped', settings);
  const run = await world.launch(job);
  await world.until(async () => (await world.db.prisma.step.findFirstOrThrow({ where: { runId: run } })).done > 0);
  await world.close();
  const next = await World.open(join(stage.folder, 'stopped'), { work: false });
  const { position } = await next.db.prisma.checkpoint.findFirstOrThrow({ where: { key: finetuneKey(job) } });
  const step = await next.db.prisma.step.findFirstOrThrow({ where: { runId: run } });
  expect(step).toMatchObject({ state: 'QUEUED', attempt: 2, handedBack: 1 });
  const saved = position as unknown as FinetunePosition;
  expect(saved.epoch).toBeLessThan(settings.epochs);
  expect(saved.epoch * undisturbed.split.train + saved.step * settings.batchSize).toBeGreaterThanOrEqual(step.done);
  await next.close();
  const again = await World.open(join(stage.folder, 'stopped'));
  const stopped = await again.output(run);
  await again.close();
  const alone = await open('not-stopped', settings);
  expect(stopped.modelSha256).toBe((await alone.output(await alone.launch(job))).modelSha256);
  await alone.close();
});

it('goes on where a canceled training of the same work stopped', async () => {
  const world = await open('canceled');
  const first = await world.launch(job);
  const { epoch } = await world.midEpoch(job);
  await world.db.prisma.run.update({ where: { id: first }, data: { state: 'CANCELING' } });
  await world.until(
    async () => (await world.db.prisma.run.findUniqueOrThrow({ where: { id: first } })).state === 'CANCELED',
  );
  const before = await world.db.prisma.checkpoint.findFirstOrThrow({ where: { key: finetuneKey(job) } });
  expect(before.position).toMatchObject({ best: { epoch: expect.any(Number) as number } });
  expect((before.position as unknown as { epoch: number }).epoch).toBeGreaterThanOrEqual(epoch);
  const output = await world.output(await world.launch({ ...job, label: 'again' }));
  expect(output.modelSha256).toBe(undisturbed.modelSha256);
  await world.close();
});
