import { Failure, type FailureCode, type FailureJson, FAILURES } from '@kneepoint/failures';
import { isUnavailable } from '@kneepoint/platform';

/** Failures of what stands behind the gateway. Their messages name its addresses, which are for the log. */
const INNER: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'BUS_MISCONFIGURED',
  'BUS_UNAVAILABLE',
  'DATABASE_UNAVAILABLE',
  'STORE_FULL',
  'STORE_MISCONFIGURED',
  'STORE_UNAVAILABLE',
]);

/** Whether what failed is for whoever keeps the server to look after: a defect, or something that stands behind the gateway. */
export function isForTheLog(code: unknown): boolean {
  return code === 'INTERNAL' || INNER.has(code as FailureCode);
}

/** A failure as clients see it: one of what stands behind the gateway says what its code means, and nothing of where that stands. */
export function tellFailure<F extends Pick<FailureJson, 'code' | 'message' | 'where' | 'fix'>>(failure: F): F {
  if (!INNER.has(failure.code)) return failure;
  const { cause: message, cure: fix } = FAILURES[failure.code];
  const { where: _where, ...told } = { ...failure, message, fix };
  return told as F;
}

/** Whether what failed with a code may succeed later. A code of another version is kept as it was written, and promises nothing. */
export function isRetryable(code: string): boolean {
  return Object.hasOwn(FAILURES, code) && FAILURES[code as FailureCode].retryable;
}

/** What was thrown as a failure that a client may see; null for a defect, which is for the log alone. */
export function failureOf(thrown: unknown): (FailureJson & { readonly retryable: boolean }) | null {
  if (thrown instanceof Failure) {
    return thrown.code === 'INTERNAL' ? null : { ...tellFailure(thrown.toJSON()), retryable: thrown.retryable };
  }
  if (!isUnavailable(thrown)) return null;
  return { ...tellFailure({ code: 'DATABASE_UNAVAILABLE', message: '' }), retryable: true };
}
