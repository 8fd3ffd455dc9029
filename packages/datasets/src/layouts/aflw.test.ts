import initSqlJs from 'sql.js';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../archive/open-dataset.ts';
import { packDataset } from '../archive/pack-dataset.ts';
import { sharp } from '../images/sharp.ts';
import { readManifest } from '../manifest/read-manifest.ts';
import { failureOf, folderOf } from '../testing/folder.ts';

const TABLES = `
  CREATE TABLE Faces (face_id INTEGER PRIMARY KEY, file_id TEXT, db_id TEXT);
  CREATE TABLE FaceImages (image_id INTEGER PRIMARY KEY, db_id TEXT, file_id TEXT, filepath TEXT, bw INTEGER, width INTEGER, height INTEGER);
  CREATE TABLE FaceRect (face_id INTEGER, x INTEGER, y INTEGER, w INTEGER, h INTEGER, annot_type_id INTEGER);
  CREATE TABLE FacePose (face_id INTEGER PRIMARY KEY, roll REAL, pitch REAL, yaw REAL, annot_type_id INTEGER);
  CREATE TABLE FaceMetaData (face_id INTEGER PRIMARY KEY, sex TEXT, occluded INTEGER, glasses INTEGER, bw INTEGER, annot_type_id INTEGER);
`;

/** A face: number, file, rectangle, roll, pitch and yaw in radians, sex, glasses. */
type Face = readonly [number, string, string, string, string, number];

const GOOD: readonly Face[] = [
  [1, 'a.jpg', '2, 1, 3, 2', '0.1, -0.2, 0.7853981633974483', 'm', 0],
  [2, 'a.jpg', '-1, 0, 2, 2', '0, 0, 0', 'f', 1],
  [3, 'b.jpg', '0, 0, 4, 4', '0, 0.6, -1', 'f', 0],
];

async function database(faces: readonly Face[], more = ''): Promise<Buffer> {
  const { Database } = await initSqlJs();
  const made = new Database();
  made.run(TABLES);
  made.run(
    "INSERT INTO FaceImages VALUES (1, 'flickr', 'a.jpg', '0/a.jpg', 0, 8, 4), (2, 'flickr', 'b.jpg', '2/b.jpg', 0, 8, 4)",
  );
  for (const [id, file, rectangle, pose, sex, glasses] of faces) {
    made.run(`INSERT INTO Faces VALUES (${id}, '${file}', 'flickr')`);
    if (rectangle !== '') made.run(`INSERT INTO FaceRect VALUES (${id}, ${rectangle}, 1)`);
    if (pose !== '') made.run(`INSERT INTO FacePose VALUES (${id}, ${pose}, 1)`);
    made.run(`INSERT INTO FaceMetaData VALUES (${id}, '${sex}', 0, ${glasses}, 0, 1)`);
  }
  if (more !== '') made.run(more);
  return Buffer.from(made.export());
}

/** 8 x 4 pixels: red counts the columns, green the rows. */
async function photograph(blue: number): Promise<Buffer> {
  const pixels = Buffer.from(Array.from({ length: 32 }, (_, i) => [(i % 8) * 10, Math.floor(i / 8) * 10, blue]).flat());
  return sharp(pixels, { raw: { width: 8, height: 4, channels: 3 } })
    .png()
    .toBuffer();
}

const photographs = async (): Promise<Record<string, Buffer>> => ({
  'data/flickr/0/a.jpg': await photograph(7),
  'data/flickr/2/b.jpg': await photograph(9),
});

const kinds = (notes: readonly string[]): string[] =>
  notes
    .filter((note) => note.startsWith('skipped'))
    .map((note) => note.replace(/, such as.*/, ''))
    .sort();

