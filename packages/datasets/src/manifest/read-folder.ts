import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@kneepoint/failures';
import { chooseLayout } from '../layouts/choose-layout.ts';
import type { Imported, Layout } from '../layouts/layout.ts';
import { listFolder, type Listing } from '../layouts/listing.ts';
import { Skipped } from '../layouts/skipped.ts';
import { LIMITS } from '../limits.ts';
import { Problems } from '../problems.ts';
import { quote } from '../quote.ts';
import { checkSchema, type DatasetSchema, type TaskSchema } from '../schema/dataset-schema.ts';
import { draftTasks } from '../schema/draft-tasks.ts';
import { inferSchema } from '../schema/infer-schema.ts';
import { borneOut, joinSchemas } from '../schema/join-schemas.ts';
import { decodeUtf8 } from '../table/decode-utf8.ts';
import { withoutMissing } from '../table/missing.ts';
import { numbersRows } from '../table/read-table.ts';
import { withSplit } from '../table/split-column.ts';
import { IMAGE_COLUMN, type Table } from '../table/table.ts';
import type { TaskDraft } from '../tasks/task-kind.ts';
import { buildManifest, type BuiltManifest } from './build-manifest.ts';
import { checkFiles } from './check-files.ts';
import type { Reading } from './reading.ts';

export interface FolderOptions extends Reading {
  /** Replaces the folder's schema.json. */
  readonly schema?: DatasetSchema;
  /** Column whose value groups images when the set is split; replaces the schema's subject. */
  readonly group?: string;
  readonly signal?: AbortSignal;
}

export interface FolderContents extends BuiltManifest {
  readonly table: Table;
  /** Entries that were left out. */
  readonly skipped: Skipped;
  /** Whether images that do not decode are to be left out. */
  readonly lenient: boolean;
  /** The contents without some rows. Throws one Failure for all problems that this makes. */
  without(rows: ReadonlySet<number>): FolderContents;
}

/** What buildManifest needs beside the table. */
interface Plan {
  readonly drafts: readonly TaskDraft[];
  readonly subject: string | undefined;
  readonly notes: readonly string[];
  readonly lenient: boolean;
}

const SCHEMA_FILE = 'schema.json';

/** Recognises a folder's layout, reads and validates labels, schema and image paths (not the images). Throws one Failure for all problems. */
export async function readFolder(folder: string, options: FolderOptions = {}): Promise<FolderContents> {
  const listing = await listFolder(await rootOf(folder), options.signal);
  const layout = await chooseLayout(listing, options.format, options);
  const problems = new Problems();
  const skipped = new Skipped();
  for (const link of listing.links) skipped.ignored('a link to a folder, which is not followed', link);
  const imported = await layout.read(listing, { ...options, problems, skipped });
  const given = await readSchema(listing, options, problems);
  // Without a readable header or schema every further complaint would be an echo of the first.
  if (!imported.table.columns.includes(IMAGE_COLUMN) || given === undefined) {
    if (problems.total === 0) buildManifest(imported.table, [], undefined, [], problems);
    problems.throwIfAny();
  }
  if (imported.table.rows.length === 0 && skipped.notes.length > 0) refuseEmpty(layout, skipped, folder);
  const lenient = options.strict !== true && (options.skipBad ?? layout.exact !== true);
  const { table, plan } = planOf(imported, layout, given ?? {}, { ...options, skipBad: lenient }, problems);
  const built = buildManifest(table, plan.drafts, plan.subject, plan.notes, problems);
  const absent = await checkFiles(
    listing.root,
    built.manifest.images,
    table,
    lenient ? undefined : problems,
    options.signal,
  );
  problems.throwIfAny();
  const contents = contentsOf(table, plan, built, skipped);
  if (absent.length === 0) return contents;
  for (const row of absent) skipped.malformed('an image that is not there', built.manifest.images[row] ?? '');
  return contents.without(new Set(absent));
}

