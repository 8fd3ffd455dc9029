import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeImage, encodePng, type Preprocess } from '@kneepoint/datasets';
import { encodeModel, GraphBuilder } from '@kneepoint/onnx';
import type { TaskContext } from '@kneepoint/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import checkModel from './tasks/check-model.task.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-check-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const context: TaskContext = {
  ...{ progress: () => undefined, emit: () => Promise.resolve(), provider: 'cpu', tempDir: '' },
  signal: new AbortController().signal,
};

it('shows pictures that nothing labels as the network sees them, without those that cannot be read', async () => {
  const g = new GraphBuilder();
  g.output(g.globalAveragePool(g.input('x', ['N', 3, 8, 8])), ['N', 3, 1, 1]);
  const modelPath = join(folder, 'model.onnx');
  await writeFile(modelPath, encodeModel(g.build()));
  for (const [i, red] of [10, 20, 30, 40].entries()) {
    const pixels = new Uint8Array(8 * 8 * 3).map((_, at) => [red, 100, 200][at % 3]!);
    await writeFile(join(folder, `${i}.png`), await encodePng(pixels, 8, 8, 3));
  }
  await writeFile(join(folder, '4.png'), 'not a picture');

  const outFolder = join(folder, 'out');
  const preprocess: Preprocess = { channels: 'bgr', range: [0, 1], mean: [0.5], std: [0.25] };
  const declared = { preprocess, from: 'a test' };
  const check = await checkModel({ modelPath, dataPath: folder, outFolder, most: 10, declared }, context);
  expect(check).toMatchObject({ images: 5, measured: 4, unreadable: ['4.png'], from: 'a test' });
  expect(check.channels[2]).toMatchObject({ name: 'red', mean: expect.closeTo((25 / 255 - 0.5) / 0.25, 3) as number });
  expect(check.pictures.map(({ image }) => image)).toEqual(['0.png', '2.png', '3.png']);
  expect(check.pictures[0]!.shows).toEqual(['the picture', 'channel 0: blue', 'channel 1: green', 'channel 2: red']);

  const seen = new Float32Array(3 * 8 * 44);
  const raw: Preprocess = { channels: 'rgb', range: [0, 255], mean: [0], std: [1] };
  const size = { channels: 3, height: 8, width: 44 };
  await decodeImage(await readFile(check.pictures[0]!.path), raw, size, seen, 0);
  // The picture, a gap, then blue, green and red in grey.
  expect([0, 12, 24, 36].map((x) => [0, 1, 2].map((band) => seen[band * 8 * 44 + x]))).toEqual([
    [10, 100, 200],
    [200, 200, 200],
    [100, 100, 100],
    [10, 10, 10],
  ]);
});
