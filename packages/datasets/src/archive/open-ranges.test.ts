import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { renderFaces } from '../faces/render-faces.ts';
import { openDataset } from './open-dataset.ts';
import { openRanges, type ReadBytes } from './open-ranges.ts';
import { packDataset } from './pack-dataset.ts';

let folder: string;
let archive: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-ranges-'));
  archive = join(folder, 'faces.tar');
  await renderFaces({ folder: join(folder, 'faces'), count: 12, seed: 1, size: 16 });
  await packDataset(join(folder, 'faces'), { out: archive });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Bytes of the archive, and how many were asked for. */
async function ranges(
  change: (bytes: Buffer) => void = () => undefined,
): Promise<{ bytes: ReadBytes; asked: () => number }> {
  const whole = await readFile(archive);
  change(whole);
  let asked = 0;
  const bytes: ReadBytes = (from, to) => {
    asked += to - from;
    return Promise.resolve(whole.subarray(from, to));
  };
  return { bytes, asked: () => asked };
}

it('gives the images of an archive that lies elsewhere, and reads nothing but its index and those', async () => {
  const { bytes, asked } = await ranges();
  const remote = await openRanges(bytes);
  const whole = await openDataset(archive);
  expect(remote.manifest).toEqual(whole.manifest);
  const index = asked();
  for (const i of [0, 7, 11]) expect(await remote.read(i)).toEqual(await whole.read(i));
  expect(asked() - index).toBe([0, 7, 11].reduce((sum, i) => sum + whole.images[i]!.bytes, 0));
  await whole.close();
});

it('refuses what is no packed data set, and an image with another sum', async () => {
  const { bytes: other } = await ranges((whole) => whole.fill(0, 0, 512));
  await expect(openRanges(other)).rejects.toMatchObject({ code: 'DATASET_ARCHIVE_INVALID' });
  const file = await open(archive);
  const { size } = await file.stat();
  await file.close();
  // The last image ends in the padding before the two empty blocks at the end.
  const { bytes: spoiled } = await ranges((whole) => whole.fill(1, size - 1024 - 512, size - 1024));
  const dataset = await openRanges(spoiled);
  await expect(dataset.read(11)).rejects.toMatchObject({ code: 'DATASET_ARCHIVE_INVALID' });
  await expect(dataset.read(12)).rejects.toMatchObject({ code: 'DATASET_OPTION_INVALID' });
});
