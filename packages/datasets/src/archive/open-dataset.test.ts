import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { failureOf, folderOf, imageFolder, pngOf } from '../testing/folder.ts';
import { parseIndex } from './dataset-index.ts';
import { openDataset } from './open-dataset.ts';
import { packDataset } from './pack-dataset.ts';
import { verifyDataset } from './verify-dataset.ts';

interface Entry {
  readonly name: string;
  readonly contents: Buffer | string;
  readonly type?: 'file' | 'symlink';
}

/** A tar made by the library, not by the code under test. */
async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack();
  for (const { name, contents, type = 'file' } of entries) {
    if (type === 'symlink') archive.entry({ name, type, linkname: String(contents), mtime: new Date(0) });
    else archive.entry({ name, type, mtime: new Date(0) }, contents);
  }
  archive.finalize();
  return buffer(archive);
}

interface Json {
  [key: string]: unknown;
}

describe('openDataset', () => {
  let good: Buffer;
  let index: Json;
  let images: Buffer[];
  const withIndex = (change: (index: Json) => void): Entry[] => {
    const changed = structuredClone(index);
    change(changed);
    return [{ name: 'kneepoint.json', contents: JSON.stringify(changed) }, ...imageEntries()];
  };
  const imageEntries = (): Entry[] => images.map((contents, i) => ({ name: `images/000000${i}.png`, contents }));
  const open = async (bytes: Buffer): Promise<Awaited<ReturnType<typeof openDataset>>> => {
    const path = join(await folderOf(), 'set.tar');
    await writeFile(path, bytes);
    return openDataset(path);
  };

  beforeAll(async () => {
    images = await Promise.all([0, 1, 2, 3].map((shade) => pngOf(shade)));
  });

  const pack4 = async (): Promise<void> => {
    const folder = await imageFolder({ 'labels.csv': 'image,x\na.png,1\nb.png,2\nc.png,3\nd.png,4\n' });
    const packed = await packDataset(folder, { out: join(folder, 'set.tar') });
    good = await readFile(join(folder, 'set.tar'));
    index = JSON.parse(packed.index.toString()) as Json;
  };

  it('opens what another tar writer made of the same entries', async () => {
    await pack4();
    const dataset = await open(await tarOf(withIndex(() => undefined)));
    expect(await dataset.read(2)).toEqual(images[2]);
    expect(parseIndex(dataset.index).manifest).toEqual(dataset.manifest);
    await dataset.close();
  });

  const first = (json: Json): Json => (json['images'] as Json[])[0] ?? {};
  const task = (json: Json): Json => (json['tasks'] as Json[])[0] ?? {};
  it.each<[string, (entries: Entry[]) => Entry[], string]>([
    [
      'an entry that climbs',
      (e) => [e[0]!, { name: '../../evil.png', contents: 'x' }, ...e.slice(2)],
      'entry "../../evil.png" stands where the index names images/0000000.png',
    ],
    [
      'an absolute entry',
      (e) => [e[0]!, { name: '/etc/cron.d/x', contents: 'x' }, ...e.slice(2)],
      'entry "/etc/cron.d/x" stands where the index names images/0000000.png',
    ],
    [
      'a link',
      (e) => [e[0]!, { name: 'images/0000000.png', contents: '/etc/passwd', type: 'symlink' }, ...e.slice(2)],
      'there is no header of a plain file',
    ],
    ['images without an index', (e) => e.slice(1), 'the first entry is "images/0000000.png", not kneepoint.json'],
    ['an image too few', (e) => e.slice(0, -1), 'there is no header of a plain file'],
    ['an image too many', (e) => [...e, { name: 'images/0000004.png', contents: 'x' }], 'its index accounts for'],
    [
      'images out of order',
      (e) => [e[0]!, e[2]!, e[1]!, ...e.slice(3)],
      'entry "images/0000001.png" stands where the index names images/0000000.png',
    ],
    [
      'an image of another length',
      (e) => [e[0]!, { ...e[1]!, contents: 'short' }, ...e.slice(2)],
      'images/0000000.png has 5 bytes, the index says',
    ],
    ['an index that is no JSON', (e) => [{ ...e[0]!, contents: '{' }, ...e.slice(1)], 'the index is not JSON'],
    [
      'another format',
      () => withIndex((json) => (json['format'] = 'kneepoint.dataset/9')),
      'the index is not of format kneepoint.dataset/1',
    ],
    [
      'an image path that climbs',
      () => withIndex((json) => (first(json)['path'] = '../../a.png')),
      'image "../../a.png" leaves the folder',
    ],
    ['an image of no bytes', () => withIndex((json) => (first(json)['bytes'] = 0)), 'the index is not of format'],
    [
      'a column of another length',
      () => withIndex((json) => (json['columns'] = [{ name: 'x', cells: ['1'] }])),
      'a column or the split has not one cell for each of 4 images',
    ],
    [
      'a label that is no number',
      () => withIndex((json) => (json['columns'] = [{ name: 'x', cells: ['1', '2', 'NaN', '4'] }])),
      'column "x" holds "NaN"',
    ],
    [
      'a task without its column',
      () => withIndex((json) => (task(json)['columns'] = ['y'])),
      'there is no label column "y"',
    ],
    ['a task of no known type', () => withIndex((json) => (task(json)['type'] = 'magic')), 'type: Invalid option'],
    [
      'a task with a name for a prototype',
      () => withIndex((json) => (task(json)['name'] = '__proto__')),
      'no column can be a task',
    ],
    ['a subject that is no column', () => withIndex((json) => (json['subject'] = 'who')), 'there is no column "who"'],
  ])('refuses %s', async (_, change, message) => {
    await pack4();
    const failure = await failureOf(open(await tarOf(change(withIndex(() => undefined)))));
    expect(failure.code).toBe('DATASET_ARCHIVE_INVALID');
    expect(failure.message).toContain(message);
  });

  it('refuses an archive cut at any length, and any flipped bit of a header', async () => {
    await pack4();
    for (const length of [0, 100, 512, 700, good.length - 2000, good.length - 1024, good.length - 1]) {
      expect((await failureOf(open(good.subarray(0, length)))).code).toBe('DATASET_ARCHIVE_INVALID');
    }
    for (const byte of [3, 100, 125, 130, 149, 156, 257, 345, 511]) {
      const flipped = Buffer.from(good);
      flipped[byte] = (flipped[byte] ?? 0) ^ 1;
      expect((await failureOf(open(flipped))).code).toBe('DATASET_ARCHIVE_INVALID');
    }
  });

  it('finds an image whose bytes are not those of the index', async () => {
    await pack4();
    const entries = withIndex(() => undefined);
    const swapped = Buffer.from(images[3] ?? '');
    swapped[swapped.length - 20] = (swapped[swapped.length - 20] ?? 0) ^ 1;
    const dataset = await open(
      await tarOf([...entries.slice(0, 4), { name: 'images/0000003.png', contents: swapped }]),
    );
    const failure = await failureOf(verifyDataset(dataset));
    expect({ code: failure.code, where: failure.where }).toEqual({ code: 'DATASET_ARCHIVE_INVALID', where: 'd.png' });
    await dataset.close();
  });

  it('refuses a path where there is nothing', async () => {
    expect((await failureOf(openDataset('/nowhere/set.tar'))).code).toBe('DATASET_ARCHIVE_INVALID');
  });
});