describe('AFLW', () => {
  it('has several faces in a picture, each cut out by its rectangle, and angles in radians', async () => {
    const folder = await folderOf({ ...(await photographs()), 'data/aflw.sqlite': await database(GOOD) });
    const out = `${await folderOf()}/set.tar`;
    const { manifest } = await packDataset(folder, { out });
    expect(manifest.images).toEqual([
      'data/flickr/0/a/face-1.png',
      'data/flickr/0/a/face-2.png',
      'data/flickr/2/b/face-3.png',
    ]);
    expect(manifest.tasks.map(({ name, type }) => `${name} ${type}`).sort()).toEqual([
      'glasses binary',
      'pitch continuous',
      'pose ordered',
      'roll continuous',
      'sex binary',
      'yaw continuous',
    ]);
    const degrees = [...manifest.labels['yaw']!];
    [45, 0, -57.2958].forEach((angle, i) => expect(degrees[i]).toBeCloseTo(angle, 3));
    expect(manifest.labels['sex']).toEqual(Float64Array.of(1, 0, 0));
    expect(manifest.labels['glasses']).toEqual(Float64Array.of(0, 1, 0));
    expect(manifest.notes[0]).toContain('3 faces cut out of their pictures');

    const dataset = await openDataset(out);
    const pixels = async (i: number): Promise<number[]> => [
      ...(await sharp(await dataset.read(i))
        .raw()
        .toBuffer()),
    ];
    expect(await pixels(0)).toEqual([20, 10, 7, 30, 10, 7, 40, 10, 7, 20, 20, 7, 30, 20, 7, 40, 20, 7]);
    // Its rectangle begins a pixel to the left of the picture.
    expect(await pixels(1)).toEqual([0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 10, 7]);
    await dataset.close();
  });

  it('leaves out what is malformed, by kind', async () => {
    const faces: readonly Face[] = [
      ...GOOD,
      [4, 'gone.jpg', '0, 0, 2, 2', '0, 0, 0', 'm', 0],
      [5, 'a.jpg', '', '0, 0, 0', 'm', 0],
      [6, 'a.jpg', '0, 0, 0, 5', '0, 0, 0', 'm', 0],
      [7, 'a.jpg', '0, 0, 2, 2', '0, 0, 9', 'm', 0],
      [8, 'c.jpg', '0, 0, 2, 2', '0, 0, 0', 'm', 0],
      [9, 'b.jpg', '100, 100, 5, 5', '0, 0, 0', 'm', 0],
    ];
    const more =
      "INSERT INTO FaceImages VALUES (3, 'flickr', 'c.jpg', '3/c.jpg', 0, 8, 4); INSERT INTO FaceRect VALUES (1, 0, 0, 9, 9, 2)";
    const folder = await folderOf({ ...(await photographs()), 'data/aflw.sqlite': await database(faces, more) });
    const { manifest } = await packDataset(folder, { out: `${await folderOf()}/set.tar` });
    expect(manifest.images).toHaveLength(3);
    expect(kinds(manifest.notes)).toEqual([
      'skipped 1: a face of no picture',
      'skipped 1: a face whose picture is not there',
      'skipped 1: an image that cannot be read (DATASET_IMAGE_UNREADABLE)',
      'skipped 1: angles beyond 180 degrees',
      'skipped 1: another rectangle of the same face',
      'skipped 2: a face without a rectangle',
    ]);
    const strict = await failureOf(packDataset(folder, { out: `${await folderOf()}/set.tar`, strict: true }));
    expect(strict.code).toMatch(/^DATASET_(ENTRIES_MALFORMED|IMAGE_UNREADABLE)$/);
  });

  it('takes a face without a pose, whose angles are then missing', async () => {
    const faces: readonly Face[] = [...GOOD, [4, 'b.jpg', '1, 1, 2, 2', '', 'm', 1]];
    const folder = await folderOf({ ...(await photographs()), 'data/aflw.sqlite': await database(faces) });
    const manifest = await readManifest(folder);
    expect(manifest.labels['yaw']?.[3]).toBeNaN();
    expect(manifest.labels['sex']?.[3]).toBe(1);
  });

  it.each<[string, () => Promise<Buffer>, string]>([
    ['is no database', () => Promise.resolve(Buffer.from('not a database')), 'no SQLite database'],
    ['lacks a table', () => database(GOOD, 'DROP TABLE FacePose'), 'there is no table FacePose'],
    ['lacks a column', () => database(GOOD, 'ALTER TABLE FaceRect RENAME COLUMN w TO wide'), 'has no column w'],
    [
      'has a view in place of a table',
      () => database(GOOD, 'ALTER TABLE FacePose RENAME TO P; CREATE VIEW FacePose AS SELECT * FROM P'),
      'there is no table FacePose',
    ],
  ])('is refused where its file %s', async (_, make, message) => {
    const folder = await folderOf({ ...(await photographs()), 'aflw.sqlite': await make() });
    const failure = await failureOf(readManifest(folder));
    expect([failure.code, failure.where]).toEqual(['DATASET_ENTRIES_MALFORMED', 'aflw.sqlite']);
    expect(failure.message).toContain(message);
  });
});
