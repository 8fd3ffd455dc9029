import { readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@kneepoint/failures';
import { LIMITS } from '../limits.ts';
import { Problems } from '../problems.ts';
import { quote } from '../quote.ts';
import { checkSchema, type DatasetSchema } from '../schema/dataset-schema.ts';
import { draftTasks } from '../schema/draft-tasks.ts';
import { inferSchema } from '../schema/infer-schema.ts';
import { decodeUtf8 } from '../table/decode-utf8.ts';
import { parseCsv } from '../table/parse-csv.ts';
import { parseJsonLines } from '../table/parse-json-lines.ts';
import { IMAGE_COLUMN, type Table } from '../table/table.ts';
import { buildManifest, type BuiltManifest } from './build-manifest.ts';
import { checkFiles } from './check-files.ts';

export interface FolderOptions {
  /** Replaces the folder's schema.json. */
  readonly schema?: DatasetSchema;
  /** Column whose value groups images when the set is split; replaces the schema's subject. */
  readonly group?: string;
  readonly signal?: AbortSignal;
}

export interface FolderContents extends BuiltManifest {
  readonly table: Table;
}

const PARSERS = { 'labels.csv': parseCsv, 'labels.jsonl': parseJsonLines } as const;
const SCHEMA_FILE = 'schema.json';

/** Reads and validates a folder's manifest, schema and image paths (not the images). Throws one Failure for all problems. */
export async function readFolder(folder: string, options: FolderOptions = {}): Promise<FolderContents> {
  const root = await rootOf(folder);
  const file = await manifestFile(folder);
  const problems = new Problems();
  const table = await readTable(folder, file, problems);
  const given = await readSchema(folder, options, problems);
  // Without a readable header or schema every further complaint would be an echo of the first.
  if (!table.columns.includes(IMAGE_COLUMN) || given === undefined) {
    if (problems.total === 0) buildManifest(table, [], undefined, [], problems);
    problems.throwIfAny();
  }
  const known = { ...given, ...(options.group === undefined ? {} : { subject: options.group }) };
  const { schema, notes } = inferSchema(table, known);
  const drafts = draftTasks(schema, table, SCHEMA_FILE, problems);
  const built = buildManifest(table, drafts, subjectOf(schema, table), notes, problems);
  await checkFiles(root, built.manifest.images, table, problems, options.signal);
  problems.throwIfAny();
  return { ...built, table };
}

async function rootOf(folder: string): Promise<string> {
  const isFolder = await stat(folder).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (isFolder) return realpath(folder);
  throw new Failure('DATASET_FOLDER_MISSING', `${quote(folder)} is not a folder`, {
    where: folder,
    fix: 'give the folder that holds labels.csv or labels.jsonl',
  });
}

async function manifestFile(folder: string): Promise<keyof typeof PARSERS> {
  const present = await Promise.all(
    (['labels.csv', 'labels.jsonl'] as const).map(async (name) => ({
      name,
      exists: await stat(join(folder, name)).then(
        (entry) => entry.isFile(),
        () => false,
      ),
    })),
  );
  const [first, second] = present.filter(({ exists }) => exists);
  if (first === undefined) {
    throw new Failure('DATASET_MANIFEST_MISSING', 'the folder has neither labels.csv nor labels.jsonl', {
      where: folder,
      fix: 'add labels.csv with an "image" column and one column per label',
    });
  }
  if (second !== undefined) {
    throw new Failure('DATASET_MANIFEST_AMBIGUOUS', 'the folder has both labels.csv and labels.jsonl', {
      where: folder,
      fix: 'keep one of them',
    });
  }
  return first.name;
}

async function readTable(folder: string, file: keyof typeof PARSERS, problems: Problems): Promise<Table> {
  const text = decodeUtf8(await readBounded(join(folder, file), file, LIMITS.manifestBytes), file, problems);
  return text === undefined ? { file, columns: [], rows: [] } : PARSERS[file](text, file, problems);
}

async function readSchema(
  folder: string,
  options: FolderOptions,
  problems: Problems,
): Promise<DatasetSchema | undefined> {
  if (options.schema !== undefined) return checkSchema(options.schema, SCHEMA_FILE, problems);
  const path = join(folder, SCHEMA_FILE);
  const exists = await stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );
  if (!exists) return {};
  const text = decodeUtf8(await readBounded(path, SCHEMA_FILE, LIMITS.schemaBytes), SCHEMA_FILE, problems);
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

async function readBounded(path: string, name: string, most: number): Promise<Buffer> {
  const { size } = await stat(path);
  if (size <= most) return readFile(path);
  throw new Failure('DATASET_MANIFEST_TOO_LARGE', `${name} has ${size} bytes`, {
    where: name,
    fix: `keep it within ${most} bytes`,
  });
}

function subjectOf(schema: DatasetSchema, table: Table): string | undefined {
  return schema.subject !== undefined && table.columns.includes(schema.subject) ? schema.subject : undefined;
}
