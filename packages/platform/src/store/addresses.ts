import { Failure } from '@kneepoint/failures';

const SHA256 = /^[0-9a-f]{64}$/;
const UPLOAD_ID = /^[A-Za-z0-9_-]{1,64}$/;

export function isSha256(name: string): boolean {
  return SHA256.test(name);
}

/** Names end up in file paths and object keys, so each is checked where it enters. Throws STORE_ADDRESS_INVALID. */
export function checkSha256(sha256: string): string {
  if (!isSha256(sha256)) throw invalid(sha256, 'a sha256', 'give 64 lower-case hexadecimal digits');
  return sha256;
}

/** Throws STORE_ADDRESS_INVALID. */
export function checkUploadId(uploadId: string): string {
  if (!UPLOAD_ID.test(uploadId)) throw invalid(uploadId, 'an upload id', 'give 1 to 64 of A-Z a-z 0-9 _ -');
  return uploadId;
}

/** `sha256/ab/cdef…`: two levels keep folders small enough for any file system. */
export function artifactKey(sha256: string): string {
  checkSha256(sha256);
  return `sha256/${sha256.slice(0, 2)}/${sha256.slice(2)}`;
}

/** The sha256 that an `artifactKey` was made of; undefined for any other key. */
export function sha256OfKey(key: string): string | undefined {
  const sha256 = /^sha256\/([0-9a-f]{2})\/([0-9a-f]{62})$/.exec(key);
  return sha256 === null ? undefined : `${sha256[1]}${sha256[2]}`;
}

export function uploadKey(uploadId: string): string {
  return `uploads/${checkUploadId(uploadId)}`;
}

function invalid(given: string, what: string, fix: string): Failure {
  const where = given.slice(0, 80);
  return new Failure('STORE_ADDRESS_INVALID', `"${where}" is not ${what}`, { where, fix });
}
