import { IMAGE_COLUMN, type Row } from '../table/table.ts';
import { type Layout, SURE } from './layout.ts';
import { isImageName, type Listing } from './listing.ts';
import { describeParts, partOf } from './parts.ts';

const LABEL = 'class';

/** CVAT's export puts images without a label there. */
const UNLABELLED = 'no_label';

export interface Shape {
  /** Folders around everything, such as `photos/`; empty, or ending in a slash. */
  readonly wrapper: string;
  /** The folders that are parts of a split, as they are written; empty without one. */
  readonly parts: readonly string[];
}

/**
 * One folder per class, as torchvision, Keras and CVAT lay them out: `[train/ val/ test/]CLASS/…/FILE`. A folder called
 * train, val or test is a part of the split when it holds folders of images, else a class like any other.
 */
export const imagefolder: Layout = {
  name: 'imagefolder',
  recognises(listing) {
    const shape = shapeOf(listing);
    const found = listing.images.some((path) => placeOf(path, shape)?.label !== undefined);
    return Promise.resolve(found ? SURE.folders : undefined);
  },
  read(listing, { skipped }) {
    const shape = shapeOf(listing);
    const rows: Row[] = [];
    const folders = new Set<string>();
    const labels = new Set<string>();
    for (const path of listing.files) {
      const place = placeOf(path, shape);
      if (!isImageName(path)) skipped.ignored('a file that is no image', path);
      else if (place === undefined) skipped.malformed('an image outside the folders of the split', path);
      else if (place.label === undefined) skipped.malformed('an image in no folder of a class', path);
      else if (place.label === UNLABELLED) skipped.malformed('an image without a label', path);
      else {
        folders.add(place.folder);
        labels.add(place.label);
        rows.push({ line: 0, cells: [path, place.label], part: partOf(place.part) });
      }
    }
    const { parts } = shape;
    const splitFrom = parts.length > 0 ? { splitFrom: `folders ${parts.join(', ')}` } : {};
    return Promise.resolve({
      table: { file: 'folders', columns: [IMAGE_COLUMN, LABEL], rows, ...splitFrom },
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
    const parts = [...new Set(nested.map(([first = '']) => first))].filter((first) => partOf(first) !== undefined);
    if (parts.length > 0) return { wrapper, parts };
    const [first, ...others] = new Set(paths.map(([top = '']) => top));
    // Everything in one folder of folders: that one is no class.
    if (first === undefined || others.length > 0 || nested.length === 0) return { wrapper, parts: [] };
    wrapper += `${first}/`;
    paths = paths.map((path) => path.slice(1));
  }
}

/** The class of an image and the part that it is in; undefined outside the split, without a label where no folder names one. */
export function placeOf(
  path: string,
  { wrapper, parts }: Shape,
): { readonly label: string | undefined; readonly part: string; readonly folder: string } | undefined {
  if (!path.startsWith(wrapper)) return undefined;
  const [first = '', ...rest] = path.slice(wrapper.length).split('/');
  if (parts.length === 0) return { label: rest.length > 0 ? first : undefined, part: '', folder: first };
  if (!parts.includes(first)) return undefined;
  const label = rest.length > 1 ? rest[0] : undefined;
  return { label, part: first, folder: `${first}/${label ?? ''}` };
}

function describe(folders: readonly string[], classes: number, parts: readonly string[]): string {
  const shown = folders.slice(0, 4).join(', ') + (folders.length > 4 ? `, … (${folders.length} folders)` : '');
  return `${shown}: ${classes} classes${parts.length > 0 ? `; ${describeParts(parts)}` : ''}`;
}
