import { describe, expect, it } from 'vitest';
import { readManifest } from '../manifest/read-manifest.ts';
import { failureOf, folderOf } from '../testing/folder.ts';
import { pictures } from '../testing/pictures.ts';

const skipped = (notes: readonly string[]): string[] => notes.filter((note) => note.startsWith('skipped')).sort();

describe('a table of any name, as on Kaggle', () => {
  it('finds images by id without an ending, with leading zeros, in a folder of another name', async () => {
    const folder = await folderOf({
      ...(await pictures('imgs/a/0001.png', 'imgs/b/0002.png', 'imgs/0003.png', 'imgs/0004.png')),
      'train.csv': 'id,label,weight\n0001,cat,1.5\n0002,dog,2\n0003,cat,2.5\n0004,dog,NaN\n',
      'sample_submission.csv': 'id,label\n0001,cat\n',
    });
    const manifest = await readManifest(folder);
    expect(manifest.images).toEqual(['imgs/a/0001.png', 'imgs/b/0002.png', 'imgs/0003.png', 'imgs/0004.png']);
    expect(manifest.tasks.map(({ name, type }) => [name, type])).toEqual([
      ['label', 'binary'],
      ['weight', 'continuous'],
    ]);
    expect(manifest.labels['weight']).toEqual(Float64Array.of(1.5, 2, 2.5, NaN));
    expect(manifest.notes).toContain('kaggle: train.csv: 4 images with a row');
    expect(manifest.notes).toContain('read as missing: "NaN" in 1 cell');
    expect(manifest.split).toBeUndefined();
  });

  it('makes the split from train.csv and test.csv, each with the images of its own folder', async () => {
    const folder = await folderOf({
      ...(await pictures('train/1.png', 'train/2.png', 'test/1.png', 'test/2.png')),
      'train.csv': 'image_id;y\n1;0\n2;1\n',
      'val.csv': 'image_id\n1\n2\n',
      'test.csv': 'image_id;y\n1;1\n2;0\n',
    });
    const manifest = await readManifest(folder);
    expect(manifest.images).toEqual(['train/1.png', 'train/2.png', 'test/1.png', 'test/2.png']);
    expect(manifest.split?.parts).toEqual(Uint8Array.of(0, 0, 2, 2));
  });

  it('passes over a test.csv without the column to predict, and takes an image of two tables once', async () => {
    const folder = await folderOf({
      ...(await pictures('i/1.png', 'i/2.png', 'i/3.png', 'i/4.png')),
      'train.csv': 'id,sex,age\n1,m,30\n2,f,31\n',
      'val.csv': 'id,sex,age\n3,f,40\n2,f,41\n',
      'test.csv': 'id,sex\n4,m\n',
    });
    const manifest = await readManifest(folder);
    expect(manifest.images).toEqual(['i/1.png', 'i/2.png', 'i/3.png']);
    expect(manifest.split?.parts).toEqual(Uint8Array.of(0, 0, 1));
    expect(skipped(manifest.notes)).toEqual([
      'skipped 1: another entry for the same image, such as "i/2.png"',
      'skipped 1: another table, such as "test.csv"',
    ]);
  });

  it('is recognised by the column and the delimiter that are asked for', async () => {
    const folder = await folderOf({
      ...(await pictures('x/1.png', 'y/2.png')),
      'all.csv': 'shot~mood\nx/1.png~sad\ny/2.png~glad\n',
    });
    expect((await readManifest(folder)).tasks[0]?.name).toBe('class');
    const asked = await readManifest(folder, { imageColumn: 'shot', delimiter: '~' });
    expect(asked.tasks[0]?.name).toBe('mood');
  });

  it('names the image beside it where another of the same name lies in the folder', async () => {
    const folder = await folderOf({
      ...(await pictures('a.png', 'b.png', 'set/a.png', 'set/b.png')),
      'set/list.csv': 'image,y\na.png,0\nb.png,1\n',
    });
    expect((await readManifest(folder)).images).toEqual(['set/a.png', 'set/b.png']);
  });

  it('leaves out and counts rows that are malformed', async () => {
    const rows = 'a.png,0\nb.png,1\nc.png,1,7\ngone.png,1\n,0\na.png,1\n';
    const folder = await folderOf({
      ...(await pictures('x/a.png', 'x/b.png', 'x/c.png')),
      'data.csv': `Image Name,label\n${rows}`,
    });
    const manifest = await readManifest(folder);
    expect(manifest.images).toEqual(['x/a.png', 'x/b.png']);
    expect(skipped(manifest.notes)).toEqual([
      'skipped 1: a row with more or fewer cells than the header, such as "data.csv:4: the row has 3 cells, the header has 2"',
      'skipped 1: an entry that names no image, such as ", 0"',
      'skipped 1: an entry whose image is not there, such as "gone.png"',
      'skipped 1: another entry for the same image, such as "x/a.png"',
    ]);
    const failure = await failureOf(readManifest(folder, { strict: true }));
    expect(failure.code).toBe('DATASET_ENTRIES_MALFORMED');
  });
});

