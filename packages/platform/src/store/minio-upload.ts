import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { type Client, CopyDestinationOptions, CopySourceOptions } from 'minio';
import { artifactKey } from './addresses.ts';
import type { Stored } from './artifact-store.ts';
import type { Persist } from './minio-client.ts';
import { corrupt } from './store-failure.ts';
import { hashFile } from './write-file.ts';

/** One part of a multipart upload. S3 wants at least 5 MiB and takes 10 000 of them: 160 GiB. */
const PART_BYTES = 16 * 1024 * 1024;

export interface MinioTarget {
  readonly client: Client;
  readonly bucket: string;
  readonly mediaType: string;
  readonly persist: Persist;
  /** Milliseconds after which an object that is there already is marked as new. */
  readonly renewAfterMs: number;
}

/** What is uploaded: its length, and a part of it. */
interface PartSource {
  readonly bytes: number;
  read(offset: number, length: number): Promise<Buffer>;
}

export async function uploadBytes(target: MinioTarget, source: Uint8Array): Promise<Stored> {
  const all = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  const stored = { sha256: createHash('sha256').update(all).digest('hex'), bytes: all.length };
  const read = (offset: number, length: number) => Promise.resolve(all.subarray(offset, offset + length));
  await upload(target, stored, { bytes: all.length, read });
  return stored;
}

export async function uploadFile(target: MinioTarget, path: string): Promise<Stored> {
  const stored = await hashFile(path);
  const file = await open(path, 'r');
  try {
    const read = async (offset: number, length: number): Promise<Buffer> => {
      const part = Buffer.alloc(length);
      const { bytesRead } = await file.read(part, 0, length, offset);
      return part.subarray(0, bytesRead);
    };
    await upload(target, stored, { bytes: stored.bytes, read });
    return stored;
  } finally {
    await file.close();
  }
}

/**
 * Puts a source at its content address. The object appears when the last byte was taken and the sum agreed; each part
 * carries its own checksum, which the server compares. Not `client.putObject`: that resumes another writer's unfinished
 * upload of the same object and numbers its parts anew, and waits for ever when its stream fails.
 */
async function upload(target: MinioTarget, stored: Stored, source: PartSource): Promise<void> {
  const { client, bucket, mediaType, persist, renewAfterMs } = target;
  const key = artifactKey(stored.sha256);
  const existing = await persist(key, () => client.statObject(bucket, key)).catch(() => undefined);
  if (existing?.size === stored.bytes) {
    const young = Date.now() - existing.lastModified.getTime() < renewAfterMs;
    if (young || (await renewed(target, key, existing))) return;
  }
  const headers = { 'Content-Type': mediaType };
  const hash = createHash('sha256');

  if (source.bytes <= PART_BYTES) {
    const whole = await source.read(0, source.bytes);
    agree(hash.update(whole).digest('hex'), stored, key);
    await persist(key, () => client.putObject(bucket, key, whole, whole.length, headers));
    return;
  }

  const uploadId = await persist(key, () => client.initiateNewMultipartUpload(bucket, key, headers));
  try {
    const parts: { part: number; etag: string }[] = [];
    for (let offset = 0; offset < source.bytes; offset += PART_BYTES) {
      const part = await source.read(offset, Math.min(PART_BYTES, source.bytes - offset));
      hash.update(part);
      const md5 = createHash('md5').update(part).digest('base64');
      const config = { bucketName: bucket, objectName: key, uploadID: uploadId, partNumber: parts.length + 1 };
      const { etag } = await persist(key, () =>
        client.uploadPart({ ...config, headers: { 'Content-MD5': md5 } }, part),
      );
      parts.push({ part: config.partNumber, etag });
    }
    agree(hash.digest('hex'), stored, key);
    await persist(key, () => client.completeMultipartUpload(bucket, key, uploadId, parts));
  } catch (error) {
    await client.abortMultipartUpload(bucket, key, uploadId).catch(() => undefined);
    throw error;
  }
}

/**
 * Copies an object onto itself on the server, so that its age tells when it was last put: a collection of garbage spares what is young,
 * and this one is about to be referred to. False when it could not be, such as above S3's 5 GiB for a copy: then it is put again.
 */
async function renewed(
  { client, bucket, mediaType }: MinioTarget,
  key: string,
  { etag }: { readonly etag: string },
): Promise<boolean> {
  try {
    await client.copyObject(
      new CopySourceOptions({ Bucket: bucket, Object: key, MatchETag: etag }),
      new CopyDestinationOptions({
        ...{ Bucket: bucket, Object: key, MetadataDirective: 'REPLACE' },
        Headers: { 'Content-Type': mediaType },
      }),
    );
    return true;
  } catch {
    return false;
  }
}

/** A file that was changed while it was read must not end up under the sum of what it was. */
function agree(actual: string, stored: Stored, key: string): void {
  if (actual !== stored.sha256) throw corrupt(key, stored.sha256, actual, stored.bytes);
}
