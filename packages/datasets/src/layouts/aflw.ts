import { posix } from 'node:path';
import { readImageFile } from '../archive/read-image-file.ts';
import { cutOut, type Rectangle } from '../images/cut-out.ts';
import { IMAGE_COLUMN, type Row } from '../table/table.ts';
import { type Layout, type ReadRequest, SURE } from './layout.ts';
import type { Listing } from './listing.ts';
import { openSqlite, type Sqlite, type SqlValue } from './sqlite.ts';

const FILE = 'aflw.sqlite';
/** The largest database that is read into memory; the published one has some tens of megabytes. */
const MOST_BYTES = 2 ** 30;

const DEGREES = 180 / Math.PI;
/** Inner edges of the three bins of an angle, in degrees. */
const EDGES = [-30, 30];
const LARGEST = 180;

/** Tables that are read, and their columns. */
const TABLES: Readonly<Record<string, readonly string[]>> = {
  Faces: ['face_id', 'file_id'],
  FaceImages: ['file_id', 'filepath'],
  FaceRect: ['face_id', 'x', 'y', 'w', 'h'],
  FacePose: ['face_id', 'roll', 'pitch', 'yaw'],
  FaceMetaData: ['face_id', 'sex', 'glasses'],
};

const QUERY = `
  SELECT f.face_id, i.filepath, r.x, r.y, r.w, r.h, p.pitch, p.yaw, p.roll, m.sex, m.glasses
  FROM Faces f
  LEFT JOIN FaceImages i ON i.file_id = f.file_id
  LEFT JOIN FaceRect r ON r.face_id = f.face_id
  LEFT JOIN FacePose p ON p.face_id = f.face_id
  LEFT JOIN FaceMetaData m ON m.face_id = f.face_id
  ORDER BY f.face_id, r.rowid`;

const SEXES: ReadonlyMap<SqlValue | undefined, string> = new Map([
  ['f', 'female'],
  ['m', 'male'],
]);
const GLASSES: ReadonlyMap<SqlValue | undefined, string> = new Map([
  [0, 'no'],
  [1, 'yes'],
]);

/**
 * AFLW: `aflw.sqlite`, whose faces are parts of pictures in `flickr/0`, `flickr/2` and `flickr/3`. Each face is cut out by its rectangle, what
 * lies beyond the picture is black; angles are in radians there, in degrees here.
 */
export const aflw: Layout = {
  name: 'aflw',
  recognises: (listing) => Promise.resolve(listing.named(FILE).length > 0 ? SURE.marked : undefined),
  async read(listing, request) {
    const file = listing.named(FILE)[0] ?? FILE;
    const rows = await facesOf(listing, file, request);
    const angle = { type: 'continuous', unit: 'degrees' } as const;
    const mirrored = { mirror: { negate: [0] } };
    return {
      table: { file, columns: [IMAGE_COLUMN, 'pitch', 'yaw', 'roll', 'sex', 'glasses'], rows },
      hints: {
        tasks: {
          pose: {
            type: 'ordered',
            columns: ['pitch', 'yaw'],
            bins: [EDGES, EDGES],
            unit: 'degrees',
            mirror: { negate: [1] },
          },
          pitch: { ...angle, column: 'pitch' },
          yaw: { ...angle, column: 'yaw', ...mirrored },
          roll: { ...angle, column: 'roll', ...mirrored },
          sex: { type: 'binary', column: 'sex', classes: ['female', 'male'] },
          glasses: { type: 'binary', column: 'glasses', classes: ['no', 'yes'] },
        },
      },
      found: `${file}: ${rows.length} faces cut out of their pictures, with pitch, yaw and roll in degrees, sex and glasses`,
    };
  },
};

async function facesOf(listing: Listing, file: string, request: ReadRequest): Promise<Row[]> {
  let database: Sqlite | undefined;
  try {
    database = await openSqlite(await listing.read(file, MOST_BYTES));
    const missing = missingFrom(database);
    if (missing === undefined) return readFaces(database, listing, file, request);
    refuse(request, file, missing);
  } catch (error) {
    request.signal?.throwIfAborted();
    if (!listing.has(file)) throw error;
    refuse(request, file, `the file is no SQLite database, or is damaged: ${(error as Error).message}`);
  } finally {
    database?.close();
  }
  return [];
}

function refuse({ problems }: ReadRequest, file: string, message: string): void {
  const fix = 'take the file as it was published';
  problems.add({ code: 'DATASET_ENTRIES_MALFORMED', file, line: 0, message, fix });
}

function missingFrom(database: Sqlite): string | undefined {
  for (const [table, columns] of Object.entries(TABLES)) {
    const known = database.columns(table);
    if (known === undefined) return `there is no table ${table}`;
    const absent = columns.find((column) => !known.has(column));
    if (absent !== undefined) return `the table ${table} has no column ${absent}`;
  }
  return undefined;
}

function readFaces(database: Sqlite, listing: Listing, file: string, { skipped, signal }: ReadRequest): Row[] {
  const places = placesOf(listing);
  const rows: Row[] = [];
  let before: SqlValue | undefined;
  for (const [face, path, x, y, w, h, ...rest] of database.rows(QUERY)) {
    signal?.throwIfAborted();
    const place = `${file}: face ${String(face)}`;
    const named = typeof path === 'string' ? path : '';
    const image = places.get(lastParts(named));
    const rectangle = rectangleOf([x, y, w, h]);
    const angles = rest.slice(0, 3).map(degreesOf);
    if (face === before) skipped.ignored('another rectangle of the same face', place);
    else if (named === '') skipped.malformed('a face of no picture', place);
    else if (image === undefined) skipped.malformed('a face whose picture is not there', `${place}, ${named}`);
    else if (rectangle === undefined) skipped.malformed('a face without a rectangle', place);
    else if (angles.some((angle) => angle !== undefined && !(Math.abs(angle) <= LARGEST))) {
      skipped.malformed('angles beyond 180 degrees', place);
    } else {
      const [sex, glasses] = [SEXES.get(rest[3]) ?? '', GLASSES.get(rest[4]) ?? ''];
      const name = `${image.slice(0, -posix.extname(image).length)}/face-${String(face)}.png`;
      const cells = [name, ...angles.map((angle) => angle?.toFixed(4) ?? ''), sex, glasses];
      const read = async (): Promise<Buffer> =>
        cutOut(await readImageFile(listing.path(image), image), rectangle, image);
      rows.push({ line: 0, cells, read });
    }
    before = face;
  }
  return rows;
}

/** Pictures by the folder and the name that end their paths: `0/image00002.jpg`, wherever `flickr` lies. */
function placesOf(listing: Listing): ReadonlyMap<string, string> {
  return new Map(listing.images.map((path) => [lastParts(path), path]));
}

const lastParts = (path: string): string => path.split('/').slice(-2).join('/');

function rectangleOf(values: readonly (SqlValue | undefined)[]): Rectangle | undefined {
  const [left, top, width, height] = values.map((value) => (typeof value === 'number' ? Math.round(value) : NaN));
  const sound = [left, top, width, height].every((value) => Math.abs(value!) < 1e6) && width! > 0 && height! > 0;
  return sound ? { left: left!, top: top!, width: width!, height: height! } : undefined;
}

/** Undefined where nothing is said. */
function degreesOf(value: SqlValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value * DEGREES : undefined;
}
