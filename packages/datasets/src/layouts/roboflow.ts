import { posix } from 'node:path';
import { IMAGE_COLUMN, type Row, type Table } from '../table/table.ts';
import { type Layout, SURE } from './layout.ts';
import { describeParts, partOf } from './parts.ts';
import { once, placed, readPublished, stacked } from './published-table.ts';

const MARK = '_classes.csv';
const TASK = 'class';

/**
 * Roboflow's classification export: `_classes.csv` in each folder of the split, a column of 0 and 1 per class. One class per
 * image throughout makes a categorical task, else it is multilabel.
 */
export const roboflow: Layout = {
  name: 'roboflow',
  recognises: (listing) => Promise.resolve(listing.named(MARK).length > 0 ? SURE.marked : undefined),
  async read(listing, request) {
    const files = listing.named(MARK).sort();
    const tables: Table[] = [];
    const folders: string[] = [];
    for (const file of files) {
      const folder = posix.basename(posix.dirname(file));
      const part = partOf(folder);
      if (part !== undefined) folders.push(folder);
      const table = placed(await readPublished(listing, file, request), listing, request, part);
      tables.push({ ...table, rows: table.rows.map((row) => ({ ...row, part })) });
    }
    const table = once(stacked(tables, MARK), request.skipped);
    const image = table.columns.indexOf(IMAGE_COLUMN);
    const classes = table.columns.filter((column) => column !== IMAGE_COLUMN);
    const rows = table.rows.filter(({ cells, line }) => {
      // A class that one part of the split lacks is absent from its images.
      const wrong = cells.find((cell, i) => i !== image && !/^([01](\.0*)?)?$/.test(cell));
      if (wrong !== undefined) {
        request.skipped.malformed('a row with a cell that is neither 0 nor 1', `${cells[image] ?? ''} (line ${line})`);
      }
      return wrong === undefined;
    });
    const split = folders.length > 0 ? { splitFrom: `folders ${folders.join(', ')}` } : {};
    const chosen = rows.map((row) => classes.filter((name) => Number(row.cells[table.columns.indexOf(name)]) === 1));
    const single = chosen.every(({ length }) => length === 1);
    const said = `${files.join(', ')}: ${classes.length} classes, ${single ? 'one' : 'any number'} per image`;
    const found = said + (folders.length > 0 ? `; ${describeParts(folders)}` : '');
    const base = { file: table.file, ...split };
    if (single) {
      const labelled = rows.map((row, i): Row => ({ ...row, cells: [row.cells[image] ?? '', chosen[i]?.[0] ?? ''] }));
      const hints = { tasks: { [TASK]: { type: 'categorical' as const, column: TASK } } };
      return { table: { ...base, columns: [IMAGE_COLUMN, TASK], rows: labelled, names: [TASK] }, hints, found };
    }
    const filled = rows.map((row): Row => ({ ...row, cells: row.cells.map((cell) => (cell === '' ? '0' : cell)) }));
    const hints = { tasks: { classes: { type: 'multilabel' as const, columns: classes } } };
    return { table: { ...base, columns: table.columns, rows: filled }, hints, found };
  },
};
