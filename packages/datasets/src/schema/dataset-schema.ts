import { z } from 'zod';
import { LIMITS } from '../limits.ts';
import type { Problems } from '../problems.ts';

const text = z.string().min(1).max(LIMITS.nameCharacters);
const index = z.int().min(0);
const mirror = z.union([
  z.literal('unchanged'),
  z.strictObject({ negate: z.array(index) }),
  z.strictObject({ swap: z.array(z.tuple([index, index])) }),
]);
const edges = z.array(z.number());

/** Letters, digits, space, `_`, `.`, `-`; begins with a letter or digit: safe in file names, keys and terminals. */
export const TASK_NAME = /^[\p{L}\p{N}][\p{L}\p{N}_ .-]{0,99}$/u;

const taskSchema = z
  .strictObject({
    type: z.enum(['continuous', 'binary', 'ordered', 'multilabel', 'categorical']),
    column: text.optional(),
    columns: z.array(text).min(1).max(1_024).optional(),
    classes: z.array(z.union([text, z.number()])).optional(),
    bins: z.union([edges, z.array(edges)]).optional(),
    unit: text.optional(),
    mirror: mirror.optional(),
  })
  .refine((task) => (task.column === undefined) !== (task.columns === undefined), {
    message: 'name either "column" or "columns"',
  });

const datasetSchema = z.strictObject({
  subject: text.optional(),
  tasks: z.record(z.string().regex(TASK_NAME), taskSchema).default({}),
  ignore: z.array(text).optional(),
  missing: z.array(z.union([z.string().max(LIMITS.nameCharacters), z.number()])).optional(),
});

/**
 * What schema.json says. `subject`: the column whose value groups images when the set is split. `tasks`: by name, its
 * type and columns, and where they matter its classes (binary: negative first), bins (inner edges, ascending, one list
 * per column), unit, and what mirroring an image does to its targets. `ignore`: columns that are no task. `missing`: the cells that
 * stand for a missing label beside empty ones, in place of the usual ones (NaN, NA, null, …). Columns that it does not mention are inferred.
 */
export type DatasetSchema = z.input<typeof datasetSchema>;
export type TaskSchema = z.infer<typeof taskSchema>;

/** schema.json as a value, checked; every mistake is reported and undefined returned if there is one. */
export function checkSchema(json: unknown, file: string, problems: Problems): DatasetSchema | undefined {
  const result = datasetSchema.safeParse(json);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const place = issue.path.map(String).join('.');
    problems.add({
      code: 'DATASET_SCHEMA_INVALID',
      file,
      line: 0,
      message: place === '' ? issue.message : `${place}: ${issue.message}`,
      fix: 'compare with the example in packages/datasets/README.md',
    });
  }
  return undefined;
}
