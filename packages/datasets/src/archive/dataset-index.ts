import { Failure } from '@kneepoint/failures';
import { z } from 'zod';
import { LIMITS } from '../limits.ts';
import { buildManifest } from '../manifest/build-manifest.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { Problems } from '../problems.ts';
import { checkSchema } from '../schema/dataset-schema.ts';
import { draftTasks } from '../schema/draft-tasks.ts';
import { IMAGE_COLUMN, type Part, type Table } from '../table/table.ts';
import type { TaskDraft } from '../tasks/task-kind.ts';

/** The first entry of a packed data set. It holds the cells rather than the encoded labels: smaller, and one code path reads both. */
export const INDEX_ENTRY = 'kneepoint.json';
const FORMAT = 'kneepoint.dataset/1';

/** Parts of a split by number. */
const PARTS: readonly Part[] = ['train', 'validation', 'test'];

const packedImage = z.strictObject({
  path: z.string().min(1),
  /** The usual file ending of its format. */
  format: z.string().regex(/^[a-z]{1,8}$/),
  bytes: z.int().min(1).max(LIMITS.imageBytes),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const indexSchema = z.strictObject({
  format: z.literal(FORMAT),
  subject: z.string().optional(),
  notes: z.array(z.string()),
  tasks: z.array(z.looseObject({ name: z.string() })),
  columns: z.array(z.strictObject({ name: z.string(), cells: z.array(z.string().max(LIMITS.cellCharacters)) })),
  split: z.strictObject({ from: z.string(), parts: z.array(z.int().min(0).max(3)) }).optional(),
  images: z.array(packedImage).min(1).max(LIMITS.images),
});

export type PackedImage = z.infer<typeof packedImage>;

export interface DatasetIndex {
  readonly manifest: Manifest;
  readonly images: readonly PackedImage[];
}

/** The name of image `index` inside the archive: short and plain, whatever the image was called in its folder. */
export function imageEntry(index: number, format: string): string {
  return `images/${String(index).padStart(7, '0')}.${format}`;
}

/** The index of a table whose problems have been ruled out, as canonical JSON: equal content gives equal bytes. */
export function encodeIndex(
  table: Table,
  drafts: readonly TaskDraft[],
  manifest: Manifest,
  images: readonly PackedImage[],
): Buffer {
  const used = new Set(drafts.flatMap((draft) => draft.columns));
  if (manifest.subject !== undefined) used.add(manifest.subject);
  const columns = [...used].sort().map((name) => {
    const position = table.columns.indexOf(name);
    return { name, cells: table.rows.map((row) => row.cells[position] ?? '') };
  });
  const { subject, notes } = manifest;
  const split = manifest.split && { from: manifest.split.from, parts: [...manifest.split.parts] };
  return Buffer.from(canonicalJson({ format: FORMAT, subject, notes, tasks: drafts, columns, split, images }));
}

/**
 * Reads kneepoint.json of a packed data set: its manifest, without the images.
 * @throws DATASET_ARCHIVE_INVALID
 */
export function parseIndex(bytes: Uint8Array, where = INDEX_ENTRY): DatasetIndex {
  const { table, schema, notes, images } = parseTable(bytes, where);
  const problems = new Problems();
  const known = checkSchema(schema, INDEX_ENTRY, problems);
  const drafts = known === undefined ? [] : draftTasks(known, table, INDEX_ENTRY, problems);
  // Notes of the tasks are among the stored ones already.
  const { manifest } = buildManifest(table, drafts, known?.subject, [], problems);
  const first = problems.list[0];
  if (first !== undefined) throw invalid(first.message, `${where}:${first.line}`);
  return { manifest: { ...manifest, notes }, images };
}

export interface PackedTable {
  readonly table: Table;
  /** What schema.json would say of it; unchecked. */
  readonly schema: { readonly subject?: string; readonly tasks: Readonly<Record<string, unknown>> };
  readonly notes: readonly string[];
  readonly images: readonly PackedImage[];
}

/**
 * Reads kneepoint.json as the table that it was made of, to be read in another way.
 * @throws DATASET_ARCHIVE_INVALID
 */
export function parseTable(bytes: Uint8Array, where = INDEX_ENTRY): PackedTable {
  const index = parse(bytes, where);
  const lengths = [...index.columns.map(({ cells }) => cells), ...(index.split ? [index.split.parts] : [])].every(
    ({ length }) => length === index.images.length,
  );
  if (!lengths)
    throw invalid(`a column or the split has not one cell for each of ${index.images.length} images`, where);
  const columns = index.columns.map(({ name }) => name);
  const table: Table = {
    file: INDEX_ENTRY,
    columns: [IMAGE_COLUMN, ...columns],
    rows: index.images.map(({ path }, row) => ({
      line: row + 1,
      cells: [path, ...index.columns.map(({ cells }) => cells[row] ?? '')],
      part: PARTS[index.split?.parts[row] ?? PARTS.length],
    })),
    ...(index.split ? { splitFrom: index.split.from } : {}),
    // Cells without a label are empty here: what reads NA is a class.
    names: columns,
  };
  const { subject } = index;
  const tasks = Object.fromEntries(index.tasks.map(({ name, ...task }) => [name, task]));
  const schema = { ...(subject === undefined ? {} : { subject }), tasks };
  return { table, schema, notes: index.notes, images: index.images };
}

export function invalid(message: string, where: string, cause?: unknown): Failure {
  return new Failure('DATASET_ARCHIVE_INVALID', message, { where, fix: 'import the folder again', cause });
}

function parse(bytes: Uint8Array, where: string): z.infer<typeof indexSchema> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalid('the index is not JSON', where, error);
  }
  const result = indexSchema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw invalid(`the index is not of format ${FORMAT}: ${issue?.path.join('.')}: ${issue?.message}`, where);
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
