import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { AwsV4Signer } from 'aws4fetch';
import { type BucketItem, type Client, CopyConditions, CopyDestinationOptions, CopySourceOptions } from 'minio';
import { artifactKey, uploadKey } from './addresses.ts';
import type { Stored, UploadPart } from './artifact-store.ts';
import type { MinioAddress } from './minio-client.ts';

/** S3 takes and copies at most 5 GiB at once. */
export const MOST_PART_BYTES = 4 * 2 ** 30;

/** An upload, or a part of one, as it lies in the bucket. */
export interface Incoming {
  readonly key: string;
  readonly etag: string;
  readonly bytes: number;
}

export interface Bucket {
  readonly client: Client;
  readonly bucket: string;
}

/**
 * Addresses for the parts of an upload, each for as many bytes as it says and no others. Each part is an object of its own, `uploads/id` or
 * `uploads/id.0001`, …, which are put together in the end: nothing has to be remembered meanwhile, and what was never completed is found
 * by listing.
 */
export function signParts(
  at: MinioAddress,
  uploadId: string,
  {
    bytes,
    expiresSeconds,
    partBytes,
  }: { readonly bytes: number; readonly expiresSeconds: number; readonly partBytes: number },
): Promise<UploadPart[]> {
  const count = Math.max(1, Math.ceil(bytes / partBytes));
  return Promise.all(
    Array.from({ length: count }, async (_, index): Promise<UploadPart> => {
      const offset = index * partBytes;
      const key = count === 1 ? uploadKey(uploadId) : `${uploadKey(uploadId)}.${String(index + 1).padStart(4, '0')}`;
      const size = Math.min(partBytes, bytes - offset);
      return { url: await signPut(at, key, size, expiresSeconds), offset, bytes: size };
    }),
  );
}

/** The length is part of what is signed, which MinIO's own client leaves out: the server refuses a request of another. */
async function signPut(at: MinioAddress, key: string, bytes: number, expiresSeconds: number): Promise<string> {
  const { useSSL, endPoint, port, bucket, region } = at;
  const { accessKey, secretKey, sessionToken } = await at.keys();
  const url = new URL(`${useSSL ? 'https' : 'http'}://${endPoint}:${port}/${bucket}/${key}`);
  url.searchParams.set('X-Amz-Expires', String(expiresSeconds));
  const signer = new AwsV4Signer({
    ...{ method: 'PUT', url: url.href, headers: { 'content-length': String(bytes) } },
    ...{ service: 's3', region, accessKeyId: accessKey, secretAccessKey: secretKey, signQuery: true, allHeaders: true },
    ...(sessionToken === undefined ? {} : { sessionToken }),
  });
  const signed = await signer.sign();
  return signed.url.href;
}

/** What has arrived of an upload, in order; nothing when nothing has. */
export async function incoming({ client, bucket }: Bucket, uploadId: string): Promise<Incoming[]> {
  const key = uploadKey(uploadId);
  const found: Incoming[] = [];
  for await (const { name = '', etag = '', size = 0 } of client.listObjectsV2(
    bucket,
    key,
    true,
  ) as AsyncIterable<BucketItem>) {
    if (name === key || /^\.\d{4}$/.test(name.slice(key.length))) found.push({ key: name, etag, bytes: size });
  }
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Length and sum of the parts one after the other. */
export async function digest({ client, bucket }: Bucket, parts: readonly Incoming[]): Promise<Stored> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const { key } of parts) {
    for await (const chunk of (await client.getObject(bucket, key)) as AsyncIterable<Buffer> & Readable) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  }
  return { sha256: hash.digest('hex'), bytes };
}

/** Puts the parts together at their content address, on the server. Fails when a part is no longer the one that was hashed. */
export async function assemble(at: Bucket, parts: readonly Incoming[], { sha256, bytes }: Stored): Promise<void> {
  const { client, bucket } = at;
  const to = artifactKey(sha256);
  const [only, ...others] = parts;
  if (only !== undefined && others.length === 0) {
    const conditions = new CopyConditions();
    conditions.setMatchETag(only.etag);
    await client.copyObject(bucket, to, `/${bucket}/${only.key}`, conditions);
    return;
  }
  // What is there already was checked when it came.
  const existing = await client.statObject(bucket, to).catch(() => undefined);
  if (existing?.size === bytes) return;
  const sources = parts.map(({ key }) => new CopySourceOptions({ Bucket: bucket, Object: key }));
  await client.composeObject(new CopyDestinationOptions({ Bucket: bucket, Object: to }), sources);
  // It copies each part as it found it when it began, which is later than when it was hashed.
  const now = await Promise.all(parts.map(({ key }) => client.statObject(bucket, key)));
  if (now.every(({ etag }, index) => etag === parts[index]!.etag)) return;
  await client.removeObject(bucket, to);
  throw new Error('a part of the upload was replaced while it was put together');
}

export async function discard({ client, bucket }: Bucket, parts: readonly Incoming[]): Promise<void> {
  for (const { key } of parts) await client.removeObject(bucket, key);
}
