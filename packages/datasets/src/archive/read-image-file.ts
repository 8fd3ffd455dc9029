import { readFile, stat } from 'node:fs/promises';
import { Failure } from '@kneepoint/failures';
import { LIMITS } from '../limits.ts';

/** The bytes of an image of a folder. Throws DATASET_IMAGE_TOO_LARGE; `where` is `name`. */
export async function readImageFile(path: string, name: string): Promise<Buffer> {
  const { size } = await stat(path);
  if (size <= LIMITS.imageBytes) return readFile(path);
  throw new Failure('DATASET_IMAGE_TOO_LARGE', `the file has ${size} bytes`, {
    where: name,
    fix: `at most ${LIMITS.imageBytes} bytes`,
  });
}
