import { IMAGE_COLUMN, type Row } from '../table/table.ts';
import { type Layout, SURE } from './layout.ts';
import type { Listing } from './listing.ts';
import { partOf } from './parts.ts';
import { greyPng, linesOf, pixelsOf, type PlacedLine, readLine } from './pixel-table.ts';

export const FER_SIDE = 48;
const EMOTIONS = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'];
const NAMES = ['fer2013.csv', 'icml_face_data.csv'];

/** Where the fields of a FER table stand. */
interface Fields {
  readonly emotion: number;
  readonly pixels: number;
  readonly usage: number;
}

/** FER2013: `emotion,pixels,Usage`, each row a picture of 48 × 48 grey values. Usage is the split: PublicTest validates, PrivateTest tests. */
export const fer2013: Layout = {
  name: 'fer2013',
  recognises: (listing) => Promise.resolve(ferTable(listing) === undefined ? undefined : SURE.marked),
  async read(listing, { problems, skipped, signal }) {
    const file = ferTable(listing) ?? NAMES[0]!;
    const rows: Row[] = [];
    let fields: Fields | undefined;
    for await (const placed of linesOf(listing.path(file))) {
      signal?.throwIfAborted();
      const { line, text } = placed;
      if (fields === undefined) {
        fields = fieldsOf(text);
        if (fields !== undefined) continue;
        const message = 'the header does not name emotion, pixels and Usage';
        problems.add({ code: 'DATASET_COLUMN_NAME', file, line, message, fix: 'take the file as it was published' });
        break;
      }
      if (text.trim() === '') continue;
      const cells = text.split(',').map((cell) => cell.trim());
      const emotion = EMOTIONS[/^[0-6]$/.test(cells[fields.emotion] ?? '') ? Number(cells[fields.emotion]) : -1];
      const part = partOf(cells[fields.usage] ?? '');
      const place = `${file}:${line}`;
      if (cells.length !== 3) skipped.malformed('a row that has not three cells', place);
      else if (emotion === undefined) skipped.malformed('an emotion that is none of 0 to 6', place);
      else if (part === undefined) skipped.malformed('a Usage that names no part', place);
      else if (pixelsOf(cells[fields.pixels] ?? '', FER_SIDE ** 2) === undefined) {
        skipped.malformed(`a row without ${FER_SIDE ** 2} values from 0 to 255`, place);
      } else {
        const name = `${String(line - 1).padStart(7, '0')}.png`;
        rows.push({ line, cells: [name, emotion], part, read: ferPicture(listing.path(file), placed, fields.pixels) });
      }
    }
    return {
      table: { file, columns: [IMAGE_COLUMN, 'emotion'], rows, splitFrom: 'column "Usage"' },
      hints: { tasks: { emotion: { type: 'categorical', column: 'emotion', classes: EMOTIONS } } },
      found: `${file}: ${rows.length} pictures of ${FER_SIDE} x ${FER_SIDE} in the table`,
    };
  },
};

export function ferTable(listing: Listing): string | undefined {
  return NAMES.flatMap((name) => listing.named(name))[0];
}

export function fieldsOf(header: string): Fields | undefined {
  const names = header
    .replace(/^\uFEFF/, '')
    .split(',')
    .map((name) => name.trim().toLowerCase());
  const fields = { emotion: names.indexOf('emotion'), pixels: names.indexOf('pixels'), usage: names.indexOf('usage') };
  return Object.values(fields).includes(-1) ? undefined : fields;
}

/** Reads a row's picture from the table again. */
export function ferPicture(path: string, { offset, bytes }: PlacedLine, column: number): () => Promise<Buffer> {
  const at = { offset, bytes };
  return async () => {
    const text = (await readLine(path, at)).split(',')[column] ?? '';
    return greyPng(pixelsOf(text, FER_SIDE ** 2) ?? new Uint8Array(FER_SIDE ** 2), FER_SIDE);
  };
}
