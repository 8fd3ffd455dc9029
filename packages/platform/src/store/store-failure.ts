import { Failure } from '@kneepoint/failures';
import { isDistrust, TRUST_FIX } from '../trust.ts';

/** A file system or network error of a store as a coded failure; failures pass unchanged. */
export function storeFailure(error: unknown, where: string): Failure {
  if (error instanceof Failure) return error;
  if (isDistrust(error)) {
    const reason = `The artifact store is not trusted: ${error.message}`;
    return new Failure('STORE_MISCONFIGURED', reason, { where, fix: TRUST_FIX, cause: error });
  }
  const code = errorCode(error);
  const reason = error instanceof Error ? error.message : String(error);
  switch (code) {
    case 'ENOENT':
    case 'NotFound':
    case 'NoSuchKey':
      return notFound(where, error);
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
    case 'XMinioStorageFull':
    case 'QuotaExceeded':
      return new Failure('STORE_FULL', `No room left while writing ${where}: ${reason}`, {
        where,
        fix: 'free space, then retry',
        cause: error,
      });
    case 'AccessDenied':
    case 'InvalidAccessKeyId':
    case 'SignatureDoesNotMatch':
      return new Failure('STORE_MISCONFIGURED', `The artifact store refused ${where}: ${reason}`, {
        where,
        fix: 'correct the access and secret key, or give that user the right to read and write the bucket',
        cause: error,
      });
    default:
      return new Failure(
        'STORE_UNAVAILABLE',
        `The artifact store failed at ${where}: ${reason || code || 'no reason given'}`,
        {
          where,
          cause: error,
        },
      );
  }
}

export function notFound(where: string, cause?: unknown): Failure {
  return new Failure('STORE_NOT_FOUND', `There is nothing at ${where}`, { where, cause });
}

export function corrupt(where: string, expected: string, actual: string, bytes: number): Failure {
  return new Failure('STORE_CORRUPT', `Artifact ${expected} came as ${bytes} bytes with sha256 ${actual}`, {
    where,
    fix: 'retry; if it repeats, delete the artifact and repeat the work that made it',
  });
}

function errorCode(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}
