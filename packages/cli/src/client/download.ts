import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { Failure } from '@kneepoint/failures';
import type { ArtifactView } from './runs.ts';

/** Brings an artifact to a path, whole and with the right sum, or not at all. */
export async function download(artifact: Pick<ArtifactView, 'sha256' | 'downloadUrl'>, path: string): Promise<void> {
  const response = await fetch(artifact.downloadUrl);
  if (!response.ok || !response.body) {
    throw new Failure('DOWNLOAD_FAILED', `the store answered ${response.status}`, {
      where: artifact.sha256,
      fix: 'Ask again: a link is valid for 15 minutes.',
    });
  }
  await atomically(path, async (partial) => {
    const hash = createHash('sha256');
    const tee = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(response.body as ReadableStream), tee, createWriteStream(partial));
    const sum = hash.digest('hex');
    if (sum !== artifact.sha256) {
      throw new Failure('DOWNLOAD_FAILED', `${sum} arrived where ${artifact.sha256} was asked for`, {
        where: path,
        fix: 'Ask again.',
      });
    }
  });
}

export function writeTextFile(path: string, text: string): Promise<void> {
  return atomically(path, (partial) => writeFile(partial, text));
}

async function atomically(path: string, write: (partial: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}.part`;
  try {
    await write(partial);
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}
