import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { Failure } from '@kneepoint/failures';
import { describeAnswer, isPage, reasonOf } from './http.ts';
import type { ArtifactView } from './runs.ts';

type Link = Pick<ArtifactView, 'sha256' | 'downloadUrl'>;

/** Brings an artifact to a path, whole and with the right sum, or not at all. */
export async function download(artifact: Link, path: string): Promise<void> {
  const response = await fetchArtifact(artifact);
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

/** A report, in the order in which it was written. Throws DOWNLOAD_FAILED. */
export async function fetchReport<Report>(artifact: Link): Promise<Report> {
  const response = await fetchArtifact(artifact);
  return (await response.json()) as Report;
}

async function fetchArtifact({ sha256, downloadUrl }: Link): Promise<Response> {
  const refuse = (what: string, cause?: unknown): never => {
    throw new Failure('DOWNLOAD_FAILED', what, {
      where: sha256,
      fix: 'Ask again: a link is valid for 15 minutes.',
      cause,
    });
  };
  const response = await fetch(downloadUrl).catch((error: unknown) =>
    refuse(`no store answers at ${new URL(downloadUrl).origin}: ${reasonOf(error)}`, error),
  );
  if (response.ok && response.body && !isPage(response, '')) return response;
  return refuse(`${describeAnswer(response, await response.text())} came from the store`);
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
