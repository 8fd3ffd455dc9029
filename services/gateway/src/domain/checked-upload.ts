import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@kneepoint/failures';
import type { Context } from '../context.ts';

/** An answer waits so long for the sum of a file; a gigabyte takes a few seconds. */
const ANSWER_MS = 4_000;
/** How long the end of a check is kept for whoever asks again. */
const KEPT_MS = 10 * 60_000;

interface Checked {
  readonly sha256: string;
  readonly bytes: number;
}

/** Checks that go on or have ended, by upload and sum: who asks again waits for the same one. */
const checks = new Map<string, Promise<Checked>>();

/**
 * Compares what arrived with its announced size and sum, and makes it an artifact. It goes on when the answer cannot wait for it any longer:
 * asked again, it tells how that ended. Throws UPLOAD_INVALID, UPLOAD_UNDER_CHECK, STORE_NOT_FOUND.
 */
export async function checkedUpload(
  context: Context,
  upload: { readonly id: string; readonly bytes: number },
  sha256: string,
  answerMs = ANSWER_MS,
): Promise<Checked> {
  const key = `${upload.id} ${sha256}`;
  let check = checks.get(key);
  if (check === undefined) {
    check = keep(context, upload, sha256);
    checks.set(key, check);
    // Told below, or to whoever asks next.
    check.catch(() => undefined);
    setTimeout(() => checks.delete(key), KEPT_MS).unref();
  }
  const over = new AbortController();
  const later = sleep(answerMs, null, { signal: over.signal }).catch(() => null);
  try {
    const ended = await Promise.race([check, later]);
    if (ended !== null) return ended;
  } catch (error) {
    // A store that was away may be back: the next one tries anew.
    checks.delete(key);
    throw error;
  } finally {
    over.abort();
  }
  throw new Failure('UPLOAD_UNDER_CHECK', `the ${upload.bytes} bytes that arrived are still being checked`, {
    where: 'id',
    fix: 'Complete the upload again in a moment.',
  });
}

async function keep(
  { store, db }: Context,
  { id, bytes }: { readonly id: string; readonly bytes: number },
  sha256: string,
): Promise<Checked> {
  let stored: Checked;
  try {
    stored = await store.completeUpload(id, sha256, { bytes });
  } catch (error) {
    const { code } = Failure.from(error);
    // The store has let go of what is not what was announced. The row stays for whoever asks again, and counts no longer.
    if (code === 'UPLOAD_INVALID')
      await db.prisma.upload.updateMany({ where: { id }, data: { expiresAt: new Date() } });
    // Another gateway was asked, too, and was faster.
    if (code === 'STORE_NOT_FOUND' && (await db.prisma.upload.count({ where: { id, sha256 } })) > 0)
      return { sha256, bytes };
    throw error;
  }
  await db.prisma.artifact.createMany({
    data: [{ sha256: stored.sha256, bytes: BigInt(stored.bytes), mediaType: 'application/octet-stream' }],
    skipDuplicates: true,
  });
  await db.prisma.upload.updateMany({ where: { id }, data: { sha256: stored.sha256 } });
  return stored;
}
