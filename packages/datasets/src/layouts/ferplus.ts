import { posix } from 'node:path';
import { quote } from '../quote.ts';
import { IMAGE_COLUMN, type Row } from '../table/table.ts';
import { FER_SIDE, ferPicture, ferTable, fieldsOf } from './fer2013.ts';
import { type Layout, SURE } from './layout.ts';
import type { Listing } from './listing.ts';
import { partOf } from './parts.ts';
import { linesOf, pixelsOf } from './pixel-table.ts';

const FILE = 'fer2013new.csv';
const EMOTIONS = ['neutral', 'happiness', 'surprise', 'sadness', 'anger', 'disgust', 'fear', 'contempt'];
/** Two columns after the emotions: "unknown" and "no face". */
const VOTES = EMOTIONS.length + 2;

/**
 * FERPlus: ten people's votes for the rows of FER2013. The emotion is the one with most votes. Pictures are those of
 * the same row of fer2013.csv, or files of the given name; a row without a name was dropped by its publishers.
 */
export const ferplus: Layout = {
  name: 'ferplus',
  // fer2013.csv lies beside it and is then only where the pictures are.
  recognises: (listing) => Promise.resolve(listing.named(FILE).length > 0 ? (SURE.marked + SURE.own) / 2 : undefined),
  async read(listing, request) {
    const { skipped } = request;
    const file = listing.named(FILE)[0] ?? FILE;
    const pictures = await picturesOf(listing);
    const files = new Map(listing.images.map((path) => [posix.basename(path), path]));
    const rows: Row[] = [];
    const lines = (await listing.read(file)).toString('utf8').split(/\r?\n/);
    const usages = new Map(
      lines.slice(1).flatMap((text, i) => (text.trim() === '' ? [] : [[i + 2, text.split(',', 1)[0] ?? ''] as const])),
    );
    const joined = lines.slice(1).some((text) => {
      const name = text.split(',')[1]?.trim() ?? '';
      return name !== '' && !files.has(name);
    });
    if (pictures !== undefined && joined) {
      const wrong = differing(usages, pictures.usages);
      if (wrong !== undefined) {
        const fix = 'take both files as they were published, with all rows in their order';
        request.problems.add({ code: 'DATASET_ENTRIES_MALFORMED', file, ...wrong, fix });
      }
    }
    lines.slice(1).forEach((text, i) => {
      if (text.trim() === '') return;
      const line = i + 2;
      const [usage = '', name = '', ...votes] = text.split(',').map((cell) => cell.trim());
      const place = `${file}:${line}`;
      const part = partOf(usage);
      const winner =
        votes.length === VOTES && votes.every((vote) => /^\d+$/.test(vote)) ? mostVotes(votes.map(Number)) : -2;
      const emotion = EMOTIONS[winner];
      const path = files.get(name);
      const read = path === undefined ? pictures?.byLine.get(line) : undefined;
      if (name === '') skipped.ignored('a picture that the publishers dropped', place);
      else if (winner === -2) skipped.malformed(`a row without ${VOTES} counts of votes`, place);
      else if (part === undefined) skipped.malformed('a Usage that names no part', place);
      else if (winner === -1) skipped.malformed('a tie of votes', place);
      else if (emotion === undefined) skipped.malformed('most votes for "unknown" or "no face"', place);
      else if (path === undefined && read === undefined) skipped.malformed('an entry whose image is not there', name);
      else rows.push({ line, cells: [path ?? name, emotion], part, ...(read ? { read } : {}) });
    });
    return {
      table: { file, columns: [IMAGE_COLUMN, 'emotion'], rows, splitFrom: 'column "Usage"' },
      hints: { tasks: { emotion: { type: 'categorical', column: 'emotion', classes: EMOTIONS } } },
      found: `${file}: the emotion with most of ten votes; pictures ${pictures ? 'by row from fer2013.csv' : 'by name'}`,
    };
  },
};

/** The position of the most votes, or −1 for a tie. */
function mostVotes(votes: readonly number[]): number {
  const most = Math.max(...votes);
  return votes.filter((vote) => vote === most).length === 1 ? votes.indexOf(most) : -1;
}

/** Where the rows of two tables cannot be the same ones, told by their Usage; undefined where they can. */
function differing(
  votes: ReadonlyMap<number, string>,
  pictures: ReadonlyMap<number, string>,
): { readonly line: number; readonly message: string } | undefined {
  if (votes.size !== pictures.size) {
    return { line: 0, message: `there are ${votes.size} rows of votes for ${pictures.size} pictures of fer2013.csv` };
  }
  for (const [line, usage] of votes) {
    const other = pictures.get(line) ?? '';
    if (usage.trim().toLowerCase() === other.trim().toLowerCase()) continue;
    return { line, message: `Usage is ${quote(usage.trim())}, in the same row of fer2013.csv ${quote(other.trim())}` };
  }
  return undefined;
}

interface Pictures {
  readonly byLine: ReadonlyMap<number, () => Promise<Buffer>>;
  /** What the rows are used for, by line: tells that both tables have the same rows. */
  readonly usages: ReadonlyMap<number, string>;
}

/** The pictures of fer2013.csv by their line: both tables have the same rows in the same order. */
async function picturesOf(listing: Listing): Promise<Pictures | undefined> {
  const file = ferTable(listing);
  if (file === undefined) return undefined;
  const byLine = new Map<number, () => Promise<Buffer>>();
  const usages = new Map<number, string>();
  let fields: ReturnType<typeof fieldsOf>;
  for await (const placed of linesOf(listing.path(file))) {
    if (fields === undefined) {
      fields = fieldsOf(placed.text);
      if (fields === undefined) return undefined;
    } else if (placed.text.trim() !== '') {
      const cells = placed.text.split(',');
      usages.set(placed.line, cells[fields.usage] ?? '');
      if (pixelsOf(cells[fields.pixels] ?? '', FER_SIDE ** 2) === undefined) continue;
      byLine.set(placed.line, ferPicture(listing.path(file), placed, fields.pixels));
    }
  }
  return { byLine, usages };
}
