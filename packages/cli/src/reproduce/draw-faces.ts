import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { renderFaces, WILD_FACE_SCHEMA } from '@kneepoint/datasets';
import { type Profile, SEED } from '@kneepoint/reproduction';
import { tally } from './tally.ts';

/** Two sets of one drawing: primary networks learn from the first, satellite tasks from the second. */
export interface DrawnFaces {
  /** All faces; a column says which train and validate, and that the smaller part is the test. */
  readonly all: string;
  /** The smaller part by itself. */
  readonly smaller: string;
}

/** Share of the larger part that validates the primary networks. */
const VALIDATION = 1 / 15;

/**
 * Draws what has not been drawn before. People are the same in both parts and pictures are not, as in the paper, whose identity network knows its people;
 * satellite tasks are then split by person among themselves.
 */
export async function drawFaces(profile: Profile, folder: string, signal: AbortSignal): Promise<DrawnFaces> {
  const all = join(folder, 'faces');
  const smaller = join(folder, 'faces-smaller');
  // It comes last, so that a drawing that was cut off is begun anew.
  const done = join(folder, 'faces.done');
  const { faces, persons, size } = profile;
  const wanted = JSON.stringify({ version: 1, faces, persons, smaller: profile.smaller, size });
  if ((await readFile(done, 'utf8').catch(() => '')) === wanted) return { all, smaller };
  await Promise.all([all, smaller, done].map((path) => rm(path, { recursive: true, force: true })));
  await renderFaces({
    ...{ folder: all, count: faces, persons, seed: SEED, size, wild: true, signal },
    onProgress: tally('draw faces', 'faces'),
  });
  await divide(all, smaller, profile);
  await writeFile(done, wanted);
  return { all, smaller };
}

/** Writes the column of the split into the whole, and the smaller part as a folder of its own, whose pictures are links to the same files. */
async function divide(all: string, smaller: string, { faces, smaller: count }: Profile): Promise<void> {
  const table = join(all, 'labels.csv');
  const [header = '', ...rows] = (await readFile(table, 'utf8')).trim().split('\n');
  const larger = faces - count;
  const validation = Math.round(larger * VALIDATION);
  const part = (row: number): string => (row >= larger ? 'test' : row >= larger - validation ? 'validation' : 'train');
  await writeFile(table, `${[`${header},split`, ...rows.map((row, i) => `${row},${part(i)}`)].join('\n')}\n`);
  // People are in every part, so nothing keeps them together.
  const { subject: _people, ...schema } = WILD_FACE_SCHEMA;
  await writeFile(join(all, 'schema.json'), `${JSON.stringify(schema, null, 2)}\n`);
  await mkdir(join(smaller, 'images'), { recursive: true });
  const own = rows.slice(larger);
  for (const row of own) {
    const image = basename(row.slice(0, row.indexOf(',')));
    await link(join(all, 'images', image), join(smaller, 'images', image));
  }
  await writeFile(join(smaller, 'schema.json'), `${JSON.stringify(WILD_FACE_SCHEMA, null, 2)}\n`);
  await writeFile(join(smaller, 'labels.csv'), `${[header, ...own].join('\n')}\n`);
}
