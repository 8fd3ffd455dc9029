import { describe, expect, it } from 'vitest';
import { openDataset } from '../archive/open-dataset.ts';
import { packDataset } from '../archive/pack-dataset.ts';
import { sharp } from '../images/sharp.ts';
import { readManifest } from '../manifest/read-manifest.ts';
import { failureOf, folderOf } from '../testing/folder.ts';
import { pictures } from '../testing/pictures.ts';

const kinds = (notes: readonly string[]): string[] =>
  notes
    .filter((note) => note.startsWith('skipped'))
    .map((note) => note.replace(/, such as.*/, ''))
    .sort();

describe('CelebA', () => {
  const NAMES = '5_o_Clock_Shadow Eyeglasses Goatee Male Mustache No_Beard Sideburns Smiling';
  const image = (i: number): string => `img_align_celeba/00000${i}.jpg`;
  const shown = () => pictures(...[1, 2, 3, 4, 5, 6].map(image));

  it('reads attributes of 1 and −1, identities as subjects and the published partition, from text with CRLF', async () => {
    const folder = await folderOf({
      ...(await shown()),
      'list_attr_celeba.txt': [
        '6',
        `${NAMES} `,
        '000001.jpg -1  1 -1  1 -1 -1 -1  1',
        '000002.jpg  1 -1 -1  1  1 -1 -1 -1',
        '000003.jpg -1 -1 -1 -1 -1  1 -1  1',
        '000004.jpg -1 -1 -1',
        '000005.jpg -1 -1 -1 -1 -1  1 -1  2',
        '000006.jpg -1 -1 -1 -1 -1  1 -1  1',
        '000007.jpg -1 -1 -1 -1 -1  1 -1  1',
        '',
      ].join('\r\n'),
      'identity_CelebA.txt': ['1 7', '2 7', '3 9', '4 9', '5 9', '7 9']
        .map((pair) => `00000${pair.replace(' ', '.jpg ')}`)
        .join('\n'),
      'list_eval_partition.txt': [1, 2, 3, 4, 5, 6, 7].map((i) => `00000${i}.jpg ${i < 3 ? 0 : 2}`).join('\n'),
    });
    const manifest = await readManifest(folder);
    expect(manifest.images).toEqual([1, 2, 3].map(image));
    expect(manifest.tasks.map(({ name, type }) => `${name} ${type}`)).toEqual([
      '5_o_Clock_Shadow binary',
      'Eyeglasses binary',
      'Male binary',
      'Mustache binary',
      'No_Beard binary',
      'Smiling binary',
      'facial_hair multilabel',
      'identity binary',
    ]);
    expect(manifest.labels['Male']).toEqual(Float64Array.of(1, 1, 0));
    expect(manifest.labels['facial_hair']).toEqual(Float64Array.of(0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1));
    expect([manifest.subject, manifest.groups]).toEqual(['identity', Int32Array.of(0, 0, 1)]);
    expect(manifest.split).toEqual({ from: 'list_eval_partition.txt', parts: Uint8Array.of(0, 0, 2) });
    expect(kinds(manifest.notes)).toEqual([
      'skipped 1: a line with more or fewer attributes than names',
      'skipped 1: an attribute that is neither 1 nor -1',
      'skipped 1: an entry whose image is not there',
      'skipped 1: an image without identity',
    ]);
  });

  it("reads Kaggle's CSV", async () => {
    const folder = await folderOf({
      ...(await pictures('img_align_celeba/img_align_celeba/1.jpg', 'img_align_celeba/img_align_celeba/2.jpg')),
      'list_attr_celeba.csv': 'image_id,Male,Smiling\n1.jpg,-1,1\n2.jpg,1,-1\n',
      'list_eval_partition.csv': 'image_id,partition\n1.jpg,0\n2.jpg,1\n',
    });
    const manifest = await readManifest(folder);
    expect(manifest.labels['Male']).toEqual(Float64Array.of(0, 1));
    expect(manifest.split?.parts).toEqual(Uint8Array.of(0, 1));
  });
});

