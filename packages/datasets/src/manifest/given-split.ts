import { LEFT_OUT, TEST, TRAIN, VALIDATION } from '@kneepoint/regression';
import type { Problems } from '../problems.ts';
import { quote } from '../quote.ts';
import type { Part, Table } from '../table/table.ts';
import type { GivenSplit } from './manifest.ts';

const NUMBERS: Readonly<Record<Part, number>> = { train: TRAIN, validation: VALIDATION, test: TEST };
const NAMES = ['training', 'validation', 'test'] as const;

/**
 * The data set's own split, or undefined where it has none or all its images are in the training part. Reports a split
 * without training images, and subjects whose images lie in several parts.
 */
export function givenSplit(
  table: Table,
  subject: string | undefined,
  problems: Problems,
): { readonly split?: GivenSplit; readonly notes: readonly string[] } {
  const { splitFrom: from, rows, file } = table;
  if (from === undefined || rows.length === 0) return { notes: [] };
  const parts = Uint8Array.from(rows, ({ part }) => (part === undefined ? LEFT_OUT : NUMBERS[part]));
  const counts = NAMES.map((_, part) => parts.filter((own) => own === part).length);
  const [train = 0, validation = 0, test = 0] = counts;
  if (validation === 0 && test === 0) {
    return { notes: train === 0 ? [] : [`${from} names training images alone: the split is drawn by seed`] };
  }
  if (train === 0) {
    const message = `${from} names no training image`;
    const fix = 'give some images to training, or draw a split by seed with --split none';
    problems.add({ code: 'DATASET_SPLIT_INVALID', file, line: 0, message, fix });
    return { notes: [] };
  }
  if (subject !== undefined) reportStraddling(table, subject, parts, problems);
  const left = parts.length - train - validation - test;
  const said = NAMES.flatMap((name, part) => (counts[part] === 0 ? [] : [`${counts[part]} ${name}`])).join(', ');
  const drawn = NAMES.filter((_, part) => counts[part] === 0);
  const notes = [
    `the split is the data set's own (${from}): ${said} images` +
      (drawn.length === 0 ? '' : `; ${drawn.join(' and ')} images are drawn from the training images by seed`) +
      (left === 0 ? '' : `; ${left} images are in no part and left out`),
  ];
  return { split: { from, parts }, notes };
}

function reportStraddling(table: Table, subject: string, parts: Uint8Array, problems: Problems): void {
  const position = table.columns.indexOf(subject);
  const first = new Map<string, number>();
  const reported = new Set<string>();
  table.rows.forEach(({ line, cells }, row) => {
    const part = parts[row] ?? LEFT_OUT;
    const name = cells[position] ?? '';
    if (part === LEFT_OUT || name === '' || reported.has(name)) return;
    const earlier = first.get(name) ?? part;
    first.set(name, earlier);
    if (earlier === part) return;
    reported.add(name);
    const message = `${quote(subject)} ${quote(name)} has images in ${NAMES[earlier]} and in ${NAMES[part]}`;
    const fix = 'keep the images of one subject in one part, or draw a split by seed with --split none';
    problems.add({ code: 'DATASET_SPLIT_STRADDLES', file: table.file, line, message, fix });
  });
}
