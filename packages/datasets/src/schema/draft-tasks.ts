import { LIMITS } from '../limits.ts';
import type { Problems } from '../problems.ts';
import { quote } from '../quote.ts';
import { IMAGE_COLUMN, type Table } from '../table/table.ts';
import type { TaskDraft } from '../tasks/task-kind.ts';
import type { DatasetSchema, TaskSchema } from './dataset-schema.ts';

/** How many columns each type reads. */
const WIDTHS: Readonly<Record<TaskSchema['type'], readonly [number, number]>> = {
  continuous: [1, 1],
  binary: [1, 1],
  ordered: [1, 2],
  multilabel: [1, LIMITS.classes],
  categorical: [1, 1],
};

/** The schema's tasks with their columns checked against the table; what does not fit is reported and left out. */
export function draftTasks(schema: DatasetSchema, table: Table, file: string, problems: Problems): TaskDraft[] {
  const report = (code: 'DATASET_UNKNOWN_COLUMN' | 'DATASET_SCHEMA_INVALID', message: string, fix: string): void =>
    problems.add({ code, file, line: 0, message, fix });
  const columnFix = `the columns are ${table.columns.map(quote).join(', ').slice(0, 300)}`;
  const known = new Set(table.columns);
  for (const column of [...(schema.ignore ?? []), ...(schema.subject === undefined ? [] : [schema.subject])]) {
    if (!known.has(column)) report('DATASET_UNKNOWN_COLUMN', `there is no column ${quote(column)}`, columnFix);
  }
  const drafts: TaskDraft[] = [];
  for (const [name, task] of Object.entries(schema.tasks ?? {})) {
    const columns = task.columns ?? (task.column === undefined ? [] : [task.column]);
    const unknown = columns.filter((column) => !known.has(column) || column === IMAGE_COLUMN);
    for (const column of unknown) {
      const message = `task ${quote(name)}: there is no label column ${quote(column)}`;
      report('DATASET_UNKNOWN_COLUMN', message, columnFix);
    }
    const [least, most] = WIDTHS[task.type];
    const fits = columns.length >= least && columns.length <= most && new Set(columns).size === columns.length;
    if (!fits) {
      const wanted = least === most ? `${least} column` : `${least} to ${most} different columns`;
      const message = `task ${quote(name)}: it names ${columns.length} columns (${columns.map(quote).join(', ').slice(0, 200)})`;
      report('DATASET_SCHEMA_INVALID', message, `a ${task.type} task reads ${wanted}`);
    }
    const repeated = task.classes?.find((label, i) => task.classes?.map(String).indexOf(String(label)) !== i);
    if (repeated !== undefined) {
      const message = `task ${quote(name)}: class ${quote(String(repeated))} is named twice`;
      report('DATASET_SCHEMA_INVALID', message, 'name every class once');
    }
    if (fits && unknown.length === 0 && repeated === undefined) drafts.push(draftOf(name, columns, task));
  }
  if (drafts.length > LIMITS.tasks) {
    report(
      'DATASET_SCHEMA_INVALID',
      `there are ${drafts.length} tasks`,
      `name at most ${LIMITS.tasks} tasks, and ignore the other columns`,
    );
  }
  return drafts.slice(0, LIMITS.tasks);
}

function draftOf(name: string, columns: readonly string[], task: TaskSchema): TaskDraft {
  return {
    name,
    type: task.type,
    columns,
    ...(task.classes === undefined ? {} : { classes: task.classes.map(String) }),
    ...(task.bins === undefined ? {} : { bins: nested(task.bins) }),
    ...(task.unit === undefined ? {} : { unit: task.unit }),
    ...(task.mirror === undefined ? {} : { mirror: task.mirror }),
  };
}

/** One column's edges may be written without the outer list. */
function nested(bins: number[] | number[][]): number[][] {
  const lists = bins.filter((edge): edge is number[] => typeof edge !== 'number');
  const numbers = bins.filter((edge): edge is number => typeof edge === 'number');
  return numbers.length > 0 ? [numbers] : lists;
}
