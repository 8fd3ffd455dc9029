import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { Failure } from '@kneepoint/failures';
import type { BucketItem, Client } from 'minio';
import { artifactKey, sha256OfKey, uploadKey } from './addresses.ts';
import type {
  ArtifactSource,
  ArtifactStore,
  ByteRange,
  CompleteUploadOptions,
  PresignGetOptions,
  PresignPutOptions,
  PutOptions,
  Stored,
  StoredArtifact,
  UploadPart,
} from './artifact-store.ts';
import { minioClient, type MinioAddress, type Persist, persistence, RETRY_DELAYS_MS } from './minio-client.ts';
import { assemble, type Bucket, digest, discard, incoming, MOST_PART_BYTES, signParts } from './minio-parts.ts';
import { uploadBytes, uploadFile } from './minio-upload.ts';
import { checkRange } from './range.ts';
import { corrupt, notFound, storeFailure } from './store-failure.ts';
import { checkUpload } from './upload.ts';
import { VerifiedFiles } from './verified-files.ts';
import { moveIntoPlace, spool } from './write-file.ts';

export interface MinioStoreOptions {
  /** Where artifacts are kept as local files for native code. */
  readonly cacheDir: string;
  /** The server as the outside reaches it, for addresses. Default: as this process does. */
  readonly outside?: MinioAddress;
  /** Milliseconds between the tries of a request that failed for a passing reason. */
  readonly retryDelaysMs?: readonly number[];
  /** Milliseconds after which an artifact that is put again is marked as new. Default: half an hour. */
  readonly renewAfterMs?: number;
  /** Most bytes of an upload that a client sends in one request; 5 MiB to 5 GiB. */
  readonly partBytes?: number;
}

const RENEW_AFTER_MS = 30 * 60_000;

const DEFAULT_TYPE = 'application/octet-stream';

/** The longest that S3 signs for. */
const MAX_EXPIRY_SECONDS = 7 * 24 * 3600;

/** Artifacts as objects `sha256/ab/cdef…` in one bucket of MinIO, or of anything that speaks S3. */
export class MinioStore implements ArtifactStore {
  readonly #client: Client;
  readonly #outside: Client;
  readonly #outsideAddress: MinioAddress;
  readonly #bucket: string;
  readonly #cacheDir: string;
  readonly #persist: Persist;
  readonly #renewAfterMs: number;
  readonly #partBytes: number;
  readonly #verified = new VerifiedFiles();
  /** Downloads under way, so that concurrent callers share one. */
  readonly #downloads = new Map<string, Promise<void>>();

  private constructor(address: MinioAddress, options: MinioStoreOptions) {
    const { cacheDir, outside, retryDelaysMs = RETRY_DELAYS_MS, renewAfterMs = RENEW_AFTER_MS } = options;
    this.#client = minioClient(address);
    this.#outsideAddress = outside ?? address;
    this.#outside = outside === undefined ? this.#client : minioClient(outside);
    this.#bucket = address.bucket;
    this.#cacheDir = resolve(cacheDir);
    this.#persist = persistence(retryDelaysMs);
    this.#renewAfterMs = renewAfterMs;
    this.#partBytes = options.partBytes ?? MOST_PART_BYTES;
  }

