import { posix } from 'node:path';
import { IMAGE_COLUMN, type Row, type Table } from '../table/table.ts';
import { placeOf, shapeOf } from './imagefolder.ts';
import { type Layout, SURE } from './layout.ts';
import type { Listing } from './listing.ts';
import { describeParts, partFolders, partOfFolder } from './parts.ts';
import { once, placed, readPublished, stacked } from './published-table.ts';

const FILE_NAME = 'file_name';
const FOLDER_LABEL = 'label';

/**
 * Hugging Face's imagefolder: metadata.csv or metadata.jsonl beside the images, whose `file_name` is relative to it; all
 * other columns are labels. Where folders name classes too and no column is called `label`, they become one.
 */
export const hfImagefolder: Layout = {
  name: 'hf-imagefolder',
  async recognises(listing) {
    for (const file of metadataOf(listing)) if ((await listing.head(file)).includes(FILE_NAME)) return SURE.marked;
    return undefined;
  },
  async read(listing, request) {
    const files = metadataOf(listing);
    const tables: Table[] = [];
    for (const file of files) {
      const folder = posix.dirname(file);
      const table = await readPublished(listing, file, request);
      // Names are relative to the root by now.
      const rooted = { ...relativeTo(folder, table), file: posix.basename(file) };
      tables.push({ ...placed(rooted, listing, { ...request, imageColumn: FILE_NAME }), file });
    }
    const { wrapper } = shapeOf(listing);
    const all = withFolderLabels(once(stacked(tables, files.join(', ')), request.skipped), listing);
    const image = all.columns.indexOf(IMAGE_COLUMN);
    const topOf = ({ cells }: Row): string => {
      const [top = '', ...rest] = (cells[image] ?? '').slice(wrapper.length).split('/');
      return rest.length > 0 ? top : '';
    };
    const parts = partFolders([...new Set(all.rows.map(topOf))]);
    const table = {
      ...all,
      rows: all.rows.map((row) => ({
        ...row,
        part: parts.includes(topOf(row)) ? partOfFolder(topOf(row)) : undefined,
      })),
    };
    const split = parts.length > 0 ? { splitFrom: `folders ${parts.join(', ')}` } : {};
    const said = parts.length > 0 ? `; ${describeParts(parts)}` : '';
    return { table: { ...table, ...split }, found: `${files.join(', ')}: ${table.rows.length} images${said}` };
  },
};

function metadataOf(listing: Listing): string[] {
  return ['metadata.csv', 'metadata.jsonl'].flatMap((name) => listing.named(name));
}

function relativeTo(folder: string, table: Table): Table {
  const position = table.columns.indexOf(FILE_NAME);
  const rows = table.rows.map((row) => ({
    ...row,
    cells: row.cells.map((cell, i) => (i === position && cell !== '' ? posix.join(folder, cell) : cell)),
  }));
  return { ...table, rows };
}

function withFolderLabels(table: Table, listing: Listing): Table {
  if (table.columns.includes(FOLDER_LABEL)) return table;
  const shape = shapeOf(listing);
  const image = table.columns.indexOf(IMAGE_COLUMN);
  const labels = table.rows.map(({ cells }) => placeOf(cells[image] ?? '', shape)?.label);
  if (labels.includes(undefined) || new Set(labels).size < 2) return table;
  const rows = table.rows.map((row, i) => ({ ...row, cells: [...row.cells, labels[i] ?? ''] }));
  return { ...table, columns: [...table.columns, FOLDER_LABEL], rows, names: [FOLDER_LABEL] };
}
