import { expect, it } from 'vitest';
import { readManifest } from '../manifest/read-manifest.ts';
import { folderOf } from '../testing/folder.ts';
import { pictures } from '../testing/pictures.ts';

const kinds = (notes: readonly string[]): string[] =>
  notes
    .filter((note) => note.startsWith('skipped'))
    .map((note) => note.replace(/, such as.*/, ''))
    .sort();

it('CSV: images by their upload address, lists of choices, no task of the service columns', async () => {
  const folder = await folderOf({
    ...(await pictures('a.jpg', 'my b.jpg', 'deep/c.jpg', 'd.jpg', 'e.jpg')),
    'project-1.csv': [
      'annotation_id,annotator,choice,created_at,id,image,lead_time,updated_at',
      '1,7,"{""choices"":[""red"",""big""]}",2024-01-01T00:00:00Z,1,/data/upload/3/0a1b2c3d-a.jpg,5.1,2024-01-01T00:00:00Z',
      '2,7,red,2024-01-01T00:00:00Z,2,/data/upload/3/0a1b2c3e-my%20b.jpg,6.1,2024-01-01T00:00:00Z',
      '3,8,big,2024-01-01T00:00:00Z,3,/data/local-files/?d=deep/c.jpg,7.1,2024-01-01T00:00:00Z',
      '4,8,red,2024-01-01T00:00:00Z,3,/data/local-files/?d=deep/c.jpg,7.2,2024-01-01T00:00:00Z',
      '5,8,red,2024-01-01T00:00:00Z,4,/data/upload/3/0a1b2c3f-gone.jpg,7.3,2024-01-01T00:00:00Z',
      '6,8,,2024-01-01T00:00:00Z,5,/data/upload/3/0a1b2c3a-d.jpg,7.4,2024-01-01T00:00:00Z',
      '7,8,red',
    ].join('\n'),
  });
  const manifest = await readManifest(folder);
  expect(manifest.images).toEqual(['a.jpg', 'my b.jpg', 'deep/c.jpg']);
  expect(manifest.tasks.map(({ name, type, classes }) => [name, type, classes])).toEqual([
    ['choice', 'multilabel', ['big', 'red']],
  ]);
  expect(manifest.labels['choice']).toEqual(Float64Array.of(1, 1, 0, 1, 1, 0));
  expect(kinds(manifest.notes)).toEqual([
    'skipped 1: a row with more or fewer cells than the header',
    'skipped 1: an entry whose image is not there',
    'skipped 1: an image without an annotation',
    'skipped 1: another entry for the same image',
  ]);
});

it('JSON-MIN: the same as a list of objects', async () => {
  const row = (image: string, choice: unknown, id: number): object => {
    return { image, id, choice, annotator: 1, annotation_id: id, created_at: 'x', updated_at: 'x', lead_time: 3.2 };
  };
  const folder = await folderOf({
    ...(await pictures('a.jpg', 'b.jpg', 'c.jpg')),
    'project.json': JSON.stringify([
      row('/data/upload/1/0a1b2c3d-a.jpg', 'red', 1),
      row('/data/upload/1/0a1b2c3d-b.jpg', { choices: ['red', 'big'] }, 2),
      row('http://host/data/upload/1/0a1b2c3d-c.jpg', 'big', 3),
      row('/data/upload/1/0a1b2c3d-gone.jpg', 'red', 4),
      'no annotation',
      row('/data/upload/1/0a1b2c3d-a.jpg', [{ x: 1, rectanglelabels: ['red'] }], 5),
    ]),
  });
  const manifest = await readManifest(folder);
  expect(manifest.images).toEqual(['a.jpg', 'b.jpg', 'c.jpg']);
  expect(manifest.labels['choice']).toEqual(Float64Array.of(0, 1, 1, 1, 1, 0));
  expect(kinds(manifest.notes)).toEqual([
    'skipped 1: a line that is no JSON object of plain values',
    'skipped 1: a value that is no label',
    'skipped 1: an entry whose image is not there',
    'skipped 1: another entry for the same image',
  ]);
});
