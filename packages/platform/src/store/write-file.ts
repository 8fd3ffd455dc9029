import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ArtifactSource, Stored } from './artifact-store.ts';

/** A temporary file written, hashed and flushed to the disk; the caller renames or removes it. */
export interface Spooled extends Stored {
  readonly path: string;
}

export interface SpoolOptions {
  /** The write stops with `tooLong` once it exceeds this many bytes. */
  readonly atMost?: number;
  readonly tooLong?: () => Error;
}

/** Streams a source into a new file in `folder` and hashes it on the way. On any error the file is removed. */
export async function spool(source: ArtifactSource, folder: string, options: SpoolOptions = {}): Promise<Spooled> {
  await mkdir(folder, { recursive: true });
  const path = `${folder}/${randomUUID()}.tmp`;
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    const meter = new Transform({
      transform(chunk: Uint8Array, _encoding, done) {
        bytes += chunk.byteLength;
        if (options.atMost !== undefined && bytes > options.atMost) {
          done(options.tooLong?.() ?? new Error(`more than ${options.atMost} bytes`));
          return;
        }
        hash.update(chunk);
        done(null, chunk);
      },
    });
    // flush: a rename that survives a power cut must not name a file whose bytes did not
    await pipeline(toStream(source), meter, createWriteStream(path, { flags: 'wx', mode: 0o444, flush: true }));
    return { path, sha256: hash.digest('hex'), bytes };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/** Renames a finished file to its place: readers see all of it or nothing. */
export async function moveIntoPlace(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await rename(from, to);
  const folder = await open(dirname(to), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** sha256 and length of a local file, streamed. */
export async function hashFile(path: string): Promise<Stored> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.byteLength;
  }
  return { sha256: hash.digest('hex'), bytes };
}

function toStream(source: ArtifactSource): Readable {
  if (typeof source === 'string') return createReadStream(source, { highWaterMark: 1 << 20 });
  // Readable.from would take a Uint8Array for a list of numbers
  if (source instanceof Uint8Array) return Readable.from([source], { objectMode: false });
  return source;
}
