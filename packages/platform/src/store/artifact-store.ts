import type { Readable } from 'node:stream';

/** What an artifact is called and how long it is. */
export interface Stored {
  /** Lower-case hexadecimal sha256 of the bytes: the artifact's only name. */
  readonly sha256: string;
  readonly bytes: number;
}

/** An artifact as it lies in the store. */
export interface StoredArtifact extends Stored {
  /** When it was last put, by the store's clock; putting it again may renew it, and does once it is older than half an hour. */
  readonly storedAt: Date;
}

/** Bytes in memory, a path of a local file, or a stream that is read once. */
export type ArtifactSource = Uint8Array | string | Readable;

export interface PutOptions {
  /** Served with downloads. Default `application/octet-stream`. */
  readonly mediaType?: string;
}

/** Bytes from `start` up to and including `end`, as in HTTP. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface PresignGetOptions {
  /** Suggested name of the downloaded file. */
  readonly filename?: string;
  readonly expiresSeconds: number;
}

/** Where to PUT which bytes of a file. */
export interface UploadPart {
  readonly url: string;
  readonly offset: number;
  readonly bytes: number;
}

export interface PresignPutOptions {
  /** Announced size of the upload; a request with another `Content-Length` is refused, and nothing of it kept. */
  readonly bytes: number;
  readonly expiresSeconds: number;
}

export interface CompleteUploadOptions {
  /** Announced size; another size is refused. */
  readonly bytes?: number;
  readonly mediaType?: string;
}

/**
 * Immutable bytes under the name of their own sha256. Nothing is visible before it is complete, writing the same bytes
 * twice is one artifact, and reading checks the sum: a wrong byte is a failure, never a result.
 * Every method may throw STORE_UNAVAILABLE; those that take a name throw STORE_ADDRESS_INVALID.
 */
export interface ArtifactStore {
  /** Stores a source, streamed. Throws STORE_FULL; nothing half-written remains. */
  put(source: ArtifactSource, options?: PutOptions): Promise<Stored>;

  /** Copies an artifact to a local path, complete or not at all. Throws STORE_NOT_FOUND, STORE_CORRUPT, STORE_FULL. */
  fetch(sha256: string, toPath: string): Promise<void>;

  /** The whole artifact in memory, checked. Throws STORE_NOT_FOUND, STORE_CORRUPT. */
  read(sha256: string): Promise<Uint8Array>;

  /** A part of an artifact, not checked against the sum. Throws STORE_NOT_FOUND. */
  readRange(sha256: string, range: ByteRange): Promise<Uint8Array>;

  /** A stream of an artifact (or of a range of it) for passing on. Throws STORE_NOT_FOUND. */
  openRead(sha256: string, range?: ByteRange): Promise<Readable>;

  has(sha256: string): Promise<boolean>;

  /** Throws STORE_NOT_FOUND. */
  stat(sha256: string): Promise<Omit<StoredArtifact, 'sha256'>>;

  /** Every artifact, in no order; what comes or goes meanwhile may be in it or not. */
  list(): AsyncIterable<StoredArtifact>;

  /** Uploads that were begun before a time and never completed: ids, or the names of their parts. */
  listStaleUploads(before: Date): Promise<readonly string[]>;

  /** Deletes one of those; deleting what is not there is no failure. */
  deleteStaleUpload(name: string): Promise<void>;

  /** Deleting what is not there is no failure. */
  delete(sha256: string): Promise<void>;

  /**
   * Path of a local file with these bytes, for native code that wants a file. Never write to it.
   * Throws STORE_NOT_FOUND, STORE_CORRUPT, STORE_FULL.
   */
  localPath(sha256: string): Promise<string>;

  /** An address from which anyone can GET the artifact until it expires. */
  presignGet(sha256: string, options: PresignGetOptions): Promise<string>;

  /**
   * Addresses to which anyone can PUT one file until they expire: one, but for a file that is too large for a single request, in order.
   * `uploadId`: 1 to 64 of `A-Z a-z 0-9 _ -`.
   */
  presignPut(uploadId: string, options: PresignPutOptions): Promise<readonly UploadPart[]>;

  /**
   * Turns an upload into an artifact and removes the upload. Repeating it after success throws STORE_NOT_FOUND.
   * Throws UPLOAD_INVALID when size or sum differ from what was announced; the upload is then gone.
   */
  completeUpload(uploadId: string, expectedSha256?: string, options?: CompleteUploadOptions): Promise<Stored>;

  /** Resolves when artifacts can be written and read now. */
  health(): Promise<void>;
}
