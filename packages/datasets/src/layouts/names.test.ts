import { expect, it } from 'vitest';
import { packDataset } from '../archive/pack-dataset.ts';
import { readManifest } from '../manifest/read-manifest.ts';
import { folderOf } from '../testing/folder.ts';
import { pictures } from '../testing/pictures.ts';

const skipped = (notes: readonly string[]): string[] => notes.filter((note) => note.startsWith('skipped')).sort();

it('UTKFace: age, gender and race from names; names that lack a field, impossible values and copies are left out', async () => {
  const shown = await pictures(
    '1_0_0_20161219140623097.jpg.chip.jpg',
    '26_1_2_20170116174525125.jpg.chip.jpg',
    '90_0_4_20170117150222277.jpg.chip.jpg',
    '61_1_20170109142408075.jpg.chip.jpg',
    '39_1_20170116174525125.jpg.chip.jpg',
    '30_3_1_20170116174525126.jpg.chip.jpg',
    '30_1_5_20170116174525127.jpg.chip.jpg',
    '200_1_1_20170116174525128.jpg.chip.jpg',
  );
  const folder = await folderOf({
    ...shown,
    '27_1_2_20170116174525199.jpg.chip.jpg': shown['26_1_2_20170116174525125.jpg.chip.jpg']!,
  });
  const { manifest } = await packDataset(folder, { out: `${await folderOf()}/set.tar` });
  expect(manifest.tasks.map(({ name, type }) => [name, type])).toEqual([
    ['age', 'continuous'],
    ['gender', 'binary'],
    ['race', 'categorical'],
  ]);
  expect(manifest.labels['age']).toEqual(Float64Array.of(1, 26, 90));
  expect(manifest.labels['gender']).toEqual(Float64Array.of(0, 1, 0));
  expect(manifest.notes[0]).toBe('utkface: 4 images whose names hold age, gender, race');
  expect(skipped(manifest.notes)).toEqual([
    'skipped 1: a gender that is neither 0 nor 1, such as "30_3_1_20170116174525126.jpg.chip.jpg"',
    'skipped 1: a race that is none of 0 to 4, such as "30_1_5_20170116174525127.jpg.chip.jpg"',
    'skipped 1: an age above 130, such as "200_1_1_20170116174525128.jpg.chip.jpg"',
    'skipped 1: an image whose bytes came before under other labels, such as "27_1_2_20170116174525199.jpg.chip.jpg"',
    'skipped 2: a name that does not follow the layout, such as "39_1_20170116174525125.jpg.chip.jpg"',
  ]);
});

it('AgeDB: age, gender and the person, who is the subject', async () => {
  const folder = await folderOf(
    await pictures(
      '0_MariaCallas_35_f.jpg',
      '1_MariaCallas_40_f.jpg',
      '2_Jean-Paul_Belmondo_50_m.jpg',
      '3_OrsonWelles_22_x.jpg',
      '4_OrsonWelles_222_m.jpg',
      'OrsonWelles_m.jpg',
    ),
  );
  const manifest = await readManifest(folder);
  expect(manifest.subject).toBe('name');
  expect(manifest.groups).toEqual(Int32Array.of(0, 0, 1));
  expect(manifest.labels['age']).toEqual(Float64Array.of(35, 40, 50));
  expect(manifest.labels['gender']).toEqual(Float64Array.of(1, 1, 0));
  expect(skipped(manifest.notes)).toEqual([
    'skipped 1: a gender that is neither m nor f, such as "3_OrsonWelles_22_x.jpg"',
    'skipped 1: a name that does not follow the layout, such as "OrsonWelles_m.jpg"',
    'skipped 1: an age above 130, such as "4_OrsonWelles_222_m.jpg"',
  ]);
});

it('Head Pose Image Database: signed angles in 3 × 3 bins, the person as subject, no copies of the folder Front', async () => {
  const folder = await folderOf(
    await pictures(
      'Personne01/personne01146-15-30.jpg',
      'Personne01/personne01100-90+0.jpg',
      'Personne02/personne02247+15+90.jpg',
      'Front/personne01146-15-30.jpg',
      'Personne02/personne02247+15+95.jpg',
      'Personne02/personne02247+20+90.jpg',
      'Personne02/personne0224.jpg',
    ),
  );
  const manifest = await readManifest(folder);
  expect(manifest.images).toHaveLength(3);
  expect(manifest.subject).toBe('person');
  expect(manifest.tasks.find(({ name }) => name === 'pose')).toMatchObject({
    type: 'ordered',
    targets: ['tilt', 'pan'],
  });
  expect(manifest.labels['pose']).toEqual(Float64Array.of(-90, 0, -15, -30, 15, 90));
  expect(skipped(manifest.notes)).toEqual([
    'skipped 1: a name that does not follow the layout, such as "Personne02/personne0224.jpg"',
    'skipped 1: a pan that the database does not have, such as "Personne02/personne02247+15+95.jpg"',
    'skipped 1: a tilt that the database does not have, such as "Personne02/personne02247+20+90.jpg"',
    'skipped 1: an image of a folder of copies, such as "Front/personne01146-15-30.jpg"',
  ]);
});