describe("Hugging Face's imagefolder", () => {
  it('reads file_name relative to the metadata, lists as multilabel, and the split from the folders', async () => {
    const line = (name: string, tags: readonly string[], score: number): string =>
      JSON.stringify({ file_name: name, tags, score, objects: { bbox: [[1, 2, 3, 4]] } });
    const folder = await folderOf({
      ...(await pictures('train/a/1.png', 'train/b/2.png', 'train/b/3.png', 'test/a/4.png')),
      'train/metadata.jsonl': [
        line('a/1.png', ['red'], 0.5),
        line('b/2.png', [], 1.5),
        line('b/3.png', ['red', 'big'], 2),
      ].join('\n'),
      'test/metadata.jsonl': line('a/4.png', ['big'], 3),
    });
    const manifest = await readManifest(folder);
    expect(manifest.images).toEqual(['test/a/4.png', 'train/a/1.png', 'train/b/2.png', 'train/b/3.png']);
    expect(manifest.split?.parts).toEqual(Uint8Array.of(2, 0, 0, 0));
    expect(manifest.tasks.map(({ name, type, classes }) => [name, type, classes])).toEqual([
      ['tags', 'multilabel', ['big', 'red']],
      ['score', 'continuous', undefined],
      ['label', 'binary', ['a', 'b']],
    ]);
    expect(manifest.labels['tags']).toEqual(Float64Array.of(1, 0, 0, 1, 0, 0, 1, 1));
    expect(skipped(manifest.notes)).toEqual([
      'skipped 4: a value that is no label in column "objects", such as "test/metadata.jsonl"',
    ]);
  });

  it('takes the split from folders within a wrapper, and an image in two tables once', async () => {
    const folder = await folderOf({
      ...(await pictures('data/train/1.png', 'data/train/2.png', 'data/test/1.png')),
      'data/train/metadata.jsonl': '{"file_name":"1.png","x":0}\n{"file_name":"2.png","x":1}',
      'data/train/metadata.csv': 'file_name,x\n1.png,0\n',
      'data/test/metadata.jsonl': '{"file_name":"1.png","x":1}',
    });
    const manifest = await readManifest(folder);
    expect(Object.fromEntries(manifest.images.map((image, i) => [image, manifest.split?.parts[i]]))).toEqual({
      'data/train/1.png': 0,
      'data/train/2.png': 0,
      'data/test/1.png': 2,
    });
    expect(skipped(manifest.notes)).toEqual([
      'skipped 1: another entry for the same image, such as "data/train/1.png"',
    ]);
  });

  it('leaves out and counts rows that are malformed', async () => {
    const folder = await folderOf({
      ...(await pictures('1.png', '2.png', '3.png')),
      'metadata.jsonl': [
        '{"file_name":"1.png","x":1.5}',
        '{"file_name":"2.png","x":2}',
        '{"file_name":"3.png",',
        '{"file_name":"4.png","x":2}',
        '{"x":2}',
        '{"file_name":"2.png","x":3}',
      ].join('\n'),
    });
    const manifest = await readManifest(folder);
    expect(manifest.images).toEqual(['1.png', '2.png']);
    expect(skipped(manifest.notes).map((note) => note.replace(/, such as.*/, ''))).toEqual([
      'skipped 1: a line that is no JSON object of plain values',
      'skipped 1: an entry that names no image',
      'skipped 1: an entry whose image is not there',
      'skipped 1: another entry for the same image',
    ]);
  });
});

describe("Roboflow's classes", () => {
  const shown = () => pictures('train/a.jpg.rf.1.png', 'train/b.png', 'valid/c.png', 'test/d.png');

  it('are one categorical task where each image has one, with blanks after the commas', async () => {
    const folder = await folderOf({
      ...(await shown()),
      'train/_classes.csv': 'filename, cat, dog\na.jpg.rf.1.png, 1, 0\nb.png, 0, 1\n',
      'valid/_classes.csv': 'filename, dog, cat\nc.png, 1, 0\n',
      'test/_classes.csv': 'filename, cat, dog\nd.png, 1, 0\n',
    });
    const manifest = await readManifest(folder);
    expect(manifest.images).toEqual(['test/d.png', 'train/a.jpg.rf.1.png', 'train/b.png', 'valid/c.png']);
    expect(manifest.tasks).toEqual([
      { name: 'class', type: 'categorical', classes: ['cat', 'dog'], targets: ['cat', 'dog'] },
    ]);
    expect(manifest.labels['class']).toEqual(Float64Array.of(1, 0, 1, 0, 0, 1, 0, 1));
    expect(manifest.split?.parts).toEqual(Uint8Array.of(2, 0, 0, 1));
  });

  it('are multilabel where an image has none or several, and malformed rows are left out', async () => {
    const folder = await folderOf({
      ...(await shown()),
      'train/_classes.csv': 'filename, cat, dog\na.jpg.rf.1.png, 1, 1\nb.png, 0, 1\n',
      'valid/_classes.csv': 'filename, cat, dog\nc.png, 0, 0\ngone.png, 1, 0\nc.png, 1\n',
      'test/_classes.csv': 'filename, cat, dog\nd.png, 2, 0\n',
    });
    const manifest = await readManifest(folder);
    expect(manifest.tasks.map(({ name, type, classes }) => [name, type, classes])).toEqual([
      ['classes', 'multilabel', ['cat', 'dog']],
    ]);
    expect(manifest.labels['classes']).toEqual(Float64Array.of(1, 1, 0, 1, 0, 0));
    expect(skipped(manifest.notes).map((note) => note.replace(/, such as.*/, ''))).toEqual([
      'skipped 1: a row with a cell that is neither 0 nor 1',
      'skipped 1: a row with more or fewer cells than the header',
      'skipped 1: an entry whose image is not there',
    ]);
  });
});

