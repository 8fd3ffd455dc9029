import { realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { mapLimited } from '../map-limited.ts';
import type { ManifestProblem, Problems } from '../problems.ts';
import { quote } from '../quote.ts';
import type { Table } from '../table/table.ts';

/** Checks in flight at once: enough to hide a network disk's latency. */
const AT_ONCE = 16;

/**
 * The rows whose images are not there, are no plain file, or lie outside `root` (a real path) once links are followed; reported
 * where `problems` is given. Images that rows read themselves, and empty paths, reported before, are not looked up.
 */
export async function checkFiles(
  root: string,
  images: readonly string[],
  table: Table,
  problems: Problems | undefined,
  signal?: AbortSignal,
): Promise<number[]> {
  const wrong = new Set<number>();
  const check = async (index: number): Promise<void> => {
    const image = images[index] ?? '';
    if (image === '' || table.rows[index]?.read !== undefined) return;
    const report = (problem: Omit<ManifestProblem, 'file' | 'line'>): void => {
      wrong.add(index);
      problems?.add({ ...problem, file: table.file, line: table.rows[index]?.line ?? 0 });
    };
    const path = join(root, image);
    const target = await realpath(path).catch(() => undefined);
    if (target === undefined) {
      const message = `image ${quote(image)} does not exist`;
      report({ code: 'DATASET_IMAGE_MISSING', message, fix: 'add the file or remove the row' });
    } else if (!target.startsWith(root.endsWith(sep) ? root : root + sep)) {
      const message = `image ${quote(image)} is a link that leaves the folder`;
      report({ code: 'DATASET_IMAGE_PATH', message, fix: 'copy the image into the folder' });
    } else if (!(await stat(target)).isFile()) {
      const message = `image ${quote(image)} is not a file`;
      report({ code: 'DATASET_IMAGE_MISSING', message, fix: 'name an image file' });
    }
  };
  await mapLimited(images.length, AT_ONCE, check, signal);
  return [...wrong].sort((a, b) => a - b);
}
