import { posix } from 'node:path';
import { IMAGE_COLUMN, type Row } from '../table/table.ts';
import { type Layout, type ReadRequest, SURE } from './layout.ts';
import type { Listing } from './listing.ts';
import { type MatValue, readMat5 } from './mat.ts';
import { onlyPlaced } from './published-table.ts';

const FILES = ['imdb.mat', 'wiki.mat'];
const AGE_BINS = [10, 20, 30, 40, 50, 60, 70, 80, 90];

/** MATLAB counts days from the year 0: this is 1 January 1970. */
const EPOCH = 719_529;
const DAY_MS = 86_400_000;

/** A face that the detector was sure of has a finite score; −inf means that none was found. A second score means two faces. */
const FIELDS = ['dob', 'photo_taken', 'full_path', 'gender', 'face_score', 'second_face_score'] as const;

/** IMDB-WIKI: `imdb.mat` and `wiki.mat` (level 5), each a struct of fields of equal length; the age is that in the middle of the year of the photograph. */
export const imdbWiki: Layout = {
  name: 'imdb-wiki',
  recognises: (listing) => {
    return Promise.resolve(FILES.some((name) => listing.named(name).length > 0) ? SURE.marked : undefined);
  },
  async read(listing, request) {
    const files = FILES.flatMap((name) => listing.named(name));
    const rows: Row[] = [];
    // Spread, a list of this length would not fit on the stack.
    for (const file of files) for (const row of await peopleOf(listing, file, request)) rows.push(row);
    const placed = onlyPlaced(rows, 0, listing, request.skipped);
    return {
      table: { file: files.join(', '), columns: [IMAGE_COLUMN, 'age', 'gender', 'name'], rows: placed },
      hints: {
        ignore: ['name'],
        tasks: {
          age: { type: 'ordered', column: 'age', bins: AGE_BINS, unit: 'years' },
          gender: { type: 'binary', column: 'gender', classes: ['female', 'male'] },
        },
      },
      found: `${files.join(', ')}: age at the photograph and gender; names tell people apart with --group name`,
    };
  },
};

async function peopleOf(listing: Listing, file: string, { problems, skipped }: ReadRequest): Promise<Row[]> {
  const refuse = (message: string): Row[] => {
    problems.add({
      code: 'DATASET_ENTRIES_MALFORMED',
      file,
      line: 0,
      message,
      fix: 'take the file as it was published',
    });
    return [];
  };
  let variables: Readonly<Record<string, MatValue>>;
  try {
    variables = readMat5(await listing.read(file, 1 << 30));
  } catch (error) {
    return refuse(`the file is no MATLAB level 5 file, or is cut off: ${(error as Error).message}`);
  }
  const set = variables[posix.basename(file, '.mat')];
  const fields = typeof set === 'object' && !Array.isArray(set) && !(set instanceof Float64Array) ? set : undefined;
  const missing = FIELDS.find((name) => fields === undefined || !(name in fields));
  if (fields === undefined || missing !== undefined) return refuse(`the struct has no field ${String(missing)}`);
  const record = fields as Readonly<Record<string, MatValue>>;
  const number = (name: string, i: number): number => {
    const values = record[name];
    return values instanceof Float64Array ? (values[i] ?? NaN) : NaN;
  };
  const text = (name: string, i: number): string => {
    const values = record[name];
    const value = Array.isArray(values) ? (values as readonly MatValue[])[i] : undefined;
    return typeof value === 'string' ? value : '';
  };
  const count = Array.isArray(record['full_path']) ? record['full_path'].length : 0;
  const folder = posix.dirname(file);
  const rows: Row[] = [];
  for (let i = 0; i < count; i += 1) {
    const place = `${file}: ${text('full_path', i)}`;
    const born = number('dob', i);
    const age = ageAt(born, number('photo_taken', i));
    const gender = number('gender', i);
    if (!(born >= 366)) skipped.malformed('a date of birth in the year 0', place);
    else if (!(age >= 0 && age <= 100)) skipped.malformed('an age outside 0 to 100', place);
    else if (!Number.isFinite(number('face_score', i))) skipped.malformed('a picture without a face', place);
    else if (number('second_face_score', i) > 0) skipped.malformed('a picture with a second face', place);
    else {
      const sex = gender === 0 ? 'female' : gender === 1 ? 'male' : '';
      rows.push({ line: 0, cells: [posix.join(folder, text('full_path', i)), String(age), sex, text('name', i)] });
    }
  }
  return rows;
}

/** Whole years from a day, as MATLAB counts days, to the middle of a year. */
function ageAt(born: number, year: number): number {
  const date = new Date((Math.floor(born) - EPOCH) * DAY_MS);
  return year - date.getUTCFullYear() - (date.getUTCMonth() < 6 ? 0 : 1);
}
