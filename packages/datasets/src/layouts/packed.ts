import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { imageEntry, INDEX_ENTRY, invalid, parseTable } from '../archive/dataset-index.ts';
import type { DatasetSchema } from '../schema/dataset-schema.ts';
import { type Layout, SURE } from './layout.ts';

/**
 * What Kneepoint packs, unpacked: kneepoint.json and images by number, under the names that they had. It may be read in another way,
 * by another schema or subject, as far as its columns allow: those that were no task are not in it.
 */
export const packed: Layout = {
  name: 'packed',
  exact: true,
  recognises: (listing) => Promise.resolve(listing.has(INDEX_ENTRY) ? SURE.own : undefined),
  async read(listing) {
    const { table, schema, notes, images } = parseTable(await listing.read(INDEX_ENTRY));
    const rows = table.rows.map((row, i) => {
      const { path, sha256, format } = images[i]!;
      const entry = imageEntry(i, format);
      const read = async (): Promise<Buffer> => {
        if (!listing.has(entry)) throw invalid(`${entry}, which the index names, is not there`, path);
        const bytes = await readFile(listing.path(entry));
        if (createHash('sha256').update(bytes).digest('hex') === sha256) return bytes;
        throw invalid('the image is not the one that the index names', path);
      };
      return { ...row, read };
    });
    return {
      table: { ...table, rows },
      hints: schema as DatasetSchema,
      found: `${INDEX_ENTRY}: ${rows.length} images`,
      notes,
    };
  },
};
