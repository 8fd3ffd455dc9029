import { posix } from 'node:path';
import type { DatasetSchema } from '../schema/dataset-schema.ts';
import { IMAGE_COLUMN, type Row } from '../table/table.ts';
import { type Layout, SURE } from './layout.ts';
import { isImageName } from './listing.ts';

export interface NamedLayout {
  readonly name: string;
  /** Names that follow the layout. */
  readonly pattern: RegExp;
  readonly columns: readonly string[];
  /** The labels that a name holds, one per column, or what is wrong with them. */
  readonly cells: (match: RegExpExecArray) => readonly string[] | string;
  readonly hints: DatasetSchema;
  /** Images that are none of the layout's own, such as a folder of copies. */
  readonly passesOver?: (path: string) => boolean;
}

/** How many names decide what a folder is. */
const LOOKED_AT = 500;

/** A layout whose labels are in the names of its images. It recognises folders where at least half of the names follow it. */
export function byName({ name, pattern, columns, cells, hints, passesOver }: NamedLayout): Layout {
  return {
    name,
    recognises({ images }) {
      const step = Math.max(1, Math.floor(images.length / LOOKED_AT));
      const seen = images.filter((_, i) => i % step === 0);
      const fits = seen.filter((path) => pattern.test(posix.basename(path))).length;
      return Promise.resolve(fits > 0 && fits >= seen.length / 2 ? SURE.named : undefined);
    },
    read(listing, { skipped }) {
      const rows: Row[] = [];
      const taken = new Set<string>();
      for (const path of listing.files) {
        const file = posix.basename(path);
        const match = pattern.exec(file);
        if (!isImageName(path)) skipped.ignored('a file that is no image', path);
        else if (passesOver?.(path) === true) skipped.ignored('an image of a folder of copies', path);
        else if (match === null) skipped.malformed('a name that does not follow the layout', path);
        else if (taken.has(file)) skipped.malformed('a name that came before', path);
        else {
          const read = cells(match);
          if (typeof read === 'string') skipped.malformed(read, path);
          else {
            taken.add(file);
            rows.push({ line: 0, cells: [path, ...read] });
          }
        }
      }
      const table = { file: 'names', columns: [IMAGE_COLUMN, ...columns], rows };
      return Promise.resolve({ table, hints, found: `${rows.length} images whose names hold ${columns.join(', ')}` });
    },
  };
}
