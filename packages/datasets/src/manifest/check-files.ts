import { realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { mapLimited } from '../map-limited.ts';
import type { Problems } from '../problems.ts';
import { quote } from '../quote.ts';
import type { Table } from '../table/table.ts';

/** Checks in flight at once: enough to hide a network disk's latency. */
const AT_ONCE = 16;

/**
 * Reports images that are not there, are no plain file, or lie outside `root` (a real path) once links are followed.
 * An empty path has been reported before and is not looked up.
 */
export async function checkFiles(
  root: string,
  images: readonly string[],
  table: Table,
  problems: Problems,
  signal?: AbortSignal,
): Promise<void> {
  const check = async (index: number): Promise<void> => {
    const image = images[index] ?? '';
    if (image === '') return;
    const place = { file: table.file, line: table.rows[index]?.line ?? 0 };
    const path = join(root, image);
    const target = await realpath(path).catch(() => undefined);
    if (target === undefined) {
      const message = `image ${quote(image)} does not exist`;
      problems.add({ code: 'DATASET_IMAGE_MISSING', ...place, message, fix: 'add the file or remove the row' });
    } else if (!target.startsWith(root.endsWith(sep) ? root : root + sep)) {
      const message = `image ${quote(image)} is a link that leaves the folder`;
      problems.add({ code: 'DATASET_IMAGE_PATH', ...place, message, fix: 'copy the image into the folder' });
    } else if (!(await stat(target)).isFile()) {
      const message = `image ${quote(image)} is not a file`;
      problems.add({ code: 'DATASET_IMAGE_MISSING', ...place, message, fix: 'name an image file' });
    }
  };
  await mapLimited(images.length, AT_ONCE, check, signal);
}
