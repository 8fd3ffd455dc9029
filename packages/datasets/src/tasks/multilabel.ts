import { quote } from '../quote.ts';
import { LIST_SEPARATOR } from '../table/table.ts';
import { checkClasses } from './check-classes.ts';
import { distinctCells } from './distinct-cells.ts';
import { specOf } from './spec-of.ts';
import type { LabelSource, TaskDraft, TaskKind } from './task-kind.ts';
import { varies } from './varies.ts';

const ANSWERS = new Map([
  ['1', 1],
  ['true', 1],
  ['yes', 1],
  ['0', 0],
  ['-1', 0],
  ['false', 0],
  ['no', 0],
]);

/**
 * Any number of labels per image, one 0/1 target each. Several columns hold a yes or no each; one column holds the
 * labels that apply, separated by `|` (or, in JSON Lines, as a list).
 */
export const multilabel: TaskKind = {
  encode(draft, source) {
    const listed = draft.columns.length === 1;
    const classes = [...(draft.classes ?? (listed ? distinctItems(source) : draft.columns))];
    const name = quote(draft.name);
    if (classes.length === 0) {
      source.report(
        'DATASET_ONE_CLASS',
        undefined,
        `task ${name}: no image has a label`,
        'add labels, or remove the task',
      );
      return undefined;
    }
    if (!checkClasses(draft, classes, source)) return undefined;
    if (!listed && classes.length !== draft.columns.length) {
      const message = `task ${name}: ${classes.length} label names for ${draft.columns.length} columns`;
      source.report('DATASET_CLASS_COUNT', undefined, message, 'name one label per column, or none');
      return undefined;
    }
    const labels = listed ? fromLists(draft, classes, source) : fromColumns(draft, source);
    const constant = classes.filter((_, target) => !varies(labels, classes.length, target));
    if (constant.length === classes.length) {
      const message = `task ${name}: every label is the same on all images`;
      source.report('DATASET_ONE_CLASS', undefined, message, 'add images with other labels, or remove the task');
    }
    const notes = [
      ...constant.map((label) => `task ${name}: label ${quote(label)} is the same on all images`),
      ...partialNote(draft, labels, classes.length),
    ];
    const spec = specOf(draft, { classes, targets: [...classes] });
    return { spec, draft: { ...draft, classes }, labels, notes };
  },
};

function partialNote({ name }: TaskDraft, labels: Float64Array, width: number): readonly string[] {
  let some = 0;
  let full = 0;
  for (let from = 0; from < labels.length; from += width) {
    const known = labels.subarray(from, from + width).filter((label) => !Number.isNaN(label)).length;
    if (known === width) full++;
    else if (known > 0) some++;
  }
  if (some === 0) return [];
  return [
    `task ${quote(name)}: ${some} images lack some of its labels and count for those that they have, ${full} have all`,
  ];
}

function fromColumns(draft: TaskDraft, source: LabelSource): Float64Array {
  const width = draft.columns.length;
  const labels = new Float64Array(source.rows * width).fill(NaN);
  for (let row = 0; row < source.rows; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const cell = source.cell(row, column);
      if (cell === '') continue;
      const answer = ANSWERS.get(cell.toLowerCase().replace(/\.0+$/, ''));
      if (answer === undefined) {
        const message = `task ${quote(draft.name)}: column ${quote(draft.columns[column] ?? '')} holds ${quote(cell)}, not 0 or 1`;
        source.report('DATASET_UNKNOWN_CLASS', row, message, 'write 1 where the label applies, 0 where it does not');
      } else {
        labels[row * width + column] = answer;
      }
    }
  }
  return labels;
}

function fromLists(draft: TaskDraft, classes: readonly string[], source: LabelSource): Float64Array {
  const position = new Map(classes.map((label, index) => [label, index]));
  const labels = new Float64Array(source.rows * classes.length).fill(NaN);
  for (let row = 0; row < source.rows; row += 1) {
    if (source.cell(row, 0) === '') continue;
    labels.fill(0, row * classes.length, (row + 1) * classes.length);
    for (const item of itemsOf(source.cell(row, 0))) {
      const index = position.get(item);
      if (index === undefined) {
        const message = `task ${quote(draft.name)}: ${quote(item)} is none of its ${classes.length} labels`;
        source.report('DATASET_UNKNOWN_CLASS', row, message, 'correct the label, or add it in schema.json');
      } else {
        labels[row * classes.length + index] = 1;
      }
    }
  }
  return labels;
}

function distinctItems(source: LabelSource): string[] {
  const items = new Set<string>();
  for (let row = 0; row < source.rows; row += 1) for (const item of itemsOf(source.cell(row, 0))) items.add(item);
  return distinctCells(items);
}

function itemsOf(cell: string): string[] {
  return cell
    .split(LIST_SEPARATOR)
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
