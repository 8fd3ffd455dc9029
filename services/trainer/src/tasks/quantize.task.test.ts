import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeModel } from '@kneepoint/onnx';
import { openSession, runTask } from '@kneepoint/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Stage, type Training } from '../testing/stage.ts';
import { QUANTIZED } from '../trained-file.ts';
import type { QuantizeTaskInput, QuantizeTaskOutput } from './quantize.task.ts';

let stage: Stage;
beforeAll(async () => (stage = await Stage.open()));
afterAll(() => stage.close());

it('a trained network in whole numbers answers as it did, is smaller, and says so in its file', async () => {
  const training: Training = { mode: 'scratch', tasks: ['yaw', 'gender'], settings: { epochs: 3 } };
  const trained = await stage.train(training);
  const { preprocess, datasetSha256, manifestSha256, tasks, split, modelName } = stage.job(training);
  const job = { network: { sha256: '0' }, preprocess, datasetSha256, manifestSha256, tasks, split, modelName };
  const output = await runTask<QuantizeTaskInput, QuantizeTaskOutput>(
    new URL('./quantize.task.ts', import.meta.url),
    {
      job,
      network: { path: await stage.write('float.onnx', trained.bytes) },
      archivePath: stage.archive,
      outFolder: stage.folder,
    },
    { timeoutMs: 100_000 },
  );
  const { layers, left, fall, images, bytes } = output.quantisation;
  expect(layers.length).toBeGreaterThanOrEqual(3);
  expect(left).toEqual([]);
  expect(fall).toBeLessThanOrEqual(1 / trained.split.validation);
  expect(images).toBe(trained.split.train);
  expect(bytes.float / bytes.whole).toBeGreaterThan(2);
  output.tasks.forEach(({ task, validation }, i) => {
    expect(task).toBe(trained.tasks[i]!.task);
    const { validation: before, chance } = trained.tasks[i]!;
    expect(Math.abs(validation - before)).toBeLessThanOrEqual(Math.max(1, chance) / trained.split.validation + 1e-9);
  });
  const written = decodeModel(await readFile(join(stage.folder, QUANTIZED)));
  const said = new Map(written.metadataProps.map(({ key, value }) => [key, JSON.parse(value) as unknown]));
  expect(said.get('kneepoint.quantized')).toMatchObject({ layers: layers.length, left: [] });
  expect(said.get('kneepoint.thresholds')).toEqual(output.tasks.map(({ thresholds }) => thresholds));
  const session = await openSession(written, { provider: 'cpu' });
  await session.release();
});
