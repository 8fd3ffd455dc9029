import { randomUUID } from 'node:crypto';
import { Failure } from '@kneepoint/failures';
import type { Context } from '../context.ts';
import type { Upload } from '../schema/mutations.ts';

const MOST_BYTES = 64 * 2 ** 30;
const UPLOAD_SECONDS = 60 * 60;
/** A line of ten megabits a second takes an hour for about as much. */
const HOURLY_BYTES = 4 * 2 ** 30;

export async function createUpload({ store }: Context, bytes: number): Promise<Upload> {
  if (bytes < 1 || bytes > MOST_BYTES) {
    throw new Failure('UPLOAD_SIZE', `${bytes} bytes were announced`, {
      where: 'bytes',
      fix: `Announce 1 to ${MOST_BYTES} bytes.`,
    });
  }
  const id = randomUUID();
  const expiresSeconds = UPLOAD_SECONDS * Math.ceil(bytes / HOURLY_BYTES);
  const parts = await store.presignPut(id, { bytes, expiresSeconds });
  const [only, ...others] = parts;
  return {
    id,
    url: others.length === 0 ? only!.url : null,
    parts: [...parts],
    expiresAt: new Date(Date.now() + expiresSeconds * 1000),
  };
}

export async function completeUpload(
  { store, db }: Context,
  id: string,
  sha256: string,
): Promise<{ sha256: string; bytes: number }> {
  if (!/^[0-9a-f-]{36}$/.test(id))
    throw new Failure('ID_INVALID', 'id is not an upload of this server', {
      where: 'id',
      fix: 'Pass the id that createUpload returned.',
    });
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw new Failure('SOURCE_INVALID', 'sha256 is not 64 hexadecimal digits', {
      where: 'sha256',
      fix: 'Pass the SHA-256 of the bytes in lower-case hexadecimal.',
    });
  const stored = await store.completeUpload(id, sha256);
  await db.prisma.artifact.createMany({
    data: [{ sha256: stored.sha256, bytes: BigInt(stored.bytes), mediaType: 'application/octet-stream' }],
    skipDuplicates: true,
  });
  return stored;
}
