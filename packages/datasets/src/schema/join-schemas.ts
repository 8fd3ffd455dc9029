import type { DatasetSchema, TaskSchema } from './dataset-schema.ts';

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
