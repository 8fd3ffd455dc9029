import { posix } from 'node:path';
import { Problems } from '../problems.ts';
import { parseCsv } from '../table/parse-csv.ts';
import { parseJsonLines } from '../table/parse-json-lines.ts';
import { IMAGE_COLUMN, LIST_SEPARATOR, type Row, type Table } from '../table/table.ts';
import { type Layout, type ReadRequest, SURE } from './layout.ts';
import { isImageName, type Listing } from './listing.ts';
import { onlyPlaced, pass, readPublished } from './published-table.ts';
import { resolveImages } from './resolve-image.ts';

/** Columns about the work of labelling; none is a label. */
const SERVICE = new Set('id annotation_id annotator created_at updated_at lead_time agreement'.split(' '));

/**
 * Label Studio's CSV and JSON-MIN: one row per annotation, the image as an address (`/data/upload/N/xxxxxxxx-name.jpg`), a
 * column per control. Several choices are a list. Of several annotations of an image the first stays.
 */
export const labelStudio: Layout = {
  name: 'label-studio',
  async recognises(listing) {
    return (await fileOf(listing)) === undefined ? undefined : SURE.marked;
  },
  async read(listing, request) {
    const file = (await fileOf(listing)) ?? '';
    const json = file.toLowerCase().endsWith('.json');
    const table = json ? await readMinimal(listing, file, request) : await readPublished(listing, file, request);
    const position = request.imageColumn ? table.columns.indexOf(request.imageColumn) : imageIn(table);
    if (position === -1) {
      const message = 'no column holds addresses of images';
      request.problems.add({ code: 'DATASET_COLUMN_NAME', file, line: 1, message, fix: 'name it by --image-column' });
      return { table: { file, columns: [], rows: [] }, found: file };
    }
    const labels = table.columns.flatMap((column, i) => (i === position || SERVICE.has(column) ? [] : [i]));
    const names = table.rows.map(({ cells }) => locate(cells[position] ?? '', listing, file));
    const rows = table.rows.map((row, r): Row => {
      return { line: row.line, cells: [names[r] ?? '', ...labels.map((i) => choicesOf(row.cells[i] ?? ''))] };
    });
    const columns = [IMAGE_COLUMN, ...labels.map((i) => table.columns[i] ?? '')];
    const placed = onlyPlaced(rows, 0, listing, request.skipped).filter(({ cells }) => {
      const empty = cells.slice(1).every((cell) => cell === '');
      if (empty) request.skipped.malformed('an image without an annotation', cells[0] ?? '');
      return !empty;
    });
    return { table: { file, columns, rows: placed }, found: `${file}: ${columns.slice(1).join(', ')}` };
  },
};

async function fileOf(listing: Listing): Promise<string | undefined> {
  for (const file of listing.files.filter((path) => /\.(csv|json)$/i.test(path) && path.split('/').length <= 2)) {
    const head = await listing.head(file);
    const json = file.toLowerCase().endsWith('.json');
    const names = json ? head : (parseCsv(head.split('\n', 1)[0] ?? '', file, new Problems()).columns.join(' ') ?? '');
    if (/\bannotation_id\b/.test(names) && /\blead_time\b/.test(names) && (!json || head.startsWith('['))) return file;
  }
  return undefined;
}

/** JSON-MIN is a list of flat objects: a line of JSON Lines each. */
async function readMinimal(listing: Listing, file: string, request: ReadRequest): Promise<Table> {
  const fail = (message: string): Table => {
    const fix = 'export the project again as JSON-MIN';
    request.problems.add({ code: 'DATASET_NOT_JSON', file, line: 0, message, fix });
    return { file, columns: [], rows: [] };
  };
  let list: unknown;
  try {
    list = JSON.parse((await listing.read(file)).toString('utf8'));
  } catch {
    return fail('the file is not JSON');
  }
  if (!Array.isArray(list)) return fail('the file is no list of annotations');
  const lines = (list as unknown[]).map((item) => JSON.stringify(flattened(item)));
  const problems = new Problems();
  const nested = (column: string): void => request.skipped.ignored('a value that is no label', column);
  const table = parseJsonLines(lines.join('\n'), file, problems, nested);
  pass(problems, request);
  return table;
}

/** `{ "choices": [...] }` as the list that it holds. */
function flattened(item: unknown): unknown {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
  return Object.fromEntries(
    Object.entries(item).map(([key, value]: [string, unknown]) => {
      const choices = typeof value === 'object' && value !== null && 'choices' in value ? value.choices : value;
      return [key, choices];
    }),
  );
}

function choicesOf(cell: string): string {
  if (!cell.startsWith('{') && !cell.startsWith('[')) return cell;
  try {
    const value = flattened({ cell: JSON.parse(cell) as unknown }) as { readonly cell: unknown };
    const texts = Array.isArray(value.cell) ? value.cell.filter((item) => typeof item === 'string') : [];
    return texts.length > 0 ? texts.join(LIST_SEPARATOR) : '';
  } catch {
    return cell;
  }
}

/** The column that holds addresses of images. */
function imageIn(table: Table): number {
  return table.columns.findIndex((column, i) => {
    if (SERVICE.has(column)) return false;
    const cells = table.rows.map(({ cells: own }) => own[i] ?? '').filter((cell) => cell !== '');
    return cells.length > 0 && cells.filter((cell) => isImageName(addressOf(cell))).length >= cells.length / 2;
  });
}

/** The path in an address: after the host, of `?d=` for local files, without escapes. */
function addressOf(cell: string): string {
  const local = /[?&]d=([^&]+)/.exec(cell)?.[1];
  const path = local ?? cell.replace(/^\w+:\/\/[^/]*/, '').replace(/[?#].*$/, '');
  try {
    return decodeURIComponent(path).replace(/^\/+/, '');
  } catch {
    return path.replace(/^\/+/, '');
  }
}

/** The file that an address means: its whole path or name, or its name without the eight characters that uploads get. */
function locate(cell: string, listing: Listing, file: string): string {
  const address = addressOf(cell);
  const name = posix.basename(address);
  const tries = [address, name, name.replace(/^[0-9a-f]{8}-/, '')];
  const found = resolveImages(listing, tries, file).find((image) => image.found);
  return found?.path ?? address;
}