function planOf(
  imported: Imported,
  layout: Layout,
  given: DatasetSchema,
  options: FolderOptions & { readonly skipBad: boolean },
  problems: Problems,
): { readonly table: Table; readonly plan: Plan } {
  // A column that says the split is no task. What was read before had tasks of every column: those described anew go.
  const anew = imported.notes === undefined ? [] : Object.values(given.tasks ?? {}).flatMap(columnsOf);
  const hints = borneOut(withoutColumns(imported.hints ?? {}, [options.split, ...anew]), imported.table);
  // A column that numbers rows is a task only where somebody says so; as a subject it needs no task.
  const ignore = [...(hints.ignore ?? []), ...imported.table.columns.filter(numbersRows)];
  const known = joinSchemas({ ...hints, ignore }, given, options);
  const labels = new Set(Object.values(known.tasks ?? {}).flatMap(columnsOf));
  if (known.subject !== undefined) labels.add(known.subject);
  const read = withoutMissing(imported.table, given.missing?.map(String));
  const table = withSplit(read.table, { ...options, labels }, problems);
  const { schema, notes } = inferSchema(table, known);
  const drafts = draftTasks(schema, table, SCHEMA_FILE, problems);
  const subject = schema.subject !== undefined && table.columns.includes(schema.subject) ? schema.subject : undefined;
  const found = layout.exact ? [] : [`${layout.name}: ${imported.found}`];
  const before = readsAsFound(options) ? (imported.notes ?? []) : [];
  const said = [...before, ...found, ...read.notes, ...notes];
  return { table, plan: { drafts, subject, notes: said, lenient: options.skipBad } };
}

const columnsOf = ({ column, columns }: TaskSchema): readonly string[] =>
  columns ?? (column === undefined ? [] : [column]);

function withoutColumns(hints: DatasetSchema, without: readonly (string | undefined)[]): DatasetSchema {
  const tasks = Object.entries(hints.tasks ?? {}).filter(
    ([, task]) => !columnsOf(task).some((column) => without.includes(column)),
  );
  return { ...hints, tasks: Object.fromEntries(tasks) };
}

/** Whether nothing is said of how the images are to be read. */
export function readsAsFound({ schema, group, format, split, imageColumn, delimiter, types }: FolderOptions): boolean {
  return [schema, group, format, split, imageColumn, delimiter, types].every((option) => option === undefined);
}

function contentsOf(table: Table, plan: Plan, built: BuiltManifest, skipped: Skipped): FolderContents {
  return {
    ...built,
    table,
    skipped,
    lenient: plan.lenient,
    without: (rows) => {
      const problems = new Problems();
      const rest = { ...table, rows: table.rows.filter((_, row) => !rows.has(row)) };
      const rebuilt = buildManifest(rest, plan.drafts, plan.subject, plan.notes, problems);
      problems.throwIfAny();
      return contentsOf(rest, plan, rebuilt, skipped);
    },
  };
}

function refuseEmpty(layout: Layout, skipped: Skipped, folder: string): never {
  const message = `read as ${layout.name}, no image of the folder can be used: ${skipped.notes.join('; ')}`;
  throw new Failure('DATASET_MANIFEST_EMPTY', message, {
    where: folder,
    fix: 'mend the entries, or name another layout by --format',
  });
}

async function rootOf(folder: string): Promise<string> {
  const isFolder = await stat(folder).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (isFolder) return realpath(folder);
  throw new Failure('DATASET_FOLDER_MISSING', `${quote(folder)} is not a folder`, {
    where: folder,
    fix: 'give the folder that holds the images and their labels',
  });
}

async function readSchema(
  listing: Listing,
  options: FolderOptions,
  problems: Problems,
): Promise<DatasetSchema | undefined> {
  if (options.schema !== undefined) return checkSchema(options.schema, SCHEMA_FILE, problems);
  const exists = await stat(join(listing.root, SCHEMA_FILE)).then(
    (entry) => entry.isFile(),
    () => false,
  );
  if (!exists) return {};
  const text = decodeUtf8(await listing.read(SCHEMA_FILE, LIMITS.schemaBytes), SCHEMA_FILE, problems);
  if (text === undefined) return undefined;
  try {
    return checkSchema(JSON.parse(text.replace(/^\uFEFF/, '')), SCHEMA_FILE, problems);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const message = `not JSON: ${error.message}`;
    problems.add({ code: 'DATASET_SCHEMA_INVALID', file: SCHEMA_FILE, line: 0, message, fix: 'correct the JSON' });
    return undefined;
  }
}
