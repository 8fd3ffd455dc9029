import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Failure } from '@kneepoint/failures';
import { pack, type Pack } from 'tar-stream';

export interface TarEntry {
  readonly name: string;
  readonly contents: Buffer;
}

/**
 * Writes a tar whose bytes depend on names and contents only (no times, no owners), under another name until it is
 * complete. A failure or an abort leaves nothing behind.
 * @throws DATASET_NOT_WRITABLE, the signal's reason, whatever `entries` throws
 */
export async function writeTar(
  out: string,
  entries: AsyncIterable<TarEntry>,
  signal?: AbortSignal,
): Promise<{ sha256: string; bytes: number }> {
  const partial = `${out}.${randomUUID()}.partial`;
  const hash = createHash('sha256');
  let bytes = 0;
  const archive = pack();
  const written = pipeline(
    archive,
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        bytes += chunk.length;
        done(null, chunk);
      },
    }),
    createWriteStream(partial, { flush: true }),
  ).catch((error: unknown) => {
    throw notWritable(out, error);
  });
  try {
    await Promise.all([written, addAll(archive, entries, signal)]);
    await rename(partial, out).catch((error: unknown) => {
      throw notWritable(out, error);
    });
  } catch (error) {
    archive.destroy();
    await written.catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
  return { sha256: hash.digest('hex'), bytes };
}

async function addAll(archive: Pack, entries: AsyncIterable<TarEntry>, signal: AbortSignal | undefined): Promise<void> {
  for await (const { name, contents } of entries) {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      archive.entry({ name, mode: 0o644, mtime: new Date(0) }, contents, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }
  archive.finalize();
}

function notWritable(out: string, error: unknown): Failure {
  const reason = error instanceof Error ? error.message : String(error);
  return new Failure('DATASET_NOT_WRITABLE', `the archive could not be written: ${reason}`, {
    where: out,
    fix: 'check that the folder exists, its rights and the free space',
    cause: error,
  });
}
