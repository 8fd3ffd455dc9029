import {
  asyncBufferFromFile,
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
} from 'hyparquet';
import { Failure } from '@kneepoint/failures';
import type { DatasetSchema, TaskSchema } from '../schema/dataset-schema.ts';
import { Problems } from '../problems.ts';
import { parseJsonLines } from '../table/parse-json-lines.ts';
import { IMAGE_COLUMN, type Row, type Table } from '../table/table.ts';
import { type Layout, type ReadRequest, SURE } from './layout.ts';
import type { Listing } from './listing.ts';
import { partOf } from './parts.ts';
import { pass, stacked } from './published-table.ts';

/** A Parquet file that is open for its footer and columns. */
interface Opened {
  readonly file: AsyncBuffer;
  readonly metadata: FileMetaData;
  /** The column of `{ bytes, path }`. */
  readonly image: string;
  readonly columns: readonly string[];
  /** Other columns, of lists and structs. */
  readonly nested: readonly string[];
  /** Class names by column, in the order of their numbers. */
  readonly classes: ReadonlyMap<string, readonly string[]>;
}

/**
 * Parquet as Hugging Face writes image sets: a column of `{ bytes, path }`, the others labels; class names stand in the
 * schema's metadata. Files called train, validation or test make the split. Images are read from their file again when they are packed.
 */
export const parquet: Layout = {
  name: 'parquet',
  async recognises(listing) {
    for (const file of filesOf(listing).slice(0, 1)) {
      if ((await open(listing.path(file))) !== undefined) return SURE.marked;
    }
    return undefined;
  },
  async read(listing, request) {
    const tables: Table[] = [];
    const parts = new Set<string>();
    const tasks: Record<string, TaskSchema> = {};
    for (const file of filesOf(listing)) {
      request.signal?.throwIfAborted();
      const opened = await open(listing.path(file));
      if (opened === undefined) {
        request.skipped.malformed('a file that is no Parquet with a column of images, or is cut off', file);
        continue;
      }
      const codec = unreadable(opened);
      if (codec !== undefined) {
        const message = `the file is compressed by ${codec}, which is not read`;
        const fix = 'write it again with compression "snappy" or "none"';
        request.problems.add({ code: 'DATASET_ENTRIES_MALFORMED', file, line: 0, message, fix });
        continue;
      }
      for (const column of opened.nested) {
        request.skipped.ignored('a column of lists or structs, which is no label', `${file}: ${column}`);
      }
      const word = file.split(/[/_.-]+/).find((own) => partOf(own) !== undefined);
      if (word !== undefined) parts.add(word);
      for (const [column, classes] of opened.classes)
        tasks[column] = { type: 'categorical', column, classes: [...classes] };
      const table = await rowsOf(file, opened, request).catch((error: unknown) => {
        if (error instanceof Failure) throw error;
        return undefined;
      });
      if (table === undefined) {
        request.skipped.malformed('a Parquet file whose columns do not decode', file);
        continue;
      }
      tables.push({ ...table, rows: table.rows.map((row) => ({ ...row, part: partOf(word ?? '') })) });
    }
    const table = stacked(tables, 'parquet files');
    const split = parts.size > 0 ? { splitFrom: `files ${[...parts].join(', ')}` } : {};
    const hints: DatasetSchema = { tasks };
    const columns = table.columns.filter((column) => column !== IMAGE_COLUMN).join(', ');
    return {
      table: { ...table, file: 'parquet files', names: Object.keys(tasks), ...split },
      hints,
      found: `${tables.length} files, ${table.rows.length} images with ${columns}`,
    };
  },
};

function filesOf(listing: Listing): string[] {
  return listing.files.filter((file) => file.toLowerCase().endsWith('.parquet'));
}

async function open(path: string): Promise<Opened | undefined> {
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const { schema } = metadata;
    const at = schema.findIndex(({ num_children: children }, i) => {
      const inner = schema.slice(i + 1, i + 1 + (children ?? 0)).map(({ name }) => name);
      return i > 0 && inner.length === 2 && inner.includes('bytes') && inner.includes('path');
    });
    const image = schema[at]?.name;
    if (image === undefined) return undefined;
    const columns: string[] = [];
    const nested: string[] = [];
    // The tree lies flat, parents before their children.
    for (let i = 1, open = 0; i < schema.length; i += 1) {
      const { name, num_children: children = 0 } = schema[i]!;
      if (open > 0) open += children - 1;
      else {
        if (children === 0 && schema[i]?.repetition_type !== 'REPEATED') columns.push(name);
        else if (i !== at) nested.push(name);
        open = children;
      }
    }
    return { file, metadata, image, columns, nested, classes: classesOf(metadata) };
  } catch {
    // No Parquet, cut off, or written in a way that the reader does not know.
    return undefined;
  }
}

