import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, constants, link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { Failure } from '@kneepoint/failures';
import { artifactKey, isSha256, uploadKey } from './addresses.ts';
import type {
  ArtifactSource,
  ArtifactStore,
  ByteRange,
  CompleteUploadOptions,
  PresignGetOptions,
  PresignPutOptions,
  Stored,
  StoredArtifact,
  UploadPart,
} from './artifact-store.ts';
import { checkRange } from './range.ts';
import { signPath, verifySignature } from './signed-url.ts';
import { corrupt, storeFailure } from './store-failure.ts';
import { checkUpload } from './upload.ts';
import { VerifiedFiles } from './verified-files.ts';
import { hashFile, moveIntoPlace, spool } from './write-file.ts';

export interface FolderStoreOptions {
  /** Address under which the gateway serves `/artifacts` and `/uploads`, without a slash at the end. */
  readonly baseUrl: () => string;
  /** Secret that signs those addresses. */
  readonly signingKey: string;
}

/** Older than any write can last: what a killed process left behind. */
const STALE_MS = 24 * 3600 * 1000;

/**
 * Artifacts as read-only files `sha256/ab/cdef…` in a folder of this machine, for one machine or a shared volume.
 * Addresses lead to the gateway, which answers them with `artifactRoutes`.
 */
export class FolderStore implements ArtifactStore {
  readonly root: string;
  readonly #options: FolderStoreOptions;
  readonly #verified = new VerifiedFiles();

  private constructor(root: string, options: FolderStoreOptions) {
    this.root = root;
    this.#options = options;
  }

