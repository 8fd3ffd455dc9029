import { stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { Problems } from '../problems.ts';
import { parseJsonLines } from '../table/parse-json-lines.ts';
import { IMAGE_COLUMN, type Row, type Table } from '../table/table.ts';
import { type Layout, type ReadRequest, SURE } from './layout.ts';
import { isImageName, type Listing } from './listing.ts';
import { partOf } from './parts.ts';
import { pass, stacked } from './published-table.ts';
import { readEntry, readShard, type TarEntry } from './shards.ts';

/** A file of a shard: in its tar, or in a folder that a tar was unpacked to. */
type Entry = Omit<TarEntry, 'offset'>;

interface Shard {
  readonly name: string;
  readonly entries: readonly Entry[];
  readonly broken?: string;
  read(entry: Entry): Promise<Buffer>;
  /** The row of an image. */
  row(image: Entry, labels: readonly string[]): Row;
}

const CLASS = 'cls';

/** What a sample may carry beside its image. */
const MOST_LABEL_BYTES = 1 << 20;

/** Endings, from the first dot on, of the image that a sample is of. */
const MAIN: ReadonlySet<string> = new Set(['jpg', 'jpeg', 'png']);

interface Sample {
  image?: Entry;
  /** Whether the image has one of those endings. */
  main?: boolean;
  cls?: Entry;
  json?: Entry;
}

/** JSON beside images may be anybody's: any other layout that knows the folder goes before. */
const JSON_ALONE = SURE.folders / 2;

/**
 * WebDataset: shards of tar whose files share a key up to the first dot: `key.jpg`, `key.cls` (a whole number) and `key.json`
 * (plain values, a column each). Shards called train, val or test, or in such folders, make the split. A folder of such files, which an
 * unpacked shard is, counts as one shard.
 */
export const webdataset: Layout = {
  name: 'webdataset',
  async recognises(listing) {
    const [first] = tarsOf(listing);
    if (first === undefined) return sureOfLoose(listing);
    const { entries } = await readShard(listing.path(first));
    return entries.some(({ name }) => isImageName(name)) ? SURE.marked : undefined;
  },
  async read(listing, request) {
    const tables: Table[] = [];
    const parts = new Set<string>();
    const tars = tarsOf(listing);
    for (const shard of tars.length > 0 ? tars : [UNPACKED]) {
      request.signal?.throwIfAborted();
      const words = shard.replace(/\.tar$/i, '').split(/[/_.\d-]+/);
      const word = words.find((own) => partOf(own) !== undefined);
      if (word !== undefined) parts.add(word);
      const table = await readSamples(await (shard === UNPACKED ? unpacked(listing) : packed(listing, shard)), request);
      tables.push({ ...table, rows: table.rows.map((row) => ({ ...row, part: partOf(word ?? '') })) });
    }
    const table = stacked(tables, 'shards');
    const split = parts.size > 0 ? { splitFrom: `shards ${[...parts].join(', ')}` } : {};
    const classes = table.columns.includes(CLASS);
    return {
      table: { ...table, file: 'shards', ...split },
      hints: classes ? { tasks: { [CLASS]: { type: 'categorical', column: CLASS } } } : {},
      found: `${tars.length > 0 ? `${tables.length} shards` : 'an unpacked shard'}, ${table.rows.length} samples with ${table.columns.slice(1).join(', ')}`,
    };
  },
};

const UNPACKED = '';

function tarsOf(listing: Listing): string[] {
  return listing.files.filter((file) => file.toLowerCase().endsWith('.tar'));
}

/** By the files beside images: `key.cls` is WebDataset's alone. */
async function sureOfLoose(listing: Listing): Promise<number | undefined> {
  const images = new Set(listing.images.map((path) => keyOf(path).key));
  const beside = (ending: string): string | undefined =>
    listing.files.find(
      (path) => path.endsWith(`.${ending}`) && keyOf(path).ending === ending && images.has(keyOf(path).key),
    );
  if (beside(CLASS) !== undefined) return SURE.marked;
  const json = beside('json');
  if (json === undefined) return undefined;
  try {
    const values = Object.values(JSON.parse(await listing.head(json)) as object);
    // Lists of objects are boxes or outlines: somebody else's annotations.
    const nested = values.some((value) => Array.isArray(value) && value.some((item) => typeof item === 'object'));
    return nested || values.length === 0 ? undefined : JSON_ALONE;
  } catch {
    return undefined;
  }
}

/** What names a sample, and what is behind the first dot. */
function keyOf(path: string): { readonly key: string; readonly ending: string } {
  const base = posix.basename(path);
  const dot = base.indexOf('.');
  return {
    key: posix.join(posix.dirname(path), dot === -1 ? base : base.slice(0, dot)),
    ending: base.slice(dot + 1).toLowerCase(),
  };
}

async function packed(listing: Listing, name: string): Promise<Shard> {
  const path = listing.path(name);
  const { entries, broken } = await readShard(path);
  return {
    ...{ name, entries, ...(broken === undefined ? {} : { broken }) },
    read: (entry) => readEntry(path, entry as TarEntry),
    row: (image, labels) => ({
      line: 0,
      cells: [posix.join(name.replace(/\.tar$/i, ''), image.name), ...labels],
      read: () => readEntry(path, image as TarEntry),
    }),
  };
}

async function unpacked(listing: Listing): Promise<Shard> {
  const entries: Entry[] = [];
  for (const name of listing.files) entries.push({ name, bytes: (await stat(listing.path(name))).size });
  return {
    ...{ name: 'folder', entries },
    read: ({ name }) => listing.read(name),
    row: ({ name }, labels) => ({ line: 0, cells: [name, ...labels] }),
  };
}

async function readSamples(from: Shard, request: ReadRequest): Promise<Table> {
  const { skipped } = request;
  const { name: shard, entries, broken } = from;
  if (broken !== undefined) skipped.malformed('a shard that ends too early', `${shard}: ${broken}`);
  const samples = new Map<string, Sample>();
  for (const entry of entries) {
    const { key, ending } = keyOf(entry.name);
    const sample = samples.get(key) ?? {};
    samples.set(key, sample);
    if (isImageName(entry.name)) {
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
  const images: Entry[] = [];
  for (const [key, { image, cls, json }] of samples) {
    const place = `${shard}: ${key}`;
    const labels = await labelsOf(from, cls, json);
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
    return [from.row(image, rest)];
  });
  return { file: shard, columns: [IMAGE_COLUMN, ...read.columns.filter((_, i) => i !== own)], rows };
}

/** The labels of a sample, or what is wrong with them. */
async function labelsOf(
  from: Shard,
  cls: Entry | undefined,
  json: Entry | undefined,
): Promise<Readonly<Record<string, unknown>> | string> {
  if ((cls?.bytes ?? 0) > MOST_LABEL_BYTES || (json?.bytes ?? 0) > MOST_LABEL_BYTES) return 'a label that is too long';
  const number = cls === undefined ? undefined : (await from.read(cls)).toString('utf8').trim();
  if (number !== undefined && !/^\d+$/.test(number)) return 'a cls that is no whole number';
  let values: unknown = {};
  try {
    if (json !== undefined) values = JSON.parse((await from.read(json)).toString('utf8'));
  } catch {
    return 'a json that cannot be read';
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return 'a json that is no object';
  return { ...values, ...(number === undefined ? {} : { [CLASS]: number }) };
}