describe('FER2013', () => {
  const pixels = (value: number, count = 2304): string =>
    Array.from({ length: count }, (_, i) => (value + i) % 256).join(' ');
  const TABLE = [
    'emotion,pixels,Usage',
    `0,${pixels(10)},Training`,
    `3,${pixels(20)},PublicTest`,
    `6,${pixels(30)},PrivateTest`,
    `7,${pixels(40)},Training`,
    `1,${pixels(50, 2303)},Training`,
    `1,${pixels(60)},Later`,
    `1,${pixels(70).replace('70', '300')},Training`,
    `0,${pixels(10)},Training`,
  ].join('\n');

  it('has its pictures in the table: they are packed as they are, and Usage is the split', async () => {
    const out = `${await folderOf()}/set.tar`;
    const { manifest } = await packDataset(await folderOf({ 'fer2013.csv': TABLE }), { out });
    expect(manifest.images).toEqual(['0000001.png', '0000002.png', '0000003.png']);
    expect(manifest.tasks[0]?.classes?.slice(0, 4)).toEqual(['angry', 'disgust', 'fear', 'happy']);
    expect(manifest.split).toEqual({ from: 'column "Usage"', parts: Uint8Array.of(0, 1, 2) });
    expect(kinds(manifest.notes)).toEqual([
      'skipped 1: a Usage that names no part',
      'skipped 1: an emotion that is none of 0 to 6',
      'skipped 1: an image whose bytes came before',
      'skipped 2: a row without 2304 values from 0 to 255',
    ]);
    const dataset = await openDataset(out);
    const { data, info } = await sharp(await dataset.read(1))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([48, 48]);
    const grey = Array.from({ length: 2304 }, (_, i) => data[i * info.channels]);
    expect(grey.join(' ')).toBe(pixels(20));
    await dataset.close();
  });

  it('of FERPlus has the emotion of most votes, joined by row and not by number', async () => {
    const votes = [
      'Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF',
      'Training,fer0000000.png,4,0,0,1,3,2,0,0,0,0',
      'PublicTest,fer0032220.png,0,9,0,0,0,0,0,0,1,0',
      'PrivateTest,,0,0,0,0,0,0,0,0,0,10',
      'Training,fer0000003.png,5,5,0,0,0,0,0,0,0,0',
      'Training,fer0000004.png,0,0,0,0,0,0,0,0,6,4',
      'Later,fer0000005.png,0,0,0',
      'Training,fer0000006.png,10,0,0,0,0,0,0,0,0,0',
      'Training,fer0000007.png,10,0,0,0,0,0,0,0,0,0',
    ].join('\n');
    const out = `${await folderOf()}/set.tar`;
    const { manifest } = await packDataset(await folderOf({ 'fer2013.csv': TABLE, 'fer2013new.csv': votes }), { out });
    expect(manifest.images).toEqual(['fer0000000.png', 'fer0032220.png']);
    expect(manifest.tasks[0]?.classes).toContain('contempt');
    expect(manifest.split?.parts).toEqual(Uint8Array.of(0, 1));
    expect(kinds(manifest.notes)).toEqual([
      'skipped 1: a picture that the publishers dropped',
      'skipped 1: a row without 10 counts of votes',
      'skipped 1: a tie of votes',
      'skipped 1: an entry whose image is not there',
      'skipped 1: an image whose bytes came before',
      'skipped 1: most votes for "unknown" or "no face"',
    ]);
  });

  it('of FERPlus is refused where the rows of both tables differ', async () => {
    const head = 'Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF';
    const row = (usage: string, i: number): string => `${usage},fer000000${i}.png,9,1,0,0,0,0,0,0,0,0`;
    const table = TABLE.split('\n').slice(0, 3).join('\n');
    for (const [rows, message] of [
      [['Training'], 'there are 1 rows of votes for 2 pictures of fer2013.csv'],
      [['Training', 'Training'], 'Usage is "Training", in the same row of fer2013.csv "PublicTest"'],
    ] as const) {
      const votes = [head, ...rows.map(row)].join('\n');
      const failure = await failureOf(readManifest(await folderOf({ 'fer2013.csv': table, 'fer2013new.csv': votes })));
      expect([failure.code, failure.message]).toEqual(['DATASET_ENTRIES_MALFORMED', message]);
    }
  });

  it('with another header is refused', async () => {
    const failure = await failureOf(readManifest(await folderOf({ 'fer2013.csv': 'a,b,c\n1,2,3\n' })));
    expect(failure.code).toBe('DATASET_COLUMN_NAME');
  });
});