  /** Makes the folder and clears what a killed process left behind. Throws STORE_UNAVAILABLE. */
  static async open(root: string, options: FolderStoreOptions): Promise<FolderStore> {
    const store = new FolderStore(resolve(root), options);
    await guarded(root, async () => {
      await mkdir(store.#temporary, { recursive: true });
      await store.#removeStale(store.#temporary);
      await store.#removeStale(join(store.root, 'uploads'));
    });
    return store;
  }

  put(source: ArtifactSource): Promise<Stored> {
    return guarded(typeof source === 'string' ? source : this.root, async () => {
      const spooled = await spool(source, this.#temporary);
      // replaces what is there: the same bytes, or a damaged file that is healed by this
      await moveIntoPlace(spooled.path, this.#path(spooled.sha256));
      return { sha256: spooled.sha256, bytes: spooled.bytes };
    });
  }

  async fetch(sha256: string, toPath: string): Promise<void> {
    const from = this.#path(sha256);
    await guarded(sha256, async () => {
      await access(from);
      const spooled = await spool(from, resolve(toPath, '..'));
      if (spooled.sha256 !== sha256) {
        await rm(spooled.path, { force: true });
        throw corrupt(from, sha256, spooled.sha256, spooled.bytes);
      }
      await moveIntoPlace(spooled.path, resolve(toPath));
    });
  }

  async read(sha256: string): Promise<Uint8Array> {
    const path = await this.localPath(sha256);
    return guarded(sha256, () => readFile(path));
  }

  async readRange(sha256: string, range: ByteRange): Promise<Uint8Array> {
    const path = this.#path(sha256);
    return guarded(sha256, async () => {
      const file = await open(path, 'r');
      try {
        const { size } = await file.stat();
        checkRange(range, size, path);
        const bytes = new Uint8Array(range.end - range.start + 1);
        await file.read(bytes, 0, bytes.length, range.start);
        return bytes;
      } finally {
        await file.close();
      }
    });
  }

  async openRead(sha256: string, range?: ByteRange): Promise<Readable> {
    const { bytes } = await this.stat(sha256);
    const path = this.#path(sha256);
    if (range !== undefined) checkRange(range, bytes, path);
    return createReadStream(path, range);
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
    const path = this.#path(sha256);
    return guarded(sha256, async () => {
      const { size, mtime } = await stat(path);
      return { bytes: size, storedAt: mtime };
    });
  }

  async *list(): AsyncIterable<StoredArtifact> {
    const root = join(this.root, 'sha256');
    for (const folder of await names(root)) {
      for (const rest of await names(join(root, folder))) {
        const sha256 = folder + rest;
        if (!isSha256(sha256)) continue;
        const info = await stat(join(root, folder, rest)).catch(() => undefined);
        if (info !== undefined) yield { sha256, bytes: info.size, storedAt: info.mtime };
      }
    }
  }

  async listStaleUploads(before: Date): Promise<readonly string[]> {
    const folder = join(this.root, 'uploads');
    const stale: string[] = [];
    for (const name of await names(folder)) {
      const info = await stat(join(folder, name)).catch(() => undefined);
      if (info !== undefined && info.mtime < before) stale.push(name);
    }
    return stale;
  }

  async deleteStaleUpload(name: string): Promise<void> {
    const path = join(this.root, uploadKey(name));
    await guarded(uploadKey(name), () => rm(path, { force: true }));
  }

  async delete(sha256: string): Promise<void> {
    const path = this.#path(sha256);
    await guarded(sha256, () => rm(path, { force: true }));
  }

  async localPath(sha256: string): Promise<string> {
    const path = this.#path(sha256);
    return guarded(sha256, async () => {
      await this.#verified.check(path, sha256);
      return path;
    });
  }

  async presignGet(sha256: string, { filename, expiresSeconds }: PresignGetOptions): Promise<string> {
    await this.stat(sha256);
    const parameters = filename === undefined ? {} : { filename };
    return this.#sign('GET', `/artifacts/${sha256}`, parameters, expiresSeconds);
  }

  presignPut(uploadId: string, { bytes, expiresSeconds }: PresignPutOptions): Promise<readonly UploadPart[]> {
    return Promise.resolve().then(() => {
      const url = this.#sign('PUT', `/${uploadKey(uploadId)}`, { bytes: String(bytes) }, expiresSeconds);
      return [{ url, offset: 0, bytes }];
    });
  }

  /** Checks an address that this store signed. Throws URL_SIGNATURE_INVALID, URL_EXPIRED. */
  verify(method: string, pathAndQuery: string): ReturnType<typeof verifySignature> {
    return verifySignature(method, pathAndQuery, this.#options.signingKey);
  }

  /**
   * Takes the body of a PUT to an upload address; `bytes` is the announced size from the verified address.
   * An earlier upload under the same id is replaced. Throws UPLOAD_INVALID, STORE_FULL; a partial body leaves nothing.
   */
  async acceptUpload(uploadId: string, body: Readable, bytes: number): Promise<Stored> {
    const path = join(this.root, uploadKey(uploadId));
    return guarded(uploadKey(uploadId), async () => {
      const tooLong = () =>
        new Failure('UPLOAD_INVALID', `More than the announced ${bytes} bytes arrived`, {
          where: uploadId,
          fix: 'ask for a new upload with the right size',
        });
      const spooled = await spool(body, this.#temporary, { atMost: bytes, tooLong });
      try {
        checkUpload(uploadId, spooled, undefined, bytes);
        await moveIntoPlace(spooled.path, path);
      } catch (error) {
        await rm(spooled.path, { force: true });
        throw error;
      }
      return { sha256: spooled.sha256, bytes: spooled.bytes };
    });
  }

  async completeUpload(
    uploadId: string,
    expectedSha256?: string,
    options: CompleteUploadOptions = {},
  ): Promise<Stored> {
    const path = join(this.root, uploadKey(uploadId));
    return guarded(uploadKey(uploadId), async () => {
      // Its address may be sent to again while this reads: what is read has a name that nobody can send to.
      const own = join(this.#temporary, randomUUID());
      // Linked where the file system can, so that a gateway that is killed here leaves the upload as it was.
      await link(path, own).catch(() => rename(path, own));
      try {
        const stored = await hashFile(own);
        checkUpload(uploadId, stored, expectedSha256, options.bytes);
        await moveIntoPlace(own, this.#path(stored.sha256));
        return stored;
      } finally {
        await Promise.all([own, path].map((name) => rm(name, { force: true })));
      }
    });
  }

  async health(): Promise<void> {
    await guarded(this.root, () => access(this.#temporary, constants.W_OK));
  }

  get #temporary(): string {
    return join(this.root, 'tmp');
  }

  #path(sha256: string): string {
    return join(this.root, artifactKey(sha256));
  }

  #sign(method: 'GET' | 'PUT', path: string, parameters: Record<string, string>, expiresSeconds: number): string {
    const expires = Math.floor(Date.now() / 1000) + expiresSeconds;
    return this.#options.baseUrl() + signPath({ method, path, parameters, expires }, this.#options.signingKey);
  }

  async #removeStale(folder: string): Promise<void> {
    const names = await readdir(folder).catch(() => []);
    for (const name of names) {
      const path = join(folder, name);
      const info = await stat(path).catch(() => undefined);
      if (info !== undefined && Date.now() - info.mtimeMs > STALE_MS) await rm(path, { force: true });
    }
  }
}

/** What a folder holds; nothing when there is none. */
async function names(folder: string): Promise<string[]> {
  return guarded(folder, () => readdir(folder)).catch((error: unknown) => {
    if (error instanceof Failure && error.code === 'STORE_NOT_FOUND') return [];
    throw error;
  });
}

/** `where` is what the caller asked for, not where it lies: the failure may reach somebody who is not to know this machine's folders. */
async function guarded<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeFailure(error, where);
  }
}
