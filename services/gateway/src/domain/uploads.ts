import { randomUUID } from 'node:crypto';
import { Failure } from '@kneepoint/failures';
import type { Transaction } from '@kneepoint/platform';
import type { Context } from '../context.ts';
import type { Upload } from '../schema/mutations.ts';
import { checkedUpload } from './checked-upload.ts';

const MOST_BYTES = 64 * 2 ** 30;
const UPLOAD_SECONDS = 60 * 60;
/** A line of ten megabits a second takes an hour for about as much. */
const HOURLY_BYTES = 4 * 2 ** 30;
/** What one principal may have announced and not completed: each may end up in the store, and nobody is told before. */
const MOST_UNFINISHED = 100;
const MOST_UNFINISHED_BYTES = 4 * MOST_BYTES;

/** Announces a file, and says where its bytes are to be sent. Throws UPLOAD_SIZE, UPLOAD_LIMIT. */
export async function createUpload(context: Context, bytes: number): Promise<Upload> {
  if (bytes < 1 || bytes > MOST_BYTES) {
    throw new Failure('UPLOAD_SIZE', `${bytes} bytes were announced`, {
      where: 'bytes',
      fix: `Announce 1 to ${MOST_BYTES} bytes.`,
    });
  }
  const { db, store, principal } = context;
  const id = randomUUID();
  const expiresSeconds = UPLOAD_SECONDS * Math.ceil(bytes / HOURLY_BYTES);
  const expiresAt = new Date(Date.now() + expiresSeconds * 1000);
  await db.transaction(async (tx) => {
    // One after the other for each principal, whichever gateway it asks: of two that ask at once, the second must find the first.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`upload ${principal.id}`}, 0))`;
    await requireRoom(tx, principal, bytes);
    await tx.upload.create({ data: { id, principal: principal.id, bytes: BigInt(bytes), expiresAt } });
  });
  const parts = await store.presignPut(id, { bytes, expiresSeconds });
  const [only, ...others] = parts;
  return { id, url: others.length === 0 ? only!.url : null, parts: [...parts], expiresAt };
}

async function requireRoom(tx: Transaction, principal: Context['principal'], bytes: number): Promise<void> {
  const { _count: count, _sum: sum } = await tx.upload.aggregate({
    where: { principal: principal.id, sha256: null, expiresAt: { gt: new Date() } },
    _count: true,
    _sum: { bytes: true },
  });
  const announced = Number(sum.bytes ?? 0) + bytes;
  if (count < MOST_UNFINISHED && announced <= MOST_UNFINISHED_BYTES) return;
  throw new Failure(
    'UPLOAD_LIMIT',
    `${count} uploads, with this one of ${announced} bytes, were begun and not completed`,
    {
      where: 'bytes',
      fix: `Complete them, or wait until they expire: ${MOST_UNFINISHED} of ${MOST_UNFINISHED_BYTES} bytes at a time.`,
    },
  );
}

/**
 * Makes what was sent an artifact of the project; repeating it after success gives the same. Throws ID_INVALID, SOURCE_INVALID,
 * UPLOAD_INVALID, UPLOAD_UNDER_CHECK.
 */
export async function completeUpload(
  context: Context,
  id: string,
  sha256: string,
): Promise<{ sha256: string; bytes: number }> {
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw new Failure('SOURCE_INVALID', 'sha256 is not 64 hexadecimal digits', {
      where: 'sha256',
      fix: 'Pass the SHA-256 of the bytes in lower-case hexadecimal.',
    });
  // What is no id is not asked for: a database takes no NUL character.
  const upload = /^[0-9a-f-]{36}$/.test(id) ? await context.db.prisma.upload.findFirst({ where: { id } }) : null;
  if (upload === null)
    throw new Failure('ID_INVALID', 'id is not an upload of this server', {
      where: 'id',
      fix: 'Pass the id that createUpload returned.',
    });
  const bytes = Number(upload.bytes);
  if (upload.sha256 === sha256) return { sha256, bytes };
  if (upload.sha256 !== null)
    throw new Failure('UPLOAD_INVALID', `${upload.sha256} arrived where ${sha256} is asked for`, {
      where: 'sha256',
      fix: 'Ask for a new upload and send the file whose sha256 was announced.',
    });
  return checkedUpload(context, { id, bytes }, sha256);
}