describe('COCO', () => {
  it('becomes multilabel by the categories that occur, and what is malformed is left out', async () => {
    const json = {
      info: {},
      images: [
        { id: 1, file_name: 'a.png', width: 3 },
        { id: 2, file_name: 'b.png' },
        { id: 3, file_name: 'c.png' },
        { id: 4, file_name: 'gone.png' },
        { id: 5 },
        { id: 6, file_name: 'd.png' },
      ],
      annotations: [
        { id: 1, image_id: 1, category_id: 7, bbox: [0, 0, 1, 1] },
        { id: 2, image_id: '1', category_id: '7' },
        { id: 3, image_id: 2, category_id: 9 },
        { id: 4, image_id: 2, category_id: 7 },
        { id: 5, image_id: 99, category_id: 7 },
        { id: 6, image_id: '6', category_id: 99 },
      ],
      categories: [{ id: 7, name: 'cat' }, { id: 9, name: 'dog' }, { id: 10 }],
    };
    const folder = await folderOf({
      ...(await pictures('images/a.png', 'images/b.png', 'images/c.png', 'images/d.png')),
      'annotations/instances.json': JSON.stringify(json),
      'annotations/captions.json': JSON.stringify({
        images: json.images,
        annotations: [{ image_id: 1, caption: 'x' }],
      }),
    });
    const manifest = await readManifest(folder);
    expect(manifest.images).toEqual(['images/a.png', 'images/b.png', 'images/c.png']);
    expect(manifest.labels['categories']).toEqual(Float64Array.of(1, 0, 1, 1, 0, 0));
    expect(manifest.notes[0]).toBe('coco: annotations/instances.json: 2 categories, boxes are not used');
    expect(skipped(manifest.notes)).toEqual([
      'skipped 1: a category without a name, such as "id 10"',
      'skipped 1: an annotation of a category that is not listed, with its image, such as "id 6"',
      'skipped 1: an annotation of an image that is not listed, such as "id 5"',
      'skipped 1: an entry whose image is not there, such as "gone.png"',
      'skipped 1: an image without a file name, such as "id 5"',
    ]);
  });

  it('takes the split from the names of its files, and refuses a file that is no JSON', async () => {
    const json = (name: string, category: number): string =>
      JSON.stringify({
        images: [{ id: 1, file_name: name }],
        annotations: [{ id: 1, image_id: 1, category_id: category }],
        categories: [
          { id: 1, name: 'x' },
          { id: 2, name: 'y' },
        ],
      });
    const files = {
      ...(await pictures('train2017/a.png', 'val2017/a.png')),
      'annotations/instances_train2017.json': json('a.png', 1),
      'annotations/instances_val2017.json': json('a.png', 2),
    };
    const manifest = await readManifest(await folderOf(files));
    expect(manifest.split?.parts).toEqual(Uint8Array.of(0, 1));
    const broken = { ...files, 'annotations/instances_val2017.json': json('a.png', 2).slice(0, -1) };
    expect((await failureOf(readManifest(await folderOf(broken)))).code).toBe('DATASET_NOT_JSON');
  });

  it('passes over a test part without annotations', async () => {
    const json = { images: [{ id: 1, file_name: 'a.png' }], categories: [{ id: 1, name: 'x' }] };
    const more = { ...json, images: [...json.images, { id: 2, file_name: 'b.png' }] };
    const folder = await folderOf({
      ...(await pictures('train/a.png', 'train/b.png', 'test/a.png')),
      'train.json': JSON.stringify({ ...more, annotations: [{ id: 1, image_id: 1, category_id: 1 }] }),
      'test.json': JSON.stringify({ ...json, annotations: [] }),
    });
    const manifest = await readManifest(folder);
    expect(manifest.images).toEqual(['train/a.png', 'train/b.png']);
    expect(manifest.split).toBeUndefined();
    expect(skipped(manifest.notes)).toEqual(['skipped 1: a file without annotations, such as "test.json"']);
  });

  it('reads more images than fit on the stack', async () => {
    const images = Array.from({ length: 140_000 }, (_, id) => ({ id, file_name: `${id}.png` }));
    const json = { images, annotations: [{ id: 1, image_id: 1, category_id: 1 }], categories: [{ id: 1, name: 'x' }] };
    const folder = await folderOf({ ...(await pictures('1.png', '2.png')), 'all.json': JSON.stringify(json) });
    expect((await readManifest(folder)).images).toEqual(['1.png', '2.png']);
  });
});
