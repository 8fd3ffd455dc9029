import { Failure } from '@kneepoint/failures';
import type { ByteRange } from './artifact-store.ts';

/** Throws STORE_ADDRESS_INVALID unless the range lies within the artifact. */
export function checkRange({ start, end }: ByteRange, bytes: number, where: string): void {
  if (Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end < bytes) return;
  throw new Failure('STORE_ADDRESS_INVALID', `Bytes ${start} to ${end} do not lie within ${bytes} bytes`, {
    where,
    fix: `ask for 0 ≤ start ≤ end ≤ ${bytes - 1}`,
  });
}
