import { constants } from 'node:buffer';
import { posix } from 'node:path';
import { IMAGE_COLUMN, LIST_SEPARATOR, type Part, type Row } from '../table/table.ts';
import { type Layout, type ReadRequest, SURE } from './layout.ts';
import type { Listing } from './listing.ts';
import { partOf } from './parts.ts';
import { onlyPlaced } from './published-table.ts';
import { resolveImages } from './resolve-image.ts';

const TASK = 'categories';

/** What fits in one string: COCO's own instances_train2017.json has 448 MB. */
const MOST_BYTES = constants.MAX_STRING_LENGTH;

/** COCO's JSON: which categories occur in an image is a multilabel task; an image without annotations has none of them. Boxes are not used. */
export const coco: Layout = {
  name: 'coco',
  async recognises(listing) {
    return (await filesOf(listing)).length > 0 ? SURE.marked : undefined;
  },
  async read(listing, request) {
    const files = await filesOf(listing);
    const rows: Row[] = [];
    const names = new Set<string>();
    const parts: string[] = [];
    for (const file of files) {
      const part = partOfFile(file);
      const own = await readFile(listing, file, part, names, request);
      if (part !== undefined && own.length > 0) parts.push(file);
      // Spread, a list of this length would not fit on the stack.
      for (const row of own) rows.push(row);
    }
    const split = parts.length > 0 ? { splitFrom: `files ${parts.join(', ')}` } : {};
    return {
      table: {
        file: files.join(', '),
        columns: [IMAGE_COLUMN, TASK],
        names: [TASK],
        rows: onlyPlaced(rows, 0, listing, request.skipped),
        ...split,
      },
      hints: { tasks: { [TASK]: { type: 'multilabel', column: TASK } } },
      found: `${files.join(', ')}: ${names.size} categories, boxes are not used`,
    };
  },
};

/** The annotation files: those of instances where there are several kinds of the same images. */
async function filesOf(listing: Listing): Promise<string[]> {
  const found: string[] = [];
  for (const file of listing.files.filter((path) => /\.json$/i.test(path))) {
    const head = await listing.head(file);
    // The keys may stand in any order, with long lists between them.
    const marks = ['"images"', '"annotations"', '"categories"'].filter((key) => head.includes(key));
    if (marks.length === 3 || (marks.length > 0 && /"(image_id|category_id|file_name)"/.test(head))) found.push(file);
  }
  const instances = found.filter((file) => posix.basename(file).startsWith('instances'));
  return instances.length > 0 ? instances : found;
}

/** `instances_val2017.json`, `train/_annotations.coco.json`. */
function partOfFile(file: string): Part | undefined {
  const words = posix
    .basename(file)
    .replace(/\d+|\.json$/g, '')
    .split(/[_.-]/);
  return [posix.basename(posix.dirname(file)), ...words].map(partOf).find((part) => part !== undefined);
}

async function readFile(
  listing: Listing,
  file: string,
  part: Part | undefined,
  names: Set<string>,
  { problems, skipped }: ReadRequest,
): Promise<Row[]> {
  const json = await parsed(listing, file);
  if (json === undefined) {
    const fix = 'write the file again; it must be one JSON object with images, annotations and categories';
    problems.add({ code: 'DATASET_NOT_JSON', file, line: 0, message: 'the file is not JSON', fix });
    return [];
  }
  const annotations = recordsOf(json['annotations']);
  if (annotations.length === 0) {
    // Of a test part without published answers every image would be a negative.
    skipped.ignored('a file without annotations', file);
    return [];
  }
  const categories = new Map<string, string>();
  for (const { id, name } of recordsOf(json['categories'])) {
    if (typeof name === 'string' && name.trim() !== '')
      categories.set(keyOf(id), name.trim().replaceAll(LIST_SEPARATOR, '/'));
    else skipped.malformed('a category without a name', `id ${String(id)}`);
  }
  const images = recordsOf(json['images']).filter(({ id, file_name: name }) => {
    if (typeof name !== 'string') skipped.malformed('an image without a file name', `id ${String(id)}`);
    return typeof name === 'string';
  });
  const present = new Map<string, Set<string>>(images.map(({ id }) => [keyOf(id), new Set()]));
  const wrong = new Set<string>();
  for (const { id, image_id: image, category_id: category } of annotations) {
    const own = present.get(keyOf(image));
    const name = categories.get(keyOf(category));
    if (own === undefined) skipped.malformed('an annotation of an image that is not listed', `id ${String(id)}`);
    else if (name === undefined) {
      skipped.malformed('an annotation of a category that is not listed, with its image', `id ${String(id)}`);
      wrong.add(keyOf(image));
    } else own.add(name);
  }
  // What else is in such an image is not known.
  for (const key of wrong) present.delete(key);
  for (const own of present.values()) for (const name of own) names.add(name);
  const usable = images.filter(({ id }) => present.has(keyOf(id)));
  const paths = resolveImages(
    listing,
    usable.map(({ file_name: name }) => String(name)),
    file,
    part,
  );
  return usable.map(({ id }, i) => {
    const own = [...(present.get(keyOf(id)) ?? [])].sort();
    return { line: 0, cells: [paths[i]?.path ?? '', own.length > 0 ? own.join(LIST_SEPARATOR) : LIST_SEPARATOR], part };
  });
}

/** An id as text: writers mix `1` and `"1"`. */
function keyOf(id: unknown): string {
  return typeof id === 'number' || typeof id === 'string' ? String(id) : '';
}

async function parsed(listing: Listing, file: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const text = (await listing.read(file, MOST_BYTES)).toString('utf8').replace(/^\uFEFF/, '');
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function recordsOf(list: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(list)) return [];
  return list.filter((item): item is Record<string, unknown> => typeof item === 'object' && item !== null);
}
