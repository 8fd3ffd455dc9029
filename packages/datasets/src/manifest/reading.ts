import { Failure } from '@kneepoint/failures';
import { z } from 'zod';

const readingSchema = z.strictObject({
  format: z.string().min(1).max(100).optional(),
  split: z.string().min(1).max(200).optional(),
  imageColumn: z.string().min(1).max(200).optional(),
  delimiter: z.string().length(1).optional(),
  types: z
    .record(z.string().min(1).max(200), z.enum(['continuous', 'binary', 'ordered', 'multilabel', 'categorical']))
    .optional(),
  strict: z.boolean().optional(),
  skipBad: z.boolean().optional(),
});

/**
 * How a folder is to be read. `format`: the layout (recognised when absent). `split`: column of the split, or `none`.
 * `imageColumn`, `delimiter`: of a table of text. `types`: of single columns. `strict`: refuse instead of leaving out what is
 * malformed or twice there. `skipBad`: leave out images that are missing or do not decode (published layouts do so unasked).
 */
export type Reading = {
  readonly [K in keyof z.infer<typeof readingSchema>]?: NonNullable<z.infer<typeof readingSchema>[K]>;
};

/** Throws DATASET_OPTION_INVALID. */
export function validateReading(json: unknown): Reading {
  const result = readingSchema.safeParse(json);
  if (result.success) {
    return Object.fromEntries(Object.entries(result.data).filter(([, value]) => value !== undefined));
  }
  const issue = result.error.issues[0];
  const where = issue?.path.map(String).join('.') ?? '';
  throw new Failure('DATASET_OPTION_INVALID', `${where === '' ? 'reading' : where}: ${issue?.message ?? 'not valid'}`, {
    where: where === '' ? 'reading' : `reading.${where}`,
    fix: 'see docs/data.md for what can be said of a folder',
  });
}
