import { posix } from 'node:path';
import { Problems } from '../problems.ts';
import { parseCsv } from '../table/parse-csv.ts';
import { imageColumnOf, numbersRows } from '../table/read-table.ts';
import type { Part, Table } from '../table/table.ts';
import { type Layout, SURE } from './layout.ts';
import type { Listing } from './listing.ts';
import { partOf } from './parts.ts';
import { namesImages, once, placed, readPublished, stacked } from './published-table.ts';

/**
 * A table of any name that lists images, such as train.csv with `id` or `image_id` (often without the ending of the file)
 * and the images in a folder of another name. Tables called train, val and test make the split; one without labels, as
 * test.csv mostly is, or without some of them, is passed over.
 */
export const kaggle: Layout = {
  name: 'kaggle',
  async recognises(listing, { imageColumn, delimiter }) {
    return (await tablesOf(listing, imageColumn, delimiter)).length > 0 ? SURE.table : undefined;
  },
  async read(listing, request) {
    const found = await tablesOf(listing, request.imageColumn, request.delimiter);
    const first = found[0]?.labels ?? [];
    // A test.csv without the column that is to be predicted says nothing of its images.
    const whole = (labels: readonly string[]): boolean => first.every((label) => labels.includes(label));
    const parts = found.filter(({ part, labels }) => part !== undefined && whole(labels));
    const files = parts.length > 0 ? parts : found.slice(0, 1);
    const tables: Table[] = [];
    for (const { file, part } of files) {
      const table = placed(await readPublished(listing, file, request), listing, request, part);
      // Several tables are parts of a split; a single one called train says nothing.
      tables.push({ ...table, rows: table.rows.map((row) => ({ ...row, part })) });
    }
    const names = files.map(({ file }) => file);
    const split = files.length > 1 ? { splitFrom: `tables ${names.join(', ')}` } : {};
    for (const { file } of found) if (!names.includes(file)) request.skipped.ignored('another table', file);
    const table = once(stacked(tables, names.join(', ')), request.skipped);
    return { table: { ...table, ...split }, found: `${names.join(', ')}: ${table.rows.length} images with a row` };
  },
};

interface FoundTable {
  readonly file: string;
  readonly part: Part | undefined;
  /** Its columns but the one of images and those that number rows. */
  readonly labels: readonly string[];
}

/** Tables near the root that name images of the folder and say something of them; those called train first. */
async function tablesOf(listing: Listing, imageColumn?: string, delimiter?: string): Promise<FoundTable[]> {
  const near = listing.files.filter((file) => /\.(csv|tsv)$/i.test(file) && file.split('/').length <= 2);
  const found: FoundTable[] = [];
  for (const file of near) {
    const name = posix.basename(file).replace(/\.\w+$/, '');
    if (/sample.?submission/i.test(name)) continue;
    const head = (await listing.head(file)).split('\n').slice(0, 21).join('\n');
    const table = parseCsv(head, file, new Problems(), delimiter);
    const part = partOf(name.replace(/[_ -]?(labels?|data|set|df)$/i, ''));
    const chosen = imageColumnOf(table.columns, imageColumn);
    if (chosen === undefined || !namesImages(table, listing, imageColumn, part)) continue;
    const labels = table.columns.filter((column) => column !== chosen && !numbersRows(column));
    if (labels.length > 0) found.push({ file, part, labels });
  }
  return found.sort((a, b) => Number(b.part === 'train') - Number(a.part === 'train'));
}
