import { Failure } from '@kneepoint/failures';
import { readTable, withImages } from '../table/read-table.ts';
import { type Layout, SURE } from './layout.ts';
import type { Listing } from './listing.ts';

const FILES = ['labels.csv', 'labels.tsv', 'labels.jsonl'] as const;

/** Kneepoint's own: labels.csv, labels.tsv or labels.jsonl beside the images. Written by hand, so a wrong row is refused. */
export const labels: Layout = {
  name: 'labels',
  exact: true,
  recognises: (listing) => Promise.resolve(present(listing).length > 0 ? SURE.own : undefined),
  async read(listing, request) {
    const [file, second] = present(listing);
    if (file === undefined) {
      throw new Failure('DATASET_MANIFEST_MISSING', 'the folder has neither labels.csv nor labels.jsonl', {
        where: listing.root,
        fix: 'add labels.csv with an "image" column and one column per label',
      });
    }
    if (second !== undefined) {
      throw new Failure('DATASET_MANIFEST_AMBIGUOUS', `the folder has both ${file} and ${second}`, {
        where: listing.root,
        fix: 'keep one of them',
      });
    }
    const table = withImages(await readTable(listing, file, request), listing, request);
    return { table, found: `${file}: ${table.rows.length} rows` };
  },
};

function present(listing: Listing): readonly (typeof FILES)[number][] {
  return FILES.filter((file) => listing.has(file));
}
