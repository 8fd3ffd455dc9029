import { posix } from 'node:path';
import { Problems } from '../problems.ts';
import { parseJsonLines } from '../table/parse-json-lines.ts';
import { IMAGE_COLUMN, type Row, type Table } from '../table/table.ts';
import { type Layout, type ReadRequest, SURE } from './layout.ts';
import { isImageName, type Listing } from './listing.ts';
import { partOf } from './parts.ts';
import { pass, stacked } from './published-table.ts';
import { readEntry, readShard, type TarEntry } from './shards.ts';

const CLASS = 'cls';

/** What a sample may carry beside its image. */
const MOST_LABEL_BYTES = 1 << 20;

/** Endings, from the first dot on, of the image that a sample is of. */
const MAIN: ReadonlySet<string> = new Set(['jpg', 'jpeg', 'png']);

interface Sample {
  image?: TarEntry;
  /** Whether the image has one of those endings. */
  main?: boolean;
  cls?: TarEntry;
  json?: TarEntry;
}

/**
 * WebDataset: shards of tar whose files share a key up to the first dot: `key.jpg`, `key.cls` (a whole number) and `key.json`
 * (plain values, a column each). Shards called train, val or test, or in such folders, make the split.
 */
export const webdataset: Layout = {
  name: 'webdataset',
  async recognises(listing) {
    const [first] = shardsOf(listing);
    if (first === undefined) return undefined;
    const { entries } = await readShard(listing.path(first));
    return entries.some(({ name }) => isImageName(name)) ? SURE.marked : undefined;
  },
  async read(listing, request) {
    const tables: Table[] = [];
    const parts = new Set<string>();
    for (const shard of shardsOf(listing)) {
      request.signal?.throwIfAborted();
      const words = shard.replace(/\.tar$/i, '').split(/[/_.\d-]+/);
      const word = words.find((own) => partOf(own) !== undefined);
      if (word !== undefined) parts.add(word);
      const table = await readSamples(listing, shard, request);
      tables.push({ ...table, rows: table.rows.map((row) => ({ ...row, part: partOf(word ?? '') })) });
    }
    const table = stacked(tables, 'shards');
    const split = parts.size > 0 ? { splitFrom: `shards ${[...parts].join(', ')}` } : {};
    const classes = table.columns.includes(CLASS);
    return {
      table: { ...table, file: 'shards', ...split },
      hints: classes ? { tasks: { [CLASS]: { type: 'categorical', column: CLASS } } } : {},
      found: `${tables.length} shards, ${table.rows.length} samples with ${table.columns.slice(1).join(', ')}`,
    };
  },
};

function shardsOf(listing: Listing): string[] {
  return listing.files.filter((file) => file.toLowerCase().endsWith('.tar'));
}

async function readSamples(listing: Listing, shard: string, request: ReadRequest): Promise<Table> {
  const { skipped } = request;
  const path = listing.path(shard);
  const { entries, broken } = await readShard(path);
  if (broken !== undefined) skipped.malformed('a shard that ends too early', `${shard}: ${broken}`);
  const samples = new Map<string, Sample>();
  for (const entry of entries) {
    const base = posix.basename(entry.name);
    const dot = base.indexOf('.');
    const key = posix.join(posix.dirname(entry.name), dot === -1 ? base : base.slice(0, dot));
    const ending = base.slice(dot + 1).toLowerCase();
    const sample = samples.get(key) ?? {};
    samples.set(key, sample);
    if (isImageName(base)) {
      // `key.jpg` goes before `key.mask.png`, whichever comes first.
      const [better, other] = MAIN.has(ending) && !sample.main ? [entry, sample.image] : [sample.image ?? entry, entry];
      if (other !== undefined && other !== better) {
        skipped.ignored('another image of the same sample', `${shard}: ${other.name}`);
      }
      sample.image = better;
      sample.main ||= MAIN.has(ending);
    } else if (ending === CLASS || ending === 'json') sample[ending] = entry;
    else skipped.ignored('a file that is neither image, cls nor json', `${shard}: ${entry.name}`);
  }
  const lines: string[] = [];
  const images: TarEntry[] = [];
  for (const [key, { image, cls, json }] of samples) {
    const place = `${shard}: ${key}`;
    const labels = await labelsOf(path, cls, json);
    if (image === undefined) skipped.malformed('a sample without an image', place);
    else if (cls === undefined && json === undefined) skipped.malformed('a sample without a label', place);
    else if (typeof labels === 'string') skipped.malformed(labels, place);
    else {
      lines.push(JSON.stringify({ ...labels, [IMAGE_COLUMN]: String(images.length) }));
      images.push(image);
    }
  }
  const problems = new Problems();
  const nested = (column: string): void => skipped.ignored('a value of json that is no label', `${shard}: ${column}`);
  const read = parseJsonLines(lines.join('\n'), shard, problems, nested);
  pass(problems, request);
  const own = read.columns.indexOf(IMAGE_COLUMN);
  const rows = read.rows.flatMap(({ cells }): Row[] => {
    const image = images[Number(cells[own])];
    if (image === undefined) return [];
    const rest = cells.filter((_, i) => i !== own);
    const name = posix.join(shard.replace(/\.tar$/i, ''), image.name);
    return [{ line: 0, cells: [name, ...rest], read: () => readEntry(path, image) }];
  });
  return { file: shard, columns: [IMAGE_COLUMN, ...read.columns.filter((_, i) => i !== own)], rows };
}

/** The labels of a sample, or what is wrong with them. */
async function labelsOf(
  path: string,
  cls: TarEntry | undefined,
  json: TarEntry | undefined,
): Promise<Readonly<Record<string, unknown>> | string> {
  if ((cls?.bytes ?? 0) > MOST_LABEL_BYTES || (json?.bytes ?? 0) > MOST_LABEL_BYTES) return 'a label that is too long';
  const number = cls === undefined ? undefined : (await readEntry(path, cls)).toString('utf8').trim();
  if (number !== undefined && !/^\d+$/.test(number)) return 'a cls that is no whole number';
  let values: unknown = {};
  try {
    if (json !== undefined) values = JSON.parse((await readEntry(path, json)).toString('utf8'));
  } catch {
    return 'a json that cannot be read';
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return 'a json that is no object';
  return { ...values, ...(number === undefined ? {} : { [CLASS]: number }) };
}
