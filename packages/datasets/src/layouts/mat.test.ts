import { describe, expect, it } from 'vitest';
import { readManifest } from '../manifest/read-manifest.ts';
import { failureOf, folderOf } from '../testing/folder.ts';
import { MAT_FILES } from '../testing/mat-files.ts';
import { pictures } from '../testing/pictures.ts';
import { readMat5 } from './mat.ts';

const file = (name: keyof typeof MAT_FILES): Buffer => Buffer.from(MAT_FILES[name], 'base64');
const kinds = (notes: readonly string[]): string[] =>
  notes
    .filter((note) => note.startsWith('skipped'))
    .map((note) => note.replace(/, such as.*/, ''))
    .sort();

describe('a MATLAB level 5 file', () => {
  it('gives arrays, structs, cells and texts, compressed or not', () => {
    const { pt2d, Pose_Para: pose } = readMat5(file('a'));
    expect(pt2d).toEqual(new Float64Array(6));
    expect([...(pose as Float64Array)].slice(3, 5)).toEqual([120.5, 200.25]);
    const { wiki } = readMat5(file('wiki')) as { readonly wiki: Readonly<Record<string, unknown>> };
    expect(wiki['photo_taken']).toEqual(Float64Array.of(2000, 2010, 2012, 2000, 2000, 2000, 2000));
    expect((wiki['name'] as string[]).slice(0, 2)).toEqual(['Ann', 'Bób']);
    expect((wiki['face_score'] as Float64Array)[4]).toBe(-Infinity);
  });

  it('that announces more parts than it has bytes is an error before they are made', () => {
    const words = (...all: readonly number[]): Buffer => {
      const bytes = Buffer.alloc(all.length * 4);
      all.forEach((word, i) => bytes.writeUInt32LE(word >>> 0, i * 4));
      return bytes;
    };
    const struct = words(6, 8, 2, 0, 5, 8, 2 ** 31 - 1, 1, (1 << 16) | 1, 0x78, (4 << 16) | 5, 32, 1, 0);
    const whole = Buffer.concat([file('a').subarray(0, 128), words(14, struct.length), struct]);
    expect(() => readMat5(whole)).toThrow(RangeError);
    expect(() => readMat5(whole)).toThrow('more parts than bytes');
  });

  it('that is cut off, or something else, is an error and nothing worse', () => {
    const whole = file('a');
    for (let length = 0; length < whole.length; length += 1) {
      const cut = whole.subarray(0, length);
      let pose: unknown = 'an error';
      try {
        pose = readMat5(cut)['Pose_Para'];
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
      expect(pose === 'an error' || pose === undefined || pose instanceof Float64Array).toBe(true);
    }
  });
});

it('300W-LP and AFLW2000: pitch, yaw and roll in degrees and in 3 × 3 bins', async () => {
  const folder = await folderOf({
    ...(await pictures('AFW/a.jpg', 'AFW/b.jpg', 'AFW/wild.jpg', 'AFW/none.jpg', 'AFW/cut.jpg', 'AFW/alone.jpg')),
    'AFW/a.mat': file('a'),
    'AFW/b.mat': file('b'),
    'AFW/wild.mat': file('wild'),
    'AFW/none.mat': file('none'),
    'AFW/cut.mat': file('a').subarray(0, 150),
  });
  const manifest = await readManifest(folder);
  expect(manifest.images).toEqual(['AFW/a.jpg', 'AFW/b.jpg']);
  expect([...manifest.labels['pose']!].map((angle) => Math.round(angle))).toEqual([10, -40, -20, 60]);
  expect([...manifest.labels['roll']!].map((angle) => Math.round(angle))).toEqual([5, 0]);
  expect(manifest.tasks.map(({ name }) => name)).toEqual(['pose', 'pitch', 'yaw', 'roll']);
  expect(kinds(manifest.notes)).toEqual([
    'skipped 1: an image without its .mat',
    'skipped 1: angles beyond 180 degrees',
    'skipped 2: a .mat without Pose_Para',
  ]);
});

it('300W-LP: a face, its turned pictures and its mirrored ones are one subject', async () => {
  const names = ['AFW/AFW_12_1_0', 'AFW/AFW_12_1_14', 'AFW_Flip/AFW_12_1_0', 'AFW/AFW_12_2_0'];
  const mats = names.map((name, i) => [`${name}.mat`, file(i % 2 === 0 ? 'a' : 'b')] as const);
  const folder = await folderOf({
    ...(await pictures(...names.map((name) => `${name}.jpg`))),
    ...Object.fromEntries(mats),
  });
  const { images, subject, groups, tasks } = await readManifest(folder);
  expect(images).toEqual([
    'AFW/AFW_12_1_0.jpg',
    'AFW/AFW_12_1_14.jpg',
    'AFW/AFW_12_2_0.jpg',
    'AFW_Flip/AFW_12_1_0.jpg',
  ]);
  expect([subject, groups]).toEqual(['face', Int32Array.of(0, 0, 1, 0)]);
  expect(tasks.map(({ name }) => name)).not.toContain('face');
});

it('IMDB-WIKI: age in the middle of the year of the photograph, in bins of ten years; gender 0 is female', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `wiki_crop/00/${name}.jpg`);
  const folder = await folderOf({ ...(await pictures(...names)), 'wiki_crop/wiki.mat': file('wiki') });
  const manifest = await readManifest(folder);
  expect(manifest.images).toEqual(['wiki_crop/00/a.jpg', 'wiki_crop/00/b.jpg']);
  expect(manifest.labels['age']).toEqual(Float64Array.of(50, 29));
  expect(manifest.labels['gender']).toEqual(Float64Array.of(0, 1));
  expect(manifest.tasks[0]).toMatchObject({ type: 'ordered', bins: [[10, 20, 30, 40, 50, 60, 70, 80, 90]] });
  expect(kinds(manifest.notes)).toEqual([
    'skipped 1: a date of birth in the year 0',
    'skipped 1: a picture with a second face',
    'skipped 1: a picture without a face',
    'skipped 1: an age outside 0 to 100',
    'skipped 1: an entry whose image is not there',
  ]);
  const broken = await folderOf({ ...(await pictures(...names)), 'wiki_crop/wiki.mat': file('wiki').subarray(0, 300) });
  expect((await failureOf(readManifest(broken))).code).toBe('DATASET_ENTRIES_MALFORMED');
});
