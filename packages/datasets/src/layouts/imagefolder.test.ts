import { describe, expect, it } from 'vitest';
import { packDataset } from '../archive/pack-dataset.ts';
import { openDataset } from '../archive/open-dataset.ts';
import { readManifest } from '../manifest/read-manifest.ts';
import { failureOf, folderOf } from '../testing/folder.ts';
import { pictures } from '../testing/pictures.ts';

describe('a folder for each class', () => {
  it('becomes one categorical task with sorted names', async () => {
    const folder = await folderOf(await pictures('disc/1.png', 'square/1.png', 'disc/deep/2.png', 'arc/x.png'));
    const manifest = await readManifest(folder);
    expect(manifest.tasks).toEqual([
      { name: 'class', type: 'categorical', classes: ['arc', 'disc', 'square'], targets: ['arc', 'disc', 'square'] },
    ]);
    expect(manifest.images).toEqual(['arc/x.png', 'disc/1.png', 'disc/deep/2.png', 'square/1.png']);
    expect(manifest.labels['class']).toEqual(Float64Array.of(1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1));
    expect(manifest.notes[0]).toBe('imagefolder: arc, disc, square: 3 classes');
    expect(manifest.split).toBeUndefined();
  });

  it('takes train, val and test around the classes for the split, whatever lies around them', async () => {
    const files = await pictures('set/Train/a/1.png', 'set/Train/b/2.png', 'set/valid/a/3.png', 'set/test/b/4.png');
    const manifest = await readManifest(await folderOf(files));
    expect(manifest.tasks[0]?.classes).toEqual(['a', 'b']);
    expect(manifest.split).toEqual({ from: 'folders Train, test, valid', parts: Uint8Array.of(0, 0, 2, 1) });
    expect(manifest.notes[0]).toBe(
      'imagefolder: Train/a, Train/b, test/b, valid/a: 2 classes; Train/ taken as training, test/ taken as test, valid/ taken as validation',
    );
    expect(manifest.notes[1]).toBe(
      `the split is the data set's own (folders Train, test, valid): 2 training, 1 validation, 1 test images`,
    );
  });

  it('keeps train as a class where it holds images and no folders', async () => {
    const manifest = await readManifest(await folderOf(await pictures('car/1.png', 'train/2.png')));
    expect(manifest.tasks[0]?.classes).toEqual(['car', 'train']);
    expect(manifest.split).toBeUndefined();
  });

  it.each([
    ['a prefix, twice', ['seg_train/seg_train/a/1.png', 'seg_train/seg_train/b/2.png', 'seg_test/seg_test/a/3.png']],
    [
      'a suffix, twice',
      ['training_set/training_set/a/1.png', 'training_set/training_set/b/2.png', 'test_set/test_set/a/3.png'],
    ],
    ['the word twice', ['train/train/a/1.png', 'train/train/b/2.png', 'test/test/a/3.png']],
    ['a folder around the classes', ['train/images/a/1.png', 'train/images/b/2.png', 'test/images/a/3.png']],
    ['the word twice in one part', ['train/a/1.png', 'train/b/2.png', 'test/test/a/3.png']],
    ['a folder in the only class of a part', ['train/a/1.png', 'train/b/2.png', 'test/a/deep/3.png']],
  ])('tells parts from classes by %s', async (_, names) => {
    const manifest = await readManifest(await folderOf(await pictures(...names)));
    expect(manifest.tasks[0]?.classes).toEqual(['a', 'b']);
    const parts = manifest.images.map((image, i) => [
      image.startsWith('te') || image.includes('_test'),
      manifest.split?.parts[i],
    ]);
    expect(parts.every(([test, part]) => part === (test ? 2 : 0))).toBe(true);
    expect(manifest.images).toHaveLength(3);
  });

  it('takes no part for a class: a part without classes is left out, and folders of parts alone are refused', async () => {
    const files = await pictures('train/train/a/1.png', 'train/train/b/2.png', 'test/test/3.png');
    expect((await readManifest(await folderOf(files))).images).toEqual(['train/train/a/1.png', 'train/train/b/2.png']);
    for (const names of [
      ['train/1.png', 'test/2.png'],
      ['seg_train/1.png', 'seg_test/2.png'],
    ]) {
      const folder = await folderOf(await pictures(...names));
      expect((await failureOf(readManifest(folder))).code).toBe('DATASET_MANIFEST_MISSING');
      expect((await failureOf(readManifest(folder, { format: 'imagefolder' }))).code).toBe('DATASET_MANIFEST_EMPTY');
    }
  });

  it('keeps a class whose name ends in a word for a part', async () => {
    const manifest = await readManifest(await folderOf(await pictures('steam_train/old/1.png', 'tram/new/2.png')));
    expect(manifest.tasks[0]?.classes).toEqual(['steam_train', 'tram']);
  });

  it('takes NA, null and nan for classes like any other, unless the schema calls them missing', async () => {
    const folder = await folderOf(await pictures('NA/1.png', 'null/2.png', 'nan/3.png', 'b/4.png'));
    expect((await readManifest(folder)).tasks[0]?.classes).toEqual(['NA', 'b', 'nan', 'null']);
    const some = await readManifest(folder, { schema: { missing: ['NA'] } });
    expect(some.tasks[0]?.classes).toEqual(['b', 'nan', 'null']);
  });

  it('leaves out and counts by kind what is malformed or twice there, and refuses it when strict', async () => {
    const shown = await pictures('train/a/1.png', 'train/b/2.png', 'test/a/3.png', 'test/b/4.png');
    const folder = await folderOf({
      ...shown,
      ...(await pictures('train/stray.png', 'old/a/5.png', 'train/no_label/6.png')),
      'train/a/again.png': shown['train/a/1.png']!,
      'train/b/again.png': shown['train/a/1.png']!,
      'train/a/empty.jpg': '',
      'train/a/cut.png': shown['train/b/2.png']!.subarray(0, 50),
      'README.md': 'about',
      'train/Thumbs.db': 'x',
    });
    const out = `${await folderOf()}/set.tar`;
    const { manifest } = await packDataset(folder, { out });
    expect(manifest.images).toEqual(['test/a/3.png', 'test/b/4.png', 'train/a/1.png', 'train/b/2.png']);
    expect(manifest.split?.parts).toEqual(Uint8Array.of(2, 2, 0, 0));
    expect(manifest.notes.filter((note) => note.startsWith('skipped')).sort()).toEqual([
      'skipped 1: a file that is no image, such as "README.md"',
      'skipped 1: an image in no folder of a class, such as "train/stray.png"',
      'skipped 1: an image outside the folders of the split, such as "old/a/5.png"',
      'skipped 1: an image that cannot be read (DATASET_IMAGE_EMPTY), such as "train/a/empty.jpg"',
      'skipped 1: an image that cannot be read (DATASET_IMAGE_UNREADABLE), such as "train/a/cut.png"',
      'skipped 1: an image whose bytes came before under other labels, such as "train/b/again.png"',
      'skipped 1: an image whose bytes came before, such as "train/a/again.png"',
      'skipped 1: an image without a label, such as "train/no_label/6.png"',
    ]);
    const failure = await failureOf(packDataset(folder, { out, strict: true }));
    expect(failure.code).toBe('DATASET_IMAGE_UNREADABLE');
    expect((await failureOf(readManifest(folder, { strict: true }))).code).toBe('DATASET_ENTRIES_MALFORMED');
  });

  it('carries the split through the archive', async () => {
    const folder = await folderOf(await pictures('train/a/1.png', 'train/b/2.png', 'test/a/3.png', 'test/b/4.png'));
    const out = `${await folderOf()}/set.tar`;
    const packed = await packDataset(folder, { out });
    const dataset = await openDataset(out);
    expect(dataset.manifest).toEqual(packed.manifest);
    expect(dataset.manifest.split?.parts).toEqual(Uint8Array.of(2, 2, 0, 0));
    await dataset.close();
  });

  it('draws the split by seed when the folders are not to be believed', async () => {
    const folder = await folderOf(await pictures('train/a/1.png', 'train/b/2.png', 'test/a/3.png', 'test/b/4.png'));
    expect((await readManifest(folder, { split: 'none' })).split).toBeUndefined();
  });
});
