import { posix } from 'node:path';
import type { Problems } from '../problems.ts';
import { quote } from '../quote.ts';
import { IMAGE_COLUMN, type Table } from '../table/table.ts';

/** The image paths of all rows, normalised; a path that could leave the folder is reported and comes back empty. */
export function checkImagePaths(table: Table, problems: Problems): string[] {
  const column = table.columns.indexOf(IMAGE_COLUMN);
  const firstLine = new Map<string, number>();
  return table.rows.map(({ line, cells }) => {
    const path = cells[column] ?? '';
    const wrong = whatIsWrong(path);
    if (wrong !== undefined) {
      const fix = 'use a path relative to the manifest, with forward slashes and without ".."';
      problems.add({
        code: 'DATASET_IMAGE_PATH',
        file: table.file,
        line,
        message: `image ${quote(path)} ${wrong}`,
        fix,
      });
      return '';
    }
    const normal = posix.normalize(path);
    const earlier = firstLine.get(normal);
    if (earlier === undefined) firstLine.set(normal, line);
    else {
      const message = `image ${quote(path)} is already on line ${earlier}`;
      problems.add({ code: 'DATASET_IMAGE_DUPLICATE', file: table.file, line, message, fix: 'keep one row per image' });
    }
    return normal;
  });
}

function whatIsWrong(path: string): string | undefined {
  if (path === '') return 'is empty';
  if ([...path].some((character) => character < ' ' || character === '\u007f')) return 'has a control character';
  if (path.includes('\\')) return 'has a backslash';
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'is absolute';
  if (path.split('/').includes('..')) return 'leaves the folder';
  if (path.endsWith('/') || posix.normalize(path) === '.') return 'names a folder';
  return undefined;
}
