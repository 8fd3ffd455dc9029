import { gzipSync } from 'node:zlib';
import { type Files, pngOf } from '../../../packages/datasets/src/testing/folder.ts';
import { PARQUET_FILES } from '../../../packages/datasets/src/testing/parquet-files.ts';
import { entriesOf, tarOf } from '../../../packages/datasets/src/testing/tar-of.ts';
import { zipEntriesOf, zipOf } from '../../../packages/datasets/src/testing/zip-of.ts';

const LABELS =
  'image,who,mood,score,tags\na.png,ann,sad,1.5,x;y\nb.png,ann,glad,2,y\nc.png,bob,calm,3,\nd.png,bob,sad,-4,x\n';
const LINES = ['a', 'b', 'c', 'd'].map((name, i) =>
  JSON.stringify({ file_name: `${name}.png`, age: i, mood: i < 2 ? 'sad' : 'glad' }),
);

/** Four sound pictures. */
async function pictures(): Promise<Files> {
  return Object.fromEntries(
    await Promise.all(['a', 'b', 'c', 'd'].map(async (name, i) => [`${name}.png`, await pngOf(40 * i)] as const)),
  );
}

/** Sound sets of four pictures: the file to spoil, and those beside it. */
export async function soundManifests(): Promise<readonly { readonly spoiled: string; readonly files: Files }[]> {
  const images = await pictures();
  const samples: Files = Object.fromEntries(
    Object.entries(images).flatMap(([name, bytes], i): [string, string | Buffer][] => [
      [name, bytes],
      [name.replace('.png', '.json'), JSON.stringify({ age: i, mood: i < 2 ? 'sad' : 'glad' })],
      [name.replace('.png', '.cls'), String(i % 2)],
    ]),
  );
  const coco = {
    images: ['a', 'b', 'c', 'd'].map((name, id) => ({ id, file_name: `${name}.png`, width: 4, height: 4 })),
    annotations: [0, 1, 2, 3].map((id) => ({
      id,
      image_id: id,
      category_id: id % 2,
      bbox: [0, 0, 4, 4],
      area: 16,
      iscrowd: 0,
    })),
    categories: [
      { id: 0, name: 'cat' },
      { id: 1, name: 'dog' },
    ],
  };
  const schema = {
    subject: 'who',
    tasks: {
      mood: { type: 'ordered', classes: ['sad', 'calm', 'glad'] },
      score: { type: 'continuous', unit: 'points' },
    },
  };
  return [
    { spoiled: 'labels.csv', files: { ...images, 'labels.csv': LABELS } },
    { spoiled: 'schema.json', files: { ...images, 'labels.csv': LABELS, 'schema.json': JSON.stringify(schema) } },
    { spoiled: 'metadata.jsonl', files: { ...images, 'metadata.jsonl': LINES.join('\n') } },
    {
      spoiled: 'train.parquet',
      files: {
        'train.parquet': Buffer.from(PARQUET_FILES.train, 'base64'),
        'test.parquet': Buffer.from(PARQUET_FILES.test, 'base64'),
      },
    },
    { spoiled: 'samples.tar', files: { 'samples.tar': await tarOf(entriesOf(samples)) } },
    { spoiled: 'annotations.json', files: { ...images, 'annotations.json': JSON.stringify(coco) } },
  ];
}

/** Sound archives, by name. */
export async function soundArchives(): Promise<ReadonlyMap<string, Buffer>> {
  const images = await pictures();
  const files: Files = { ...images, 'labels.csv': LABELS };
  const folders: Files = Object.fromEntries(
    Object.entries(images).map(([name, bytes], i) => [`${i < 2 ? 'cat' : 'dog'}/${name}`, bytes]),
  );
  const tar = await tarOf(entriesOf(files));
  return new Map([
    ['tar', tar],
    ['tar of folders', await tarOf(entriesOf(folders, './shapes/'))],
    ['tar.gz', gzipSync(tar)],
    ['zip', zipOf(zipEntriesOf(files))],
    ['zip of folders', zipOf(zipEntriesOf(folders, 'shapes/', 0))],
  ]);
}
