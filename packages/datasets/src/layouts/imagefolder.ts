import { IMAGE_COLUMN, type Row } from '../table/table.ts';
import { type Layout, SURE } from './layout.ts';
import { isImageName, type Listing } from './listing.ts';
import { describeParts, partFolders, partOfFolder } from './parts.ts';

const LABEL = 'class';

/** CVAT's export puts images without a label there. */
const UNLABELLED = 'no_label';

export interface Shape {
  /** Folders around everything, such as `photos/`; empty, or ending in a slash. */
  readonly wrapper: string;
  /** The folders that are parts of a split, as they are written; empty without one. */
  readonly parts: readonly string[];
  /** By part: folders in it that hold everything and are no class, such as the second `train/` of `train/train/cat`. */
  readonly inner: ReadonlyMap<string, string>;
}

/**
 * One folder per class, as torchvision, Keras and CVAT lay them out: `[train/ val/ test/]CLASS/…/FILE`. A folder called
 * train, val or test (or `seg_train`, `test_set`) is a part of the split when it holds folders of images, else a class like
 * any other, unless there is no class but such ones.
 */
export const imagefolder: Layout = {
  name: 'imagefolder',
  recognises(listing) {
    const shape = shapeOf(listing);
    const labels = new Set(listing.images.flatMap((path) => placeOf(path, shape)?.label ?? []));
    const found = [...labels].some((label) => !namesOfParts(labels, shape).has(label));
    return Promise.resolve(found ? SURE.folders : undefined);
  },
  read(listing, { skipped }) {
    const shape = shapeOf(listing);
    const rows: Row[] = [];
    const folders = new Set<string>();
    const labels = new Set<string>();
    const noClass = namesOfParts(new Set(listing.images.flatMap((path) => placeOf(path, shape)?.label ?? [])), shape);
    for (const path of listing.files) {
      const place = placeOf(path, shape);
      if (!isImageName(path)) skipped.ignored('a file that is no image', path);
      else if (place === undefined) skipped.malformed('an image outside the folders of the split', path);
      else if (place.label === undefined) skipped.malformed('an image in no folder of a class', path);
      else if (noClass.has(place.label)) skipped.malformed('an image whose folder names a part and no class', path);
      else if (place.label === UNLABELLED) skipped.malformed('an image without a label', path);
      else {
        folders.add(place.folder);
        labels.add(place.label);
        rows.push({ line: 0, cells: [path, place.label], part: partOfFolder(place.part) });
      }
    }
    const { parts } = shape;
    const splitFrom = parts.length > 0 ? { splitFrom: `folders ${parts.join(', ')}` } : {};
    return Promise.resolve({
      table: { file: 'folders', columns: [IMAGE_COLUMN, LABEL], rows, names: [LABEL], ...splitFrom },
      hints: { tasks: { [LABEL]: { type: 'categorical' as const, column: LABEL } } },
      found: describe([...folders], labels.size, parts),
    });
  },
};

/** What the folders around images say: a wrapper that says nothing, and parts of a split. */
export function shapeOf(listing: Listing): Shape {
  let paths = listing.images.map((path) => path.split('/'));
  let wrapper = '';
  for (;;) {
    const nested = paths.filter((path) => path.length > 2);
    const parts = partFolders([...new Set(nested.map(([first = '']) => first))]);
    if (parts.length > 0) return { wrapper, parts, inner: innerOf(paths, parts) };
    const [first, ...others] = new Set(paths.map(([top = '']) => top));
    // Everything in one folder of folders: that one is no class.
    if (first === undefined || others.length > 0 || nested.length === 0)
      return { wrapper, parts: [], inner: new Map() };
    wrapper += `${first}/`;
    paths = paths.map((path) => path.slice(1));
  }
}

/** Strips what publishers put between a part and its classes: the part's name again, or one folder around all classes. */
function innerOf(paths: readonly (readonly string[])[], parts: readonly string[]): ReadonlyMap<string, string> {
  const below = new Map(parts.map((part) => [part, [] as (readonly string[])[]]));
  for (const [first = '', ...rest] of paths) if (rest.length > 1) below.get(first)?.push(rest);
  const folders = [...below.values()].map((own) => new Set(own.map(([first = '']) => first)));
  const classes = new Set(folders.filter(({ size }) => size > 1).flatMap((own) => [...own]));
  const inner = new Map<string, string>();
  for (const [part, all] of below) {
    let own: readonly (readonly string[])[] = all;
    for (;;) {
      const [first, second] = new Set(own.map(([top = '']) => top));
      if (first === undefined || second !== undefined) break;
      const repeated = partOfFolder(first) === partOfFolder(part);
      // The only class of a part is a class in another one.
      if (!repeated && (classes.has(first) || own.some(({ length }) => length < 3))) break;
      inner.set(part, `${inner.get(part) ?? ''}${first}/`);
      own = own.map((path) => path.slice(1)).filter(({ length }) => length > 1);
    }
  }
  return inner;
}

/** Labels that cannot be classes: names of parts, where they lie in a part or there are no others. */
function namesOfParts(labels: ReadonlySet<string>, { parts }: Shape): ReadonlySet<string> {
  const named = partFolders([...labels]);
  return new Set(parts.length > 0 || named.length === labels.size ? named : []);
}

/** The class of an image and the part that it is in; undefined outside the split, without a label where no folder names one. */
export function placeOf(
  path: string,
  { wrapper, parts, inner }: Shape,
): { readonly label: string | undefined; readonly part: string; readonly folder: string } | undefined {
  if (!path.startsWith(wrapper)) return undefined;
  const [first = '', ...rest] = path.slice(wrapper.length).split('/');
  if (parts.length === 0) return { label: rest.length > 0 ? first : undefined, part: '', folder: first };
  if (!parts.includes(first)) return undefined;
  const around = inner.get(first) ?? '';
  const below = rest.join('/');
  const own = below.startsWith(around) ? below.slice(around.length).split('/') : [];
  const label = own.length > 1 ? own[0] : undefined;
  return { label, part: first, folder: `${first}/${label ?? ''}` };
}

function describe(folders: readonly string[], classes: number, parts: readonly string[]): string {
  const shown = folders.slice(0, 4).join(', ') + (folders.length > 4 ? `, … (${folders.length} folders)` : '');
  return `${shown}: ${classes} classes${parts.length > 0 ? `; ${describeParts(parts)}` : ''}`;
}
