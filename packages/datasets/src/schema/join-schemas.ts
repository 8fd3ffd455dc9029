import type { Table } from '../table/table.ts';
import type { DatasetSchema, TaskSchema } from './dataset-schema.ts';

/** The hints that some images bear out; a column with one value alone is left to inference, which says so. */
export function borneOut(hints: DatasetSchema, table: Table): DatasetSchema {
  const varied = (column: string): boolean => {
    const position = table.columns.indexOf(column);
    const cells = new Set(table.rows.map((row) => row.cells[position] ?? ''));
    cells.delete('');
    return cells.size > 1;
  };
  const tasks = Object.entries(hints.tasks ?? {}).filter(([, { type, column, columns }]) => {
    const own = columns ?? (column === undefined ? [] : [column]);
    return type === 'ordered' ? own.every(varied) : own.some(varied);
  });
  return { ...hints, tasks: Object.fromEntries(tasks) };
}

/** What the layout implies under what the user's schema says under what options say. */
export function joinSchemas(
  hints: DatasetSchema,
  given: DatasetSchema,
  options: { readonly group?: string; readonly types?: Readonly<Record<string, TaskSchema['type']>> },
): DatasetSchema {
  const tasks = { ...hints.tasks, ...given.tasks };
  for (const [column, type] of Object.entries(options.types ?? {})) {
    // Bins, classes and unit of a task described elsewhere hold on under another type.
    tasks[column] = { ...(tasks[column] ?? { column }), type };
  }
  const subject = options.group ?? given.subject ?? hints.subject;
  const claimed = new Set(Object.values({ ...given.tasks }).flatMap(({ column, columns }) => columns ?? column ?? []));
  const ignore = [
    ...(hints.ignore ?? []).filter((column) => !claimed.has(column) && options.types?.[column] === undefined),
    ...(given.ignore ?? []),
  ];
  return {
    ...given,
    ...(subject === undefined ? {} : { subject }),
    tasks,
    ...(ignore.length === 0 ? {} : { ignore: [...new Set(ignore)] }),
  };
}
