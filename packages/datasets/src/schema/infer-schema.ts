import { quote } from '../quote.ts';
import { IMAGE_COLUMN, LIST_SEPARATOR, type Table } from '../table/table.ts';
import { cellsOf, distinctCells } from '../tasks/distinct-cells.ts';
import { parseNumber } from '../tasks/parse-number.ts';
import { type DatasetSchema, TASK_NAME, type TaskSchema } from './dataset-schema.ts';

/** More distinct texts than this are names or remarks rather than classes; schema.json can still say otherwise. */
const MOST_CLASSES = 256;

export interface InferredSchema {
  readonly schema: DatasetSchema;
  /** What was left out or guessed, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * A schema for every column that `known` does not mention: two values → binary, numbers → continuous, lists →
 * multilabel, few distinct texts → categorical; the subject is categorical even when it is a number. Columns with one
 * value, or with (almost) as many texts as rows, are no task: a note says so. Throws nothing.
 */
export function inferSchema(table: Table, known: DatasetSchema = {}): InferredSchema {
  const tasks: Record<string, TaskSchema> = { ...known.tasks };
  const mentioned = new Set([IMAGE_COLUMN, ...(known.ignore ?? [])]);
  for (const task of Object.values(tasks)) {
    for (const column of task.columns ?? []) mentioned.add(column);
    if (task.column !== undefined) mentioned.add(task.column);
  }
  const notes: string[] = [];
  table.columns.forEach((column, index) => {
    if (mentioned.has(column)) return;
    if (Object.hasOwn(tasks, column)) {
      notes.push(`column ${quote(column)} is not used: schema.json has a task of that name`);
      return;
    }
    if (!TASK_NAME.test(column)) {
      notes.push(`column ${quote(column)} is not used: its name cannot name a task`);
      return;
    }
    const cells = [...cellsOf(table.rows.length, (row) => table.rows[row]?.cells[index] ?? '')];
    const guess = typeOf(column, cells, column === known.subject);
    if (guess.note !== undefined) notes.push(guess.note);
    if (guess.type !== undefined) tasks[column] = { type: guess.type, column };
  });
  return { schema: { ...known, tasks }, notes };
}

interface Guess {
  readonly type?: TaskSchema['type'];
  readonly note?: string;
}

function typeOf(column: string, cells: readonly string[], isSubject: boolean): Guess {
  const name = `column ${quote(column)}`;
  const distinct = distinctCells(cells);
  const given = cells.filter((cell) => cell !== '');
  if (distinct.length < 2) return { note: `${name} is not used: all its labels are the same, or missing` };
  if (distinct.some((cell) => cell.includes(LIST_SEPARATOR))) return { type: 'multilabel' };
  if (distinct.length === 2) return { type: 'binary' };
  const numbers = given.filter((cell) => parseNumber(cell) !== undefined);
  if (numbers.length > given.length / 2 && !isSubject) {
    const coded = distinct.length <= 12 && numbers.every((cell) => Number.isInteger(Number(cell)));
    if (!coded) return { type: 'continuous' };
    return {
      type: 'continuous',
      note: `${name} has ${distinct.length} whole numbers and is read as continuous: if they stand for classes, say so in schema.json`,
    };
  }
  if (distinct.length <= MOST_CLASSES && distinct.length <= given.length / 2) return { type: 'categorical' };
  return {
    note: `${name} is not used: ${distinct.length} different texts in ${given.length} rows are no classes; schema.json can say otherwise`,
  };
}
