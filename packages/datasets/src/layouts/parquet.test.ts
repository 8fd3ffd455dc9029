import { expect, it } from 'vitest';
import { openDataset } from '../archive/open-dataset.ts';
import { packDataset } from '../archive/pack-dataset.ts';
import { sharp } from '../images/sharp.ts';
import { folderOf } from '../testing/folder.ts';
import { PARQUET_FILES } from '../testing/parquet-files.ts';

it("reads Hugging Face's Parquet: images in the file, class names of the schema, the split of the files' names", async () => {
  const train = Buffer.from(PARQUET_FILES.train, 'base64');
  const test = Buffer.from(PARQUET_FILES.test, 'base64');
  const folder = await folderOf({
    'data/train-00000-of-00002.parquet': train,
    'data/train-00001-of-00002.parquet': train.subarray(0, train.length - 9),
    'data/test-00000-of-00001.parquet': test,
  });
  const out = `${await folderOf()}/set.tar`;
  const { manifest } = await packDataset(folder, { out });
  expect(manifest.tasks.map(({ name, type, classes }) => [name, type, classes])).toEqual([
    ['label', 'categorical', ['cat', 'dog']],
    ['age', 'continuous', undefined],
    ['who', 'binary', ['ann', 'bob']],
  ]);
  expect(manifest.labels['label']).toEqual(Float64Array.of(0, 1, 1, 0, 1, 0, 0, 1));
  expect(manifest.labels['age']).toEqual(Float64Array.of(3.5, 4.5, 1.5, NaN));
  expect(manifest.split).toEqual({ from: 'files test, train', parts: Uint8Array.of(2, 2, 0, 0) });
  expect(manifest.notes.filter((note) => note.startsWith('skipped')).sort()).toEqual([
    'skipped 1: a file that is no Parquet with a column of images, or is cut off, such as "data/train-00001-of-00002.parquet"',
    'skipped 1: a number that is none of the classes, such as "data/train-00000-of-00002/0000003"',
    'skipped 1: an image that cannot be read (DATASET_IMAGE_EMPTY), such as "data/train-00000-of-00002/0000002"',
    'skipped 1: an image that cannot be read (DATASET_IMAGE_FORMAT), such as "data/train-00000-of-00002/0000004"',
  ]);
  const dataset = await openDataset(out);
  const pixels = await sharp(await dataset.read(3))
    .extractChannel(0)
    .raw()
    .toBuffer();
  expect([...pixels]).toEqual([20, 21, 20, 21]);
  await dataset.close();
});