/** A compression that the reader does not know, of any column that is needed. */
function unreadable({ metadata, image, columns }: Opened): string | undefined {
  return metadata.row_groups
    .flatMap((group) => group.columns.flatMap(({ meta_data: column }) => column ?? []))
    .filter(({ path_in_schema: [top = ''] }) => top === image || columns.includes(top))
    .map(({ codec }) => codec)
    .find((codec) => codec !== 'SNAPPY' && codec !== 'UNCOMPRESSED');
}

/** `{ info: { features: { label: { names, _type: "ClassLabel" } } } }` under the key `huggingface`. */
function classesOf(metadata: FileMetaData): ReadonlyMap<string, readonly string[]> {
  const text = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  if (text === undefined) return new Map();
  const json = JSON.parse(text) as {
    readonly info?: { readonly features?: Readonly<Record<string, { readonly names?: unknown }>> };
  };
  return new Map(
    Object.entries(json.info?.features ?? {}).flatMap(([column, { names }]) =>
      Array.isArray(names) && names.every((name) => typeof name === 'string') ? [[column, names] as const] : [],
    ),
  );
}

async function rowsOf(file: string, opened: Opened, request: ReadRequest): Promise<Table> {
  const { columns, classes } = opened;
  const records =
    columns.length === 0
      ? []
      : await parquetReadObjects({ file: opened.file, metadata: opened.metadata, columns: [...columns], utf8: false });
  const lines = records.map((record, i) => {
    const own = Object.entries(record).map(([column, value]: [string, unknown]) => {
      const names = classes.get(column);
      return [column, names === undefined ? plain(value) : named(value, names)] as const;
    });
    return JSON.stringify({ ...Object.fromEntries(own), [IMAGE_COLUMN]: String(i) });
  });
  const problems = new Problems();
  const nested = (column: string): void => request.skipped.ignored('a value that is no label', `${file}: ${column}`);
  const table = parseJsonLines(lines.join('\n'), file, problems, nested);
  pass(problems, request);
  const position = table.columns.indexOf(IMAGE_COLUMN);
  const read = imagesOf(opened);
  const folder = file.replace(/\.parquet$/i, '');
  const rows = table.rows.flatMap(({ cells }): Row[] => {
    const row = Number(cells[position]);
    const wrong = cells.some((cell, i) => cell === NO_CLASS && classes.has(table.columns[i] ?? ''));
    const name = `${folder}/${String(row).padStart(7, '0')}`;
    if (wrong) request.skipped.malformed('a number that is none of the classes', name);
    const labels = cells.map((cell, i) => (i === position ? name : cell));
    return wrong ? [] : [{ line: 0, cells: labels, read: () => read(row) }];
  });
  return { file, columns: table.columns, rows };
}

/** Stands for a number beyond the class names; no class is called so. */
const NO_CLASS = '\u0000';

const plain = (value: unknown): unknown => {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Uint8Array || value instanceof Date ? String(value) : value;
};

function named(value: unknown, names: readonly string[]): string | null {
  if (value === null || value === undefined) return null;
  return names[Number(value)] ?? NO_CLASS;
}

function damaged(cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new Failure('DATASET_IMAGE_UNREADABLE', `the column of images does not decode: ${reason.slice(0, 200)}`, {
    fix: 'copy the file again',
    cause,
  });
}

/** Reads images by row, a group of rows at a time: the last two groups are kept, since neighbours are asked for together. */
function imagesOf({ file, metadata, image }: Opened): (row: number) => Promise<Buffer> {
  const starts: number[] = [];
  let total = 0;
  for (const group of metadata.row_groups) {
    starts.push(total);
    total += Number(group.num_rows);
  }
  const kept = new Map<number, Promise<readonly Record<string, unknown>[]>>();
  return async (row) => {
    const group = starts.findLastIndex((start) => start <= row);
    const rowStart = starts[group] ?? 0;
    let loading = kept.get(group);
    if (loading === undefined) {
      const rowEnd = starts[group + 1] ?? total;
      loading = parquetReadObjects({ file, metadata, columns: [image], rowStart, rowEnd, utf8: false }).catch(damaged);
      // Whoever waits for it hears of it; nobody may.
      loading.catch(() => undefined);
      kept.set(group, loading);
      for (const old of [...kept.keys()].slice(0, -2)) kept.delete(old);
    }
    const value = (await loading)[row - rowStart]?.[image] as { readonly bytes?: unknown } | null | undefined;
    return value?.bytes instanceof Uint8Array ? Buffer.from(value.bytes) : Buffer.alloc(0);
  };
}
