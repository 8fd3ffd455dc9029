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

/** Files that are summed up at once: each takes a disk, or a line to the store, and a processor. */
const AT_ONCE = 4;

interface Check {
  readonly sha256: string;
  readonly ended: Promise<Checked>;
}

/** The check of each upload that goes on, or has ended and nobody heard: who asks again waits for the same one. */
const checks = new Map<string, Check>();
let underWay = 0;

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
  const check = checks.get(upload.id) ?? begin(context, upload, sha256);
  // The bytes are summed up once, whatever sums are claimed meanwhile.
  if (check === undefined || check.sha256 !== sha256) throw underCheck(upload);
  const over = new AbortController();
  const later = sleep(answerMs, null, { signal: over.signal }).catch(() => null);
  try {
    const ended = await Promise.race([check.ended, later]);
    if (ended !== null) {
      // From now on its row says so.
      forget(upload.id, check);
      return ended;
    }
  } catch (error) {
    // A store that was away may be back, and right bytes may have come after wrong ones: the next one tries anew.
    forget(upload.id, check);
    throw error;
  } finally {
    over.abort();
  }
  throw underCheck(upload);
}

/** Undefined where as many are under way as may be. */
function begin(
  context: Context,
  upload: { readonly id: string; readonly bytes: number },
  sha256: string,
): Check | undefined {
  if (underWay >= AT_ONCE) return undefined;
  underWay += 1;
  const ended = keep(context, upload, sha256).finally(() => (underWay -= 1));
  const check: Check = { sha256, ended };
  checks.set(upload.id, check);
  // Told to who waits, or to whoever asks next.
  ended.catch(() => undefined);
  setTimeout(() => forget(upload.id, check), KEPT_MS).unref();
  return check;
}

function forget(id: string, check: Check): void {
  if (checks.get(id) === check) checks.delete(id);
}

function underCheck({ bytes }: { readonly bytes: number }): Failure {
  return new Failure('UPLOAD_UNDER_CHECK', `the ${bytes} bytes that arrived are still being checked`, {
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
    // The store has let go of what is not what was announced. The row counts on: bytes can be sent to its address until that ends.
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
