import { expect, it } from 'vitest';
import { openDataset } from '../archive/open-dataset.ts';
import { packDataset } from '../archive/pack-dataset.ts';
import { sharp } from '../images/sharp.ts';
import { readManifest } from '../manifest/read-manifest.ts';
import { failureOf, folderOf } from '../testing/folder.ts';
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

/** The file with bytes of its footer in place of others of the same length. */
function patched(file: Buffer, ...changes: readonly (readonly [before: string, after: string])[]): Buffer {
  let text = file.toString('latin1');
  for (const [before, after] of changes) {
    expect([text.split(before).length, after.length]).toEqual([2, before.length]);
    text = text.replace(before, after);
  }
  return Buffer.from(text, 'latin1');
}

it('leaves out a file whose footer is sound and whose columns are not', async () => {
  const damaged = Buffer.from(PARQUET_FILES.train, 'base64');
  damaged.fill(0, 4, damaged.length - 8 - damaged.readUInt32LE(damaged.length - 8));
  const { notes, images } = await readManifest(
    await folderOf({ 'a.parquet': damaged, 'b.parquet': Buffer.from(PARQUET_FILES.test, 'base64') }),
  );
  expect(images).toHaveLength(2);
  expect(notes).toContain('skipped 1: a Parquet file whose columns do not decode, such as "a.parquet"');
});

it('says of an image that lies in damaged bytes that it cannot be read', async () => {
  const damaged = Buffer.from(PARQUET_FILES.train, 'base64');
  // The first page is that of the images: its own header, behind the four bytes that every file begins with.
  damaged.fill(0, 4, 24);
  const folder = await folderOf({ 'a.parquet': damaged, 'b.parquet': Buffer.from(PARQUET_FILES.test, 'base64') });
  const { manifest } = await packDataset(folder, { out: `${await folderOf()}/set.tar` });
  expect(manifest.notes).toContain(
    'skipped 2: an image that cannot be read (DATASET_IMAGE_UNREADABLE), such as "a/0000000"',
  );
});

it('refuses a compression that it does not read, and names it', async () => {
  // Of the first group that is compressed: the codec after the path of its column, Snappy (1) made Zstandard (6).
  const train = Buffer.from(PARQUET_FILES.train, 'base64')
    .toString('latin1')
    .replace('label\x15\x02\x16', 'label\x15\x0c\x16');
  const failure = await failureOf(readManifest(await folderOf({ 'train.parquet': Buffer.from(train, 'latin1') })));
  expect([failure.code, failure.message]).toEqual([
    'DATASET_ENTRIES_MALFORMED',
    'the file is compressed by ZSTD, which is not read',
  ]);
  expect(failure.fix).toContain('snappy');
});

it('says which columns of structs it leaves out', async () => {
  // The schema's tree with `age` as a struct of `who`.
  const file = patched(
    Buffer.from(PARQUET_FILES.test, 'base64'),
    ['schema\x15\x08\0', 'schema\x15\x06\0'],
    ['\x15\x08\x25\x02\x18\x03age\0', '\x35\x02\x18\x03age\x15\x02\0'],
  );
  const { notes, tasks } = await readManifest(await folderOf({ 'all.parquet': file }));
  expect(tasks.map(({ name }) => name)).toEqual(['label']);
  expect(notes).toContain('skipped 1: a column of lists or structs, which is no label, such as "all.parquet: age"');
});
