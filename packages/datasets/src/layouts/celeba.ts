import type { TaskSchema } from '../schema/dataset-schema.ts';
import { IMAGE_COLUMN, type Part, type Row } from '../table/table.ts';
import { type Layout, type ReadRequest, SURE } from './layout.ts';
import type { Listing } from './listing.ts';
import { onlyPlaced } from './published-table.ts';
import { resolveImages } from './resolve-image.ts';

const FILES = {
  attributes: ['list_attr_celeba.txt', 'list_attr_celeba.csv'],
  identities: ['identity_CelebA.txt', 'identity_celeba.csv'],
  partition: ['list_eval_partition.txt', 'list_eval_partition.csv'],
} as const;

const PARTS: Readonly<Record<string, Part>> = { '0': 'train', '1': 'validation', '2': 'test' };

/** The two sets of five attributes that are judged together, one threshold each. */
const SETS: Readonly<Record<string, readonly string[]>> = {
  facial_hair: ['5_o_Clock_Shadow', 'Goatee', 'Sideburns', 'Mustache', 'No_Beard'],
  accessories: ['Wearing_Earrings', 'Wearing_Hat', 'Wearing_Necklace', 'Wearing_Necktie', 'Eyeglasses'],
};

/**
 * CelebA: attributes of 1 and −1, of which the latter is a "no"; identities, which are the subjects; the published
 * partition. Text with runs of blanks, or Kaggle's CSV.
 */
export const celeba: Layout = {
  name: 'celeba',
  recognises: (listing) => Promise.resolve(fileOf(listing, 'attributes') === undefined ? undefined : SURE.marked),
  async read(listing, request) {
    const { skipped } = request;
    const file = fileOf(listing, 'attributes') ?? FILES.attributes[0];
    const { names, rows: records } = await attributesOf(listing, file, request);
    const identities = await pairsOf(listing, 'identities', request);
    const partition = await pairsOf(listing, 'partition', request);
    const rows: Row[] = [];
    for (const { line, name, cells } of records) {
      const wrong = cells.find((cell) => !/^(-?1|0)$/.test(cell));
      const part = PARTS[partition?.get(name) ?? ''];
      if (cells.length !== names.length) skipped.malformed('a line with more or fewer attributes than names', name);
      else if (wrong !== undefined) skipped.malformed('an attribute that is neither 1 nor -1', `${name}: ${wrong}`);
      else if (partition !== undefined && part === undefined)
        skipped.malformed('an image in no part of the split', name);
      else if (identities !== undefined && !identities.has(name)) skipped.malformed('an image without identity', name);
      else {
        const yes = cells.map((cell) => (cell === '1' ? '1' : '0'));
        rows.push({ line, cells: [name, ...yes, ...(identities ? [identities.get(name) ?? ''] : [])], part });
      }
    }
    const paths = resolveImages(
      listing,
      rows.map(({ cells }) => cells[0] ?? ''),
      file,
    );
    const placedRows = rows.map((row, i) => ({ ...row, cells: [paths[i]?.path ?? '', ...row.cells.slice(1)] }));
    const tasks: Record<string, TaskSchema> = {};
    for (const name of names) tasks[name] = { type: 'binary', column: name };
    for (const [name, columns] of Object.entries(SETS)) {
      if (columns.every((column) => names.includes(column)))
        tasks[name] = { type: 'multilabel', columns: [...columns] };
    }
    return {
      table: {
        file,
        columns: [IMAGE_COLUMN, ...names, ...(identities ? ['identity'] : [])],
        rows: onlyPlaced(placedRows, 0, listing, skipped),
        ...(partition ? { splitFrom: fileOf(listing, 'partition') ?? '' } : {}),
      },
      hints: {
        ...(identities ? { subject: 'identity' } : {}),
        tasks,
      },
      found: `${file}: ${names.length} attributes${identities ? ', identities' : ''}${partition ? ', the published partition' : ''}`,
    };
  },
};

function fileOf(listing: Listing, kind: keyof typeof FILES): string | undefined {
  return FILES[kind].flatMap((name) => listing.named(name))[0];
}

interface Attributes {
  readonly names: readonly string[];
  readonly rows: readonly { readonly line: number; readonly name: string; readonly cells: readonly string[] }[];
}

/** Text: how many, the names of the attributes (none for the file), then lines. CSV: a header with the file first. */
async function attributesOf(listing: Listing, file: string, { problems }: ReadRequest): Promise<Attributes> {
  const lines = await wordsOf(listing, file);
  const csv = file.toLowerCase().endsWith('.csv');
  const at = csv ? 0 : lines.findIndex(({ words }) => words.length > 1);
  const names = (lines[at]?.words ?? []).slice(csv ? 1 : 0);
  if (names.length === 0 || new Set(names).size !== names.length) {
    const fix = 'take the file as it was published';
    const message = 'there is no line of attribute names, each once';
    problems.add({ code: 'DATASET_COLUMN_NAME', file, line: at + 1, message, fix });
    return { names: [], rows: [] };
  }
  const rows = lines.slice(at + 1).map(({ line, words: [name = '', ...cells] }) => ({ line, name, cells }));
  return { names, rows };
}

/** File names and what stands beside them; undefined without such a file. */
async function pairsOf(
  listing: Listing,
  kind: 'identities' | 'partition',
  { skipped }: ReadRequest,
): Promise<ReadonlyMap<string, string> | undefined> {
  const file = fileOf(listing, kind);
  if (file === undefined) return undefined;
  const pairs = new Map<string, string>();
  for (const { line, words } of await wordsOf(listing, file)) {
    const [name, value] = words;
    if (line === 1 && name === 'image_id') continue;
    if (words.length === 2 && /^\d+$/.test(value ?? '')) pairs.set(name ?? '', value ?? '');
    else skipped.malformed('a line that is no name and number', `${file}:${line}`);
  }
  return pairs;
}

async function wordsOf(listing: Listing, file: string): Promise<{ readonly line: number; readonly words: string[] }[]> {
  const text = (await listing.read(file)).toString('utf8').replace(/^\uFEFF/, '');
  return text
    .split(/\r?\n/)
    .map((line, i) => ({ line: i + 1, words: line.trim().split(/[\s,]+/) }))
    .filter(({ words }) => words[0] !== '');
}