  /** Creates the bucket when there is none. Throws STORE_UNAVAILABLE, STORE_MISCONFIGURED. */
  static async open(address: MinioAddress, options: MinioStoreOptions): Promise<MinioStore> {
    const store = new MinioStore(address, options);
    await store.#persist(address.bucket, async () => {
      if (await store.#client.bucketExists(address.bucket)) return;
      try {
        await store.#client.makeBucket(address.bucket, address.region);
      } catch (error) {
        // another process was faster
        if (!(await store.#client.bucketExists(address.bucket))) throw error;
      }
    });
    return store;
  }

  async put(source: ArtifactSource, { mediaType = DEFAULT_TYPE }: PutOptions = {}): Promise<Stored> {
    const target = {
      ...{ client: this.#client, bucket: this.#bucket, persist: this.#persist },
      ...{ mediaType, renewAfterMs: this.#renewAfterMs },
    };
    const where = typeof source === 'string' ? source : this.#bucket;
    try {
      if (source instanceof Uint8Array) return await uploadBytes(target, source);
      if (typeof source === 'string') return await uploadFile(target, source);
      const spooled = await spool(source, join(this.#cacheDir, 'tmp'));
      try {
        return await uploadFile(target, spooled.path);
      } finally {
        await rm(spooled.path, { force: true });
      }
    } catch (error) {
      throw storeFailure(error, where);
    }
  }

  async fetch(sha256: string, toPath: string): Promise<void> {
    const key = artifactKey(sha256);
    await this.#persist(key, async () => {
      const body = await this.#client.getObject(this.#bucket, key);
      const spooled = await spool(body, resolve(toPath, '..'));
      if (spooled.sha256 !== sha256) {
        await rm(spooled.path, { force: true });
        throw corrupt(key, sha256, spooled.sha256, spooled.bytes);
      }
      await moveIntoPlace(spooled.path, resolve(toPath));
    });
  }

  read(sha256: string): Promise<Uint8Array> {
    const key = artifactKey(sha256);
    return this.#persist(key, async () => {
      const bytes = await collect(await this.#client.getObject(this.#bucket, key));
      const actual = createHash('sha256').update(bytes).digest('hex');
      if (actual !== sha256) throw corrupt(key, sha256, actual, bytes.length);
      return bytes;
    });
  }

  async readRange(sha256: string, range: ByteRange): Promise<Uint8Array> {
    const key = artifactKey(sha256);
    return this.#persist(key, async () => collect(await this.#open(key, range)));
  }

  openRead(sha256: string, range?: ByteRange): Promise<Readable> {
    const key = artifactKey(sha256);
    return this.#persist(key, () => this.#open(key, range));
  }

  async has(sha256: string): Promise<boolean> {
    try {
      await this.stat(sha256);
      return true;
    } catch (error) {
      if (error instanceof Failure && error.code === 'STORE_NOT_FOUND') return false;
      throw error;
    }
  }

  async stat(sha256: string): Promise<Omit<StoredArtifact, 'sha256'>> {
    const key = artifactKey(sha256);
    const { size, lastModified } = await this.#persist(key, () => this.#client.statObject(this.#bucket, key));
    return { bytes: size, storedAt: lastModified };
  }

  async *list(): AsyncIterable<StoredArtifact> {
    for await (const { name = '', size, lastModified } of this.#objects('sha256/')) {
      const sha256 = sha256OfKey(name);
      if (sha256 !== undefined && lastModified !== undefined) yield { sha256, bytes: size, storedAt: lastModified };
    }
  }

  async listStaleUploads(before: Date): Promise<readonly string[]> {
    const stale: string[] = [];
    for await (const { name = '', lastModified } of this.#objects('uploads/')) {
      if (lastModified !== undefined && lastModified < before) stale.push(name.slice('uploads/'.length));
    }
    return stale;
  }

  async deleteStaleUpload(name: string): Promise<void> {
    const key = uploadKey(name);
    await this.#persist(key, () => this.#client.removeObject(this.#bucket, key));
  }

  async *#objects(prefix: string): AsyncIterable<BucketItem> {
    try {
      yield* this.#client.listObjectsV2(this.#bucket, prefix, true) as AsyncIterable<BucketItem>;
    } catch (error) {
      throw storeFailure(error, prefix);
    }
  }

  async delete(sha256: string): Promise<void> {
    const key = artifactKey(sha256);
    await rm(join(this.#cacheDir, key), { force: true });
    await this.#persist(key, () => this.#client.removeObject(this.#bucket, key));
  }

  async localPath(sha256: string): Promise<string> {
    const path = join(this.#cacheDir, artifactKey(sha256));
    try {
      await this.#verified.check(path, sha256);
      return path;
    } catch {
      // not here yet, or damaged on this disk: the store has the truth
    }
    let download = this.#downloads.get(sha256);
    if (download === undefined) {
      download = this.fetch(sha256, path).finally(() => this.#downloads.delete(sha256));
      this.#downloads.set(sha256, download);
    }
    await download;
    return path;
  }

  async presignGet(sha256: string, { filename, expiresSeconds }: PresignGetOptions): Promise<string> {
    await this.stat(sha256);
    const headers: Record<string, string> =
      filename === undefined
        ? {}
        : { 'response-content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(filename)}` };
    const expires = Math.min(expiresSeconds, MAX_EXPIRY_SECONDS);
    return this.#outside.presignedGetObject(this.#bucket, artifactKey(sha256), expires, headers);
  }

  async presignPut(uploadId: string, { bytes, expiresSeconds }: PresignPutOptions): Promise<readonly UploadPart[]> {
    const limits = { bytes, expiresSeconds: Math.min(expiresSeconds, MAX_EXPIRY_SECONDS), partBytes: this.#partBytes };
    return signParts(this.#outsideAddress, uploadId, limits);
  }

  completeUpload(uploadId: string, expectedSha256?: string, options: CompleteUploadOptions = {}): Promise<Stored> {
    const key = uploadKey(uploadId);
    return this.#persist(key, async () => {
      const at: Bucket = { client: this.#client, bucket: this.#bucket };
      const parts = await incoming(at, uploadId);
      if (parts.length === 0) throw notFound(key);
      try {
        const size = parts.reduce((sum, { bytes }) => sum + bytes, 0);
        // before a byte is read: nobody makes this process hash more than was announced
        if (options.bytes !== undefined) checkUpload(uploadId, { sha256: '', bytes: size }, undefined, options.bytes);
        const stored = await digest(at, parts);
        checkUpload(uploadId, stored, expectedSha256, options.bytes);
        await assemble(at, parts, stored);
        await this.#persist(key, () => discard(at, parts));
        return stored;
      } catch (error) {
        if (error instanceof Failure) await discard(at, parts);
        throw error;
      }
    });
  }

  async health(): Promise<void> {
    // asked once: who asks wants to know how it is now
    const exists = await this.#client.bucketExists(this.#bucket).catch((error: unknown) => {
      throw storeFailure(error, this.#bucket);
    });
    if (exists) return;
    throw new Failure('STORE_UNAVAILABLE', `Bucket ${this.#bucket} is gone`, {
      where: this.#bucket,
      fix: 'create the bucket, or restart Kneepoint, which creates it',
    });
  }

  async #open(key: string, range: ByteRange | undefined): Promise<Readable> {
    if (range === undefined) return this.#client.getObject(this.#bucket, key);
    const { size } = await this.#client.statObject(this.#bucket, key);
    checkRange(range, size, key);
    return this.#client.getPartialObject(this.#bucket, key, range.start, range.end - range.start + 1);
  }
}

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
