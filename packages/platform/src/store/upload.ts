import { Failure } from '@kneepoint/failures';
import type { Stored } from './artifact-store.ts';

/** Compares what arrived with what was announced. Throws UPLOAD_INVALID. */
export function checkUpload(
  uploadId: string,
  actual: Stored,
  expectedSha256: string | undefined,
  expectedBytes: number | undefined,
): void {
  if (expectedBytes !== undefined && actual.bytes !== expectedBytes) {
    throw new Failure('UPLOAD_INVALID', `${actual.bytes} bytes arrived where ${expectedBytes} were announced`, {
      where: uploadId,
      fix: 'ask for a new upload and send the whole file',
    });
  }
  if (expectedSha256 !== undefined && actual.sha256 !== expectedSha256) {
    throw new Failure('UPLOAD_INVALID', `sha256 ${actual.sha256} arrived where ${expectedSha256} was announced`, {
      where: uploadId,
      fix: 'ask for a new upload and send the file whose sha256 was announced',
    });
  }
}
