import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { packTar } from 'modern-tar/fs';
import type { KneepointClient, RequestOptions } from '../client.ts';
import type { Artifact } from '../download.ts';
import { ENTRY } from '../tar.ts';
import type { UploadOptions, UploadSource } from '../upload.ts';

/** Brings a file to the store as it is; its SHA-256. Throws UPLOAD_REFUSED, what the server says. */
export async function uploadFile(client: KneepointClient, path: string, options: UploadOptions = {}): Promise<string> {
  return client.upload(await fileSource(path), options);
}

/**
 * A model: its file alone, or with the files of its weights, which lie in its folder or below. The first is the model. Throws what
 * `uploadFile` throws.
 */
export async function uploadModel(
  client: KneepointClient,
  files: string | readonly string[],
  options: UploadOptions = {},
): Promise<string> {
  const paths = typeof files === 'string' ? [files] : files;
  if (paths.length === 1) return uploadFile(client, paths[0]!, options);
  const folder = dirname(resolve(paths[0]!));
  return withScratch(async (scratch) => {
    const archive = join(scratch, 'model.tar');
    await packFiles(
      folder,
      paths.map((path) => relative(folder, resolve(path))),
      archive,
    );
    return uploadFile(client, archive, options);
  });
}

/** A folder of labelled images, packed as it lies there. Throws what `uploadFile` throws. */
export async function uploadFolder(
  client: KneepointClient,
  folder: string,
  options: UploadOptions = {},
): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
  return withScratch(async (scratch) => {
    const archive = join(scratch, `${basename(resolve(folder))}.tar`);
    await packFiles(folder, files, archive);
    return uploadFile(client, archive, options);
  });
}

/** Writes files of a folder into a tar: the same bytes for the same files. */
export async function packFiles(folder: string, files: readonly string[], archive: string): Promise<void> {
  const sources = [...files].sort().map((file) => ({
    ...{ type: 'file' as const, source: join(folder, file), target: file.split(sep).join('/') },
    ...ENTRY,
  }));
  await pipeline(packTar(sources), createWriteStream(archive));
}

/** Brings an artifact to a path, whole and with the right sum, or not at all. Throws DOWNLOAD_FAILED, ARTIFACT_UNKNOWN. */
export async function download(
  client: KneepointClient,
  artifact: Artifact | string,
  path: string,
  options: RequestOptions = {},
): Promise<void> {
  const stream = await client.stream(artifact, options);
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}.part`;
  try {
    await pipeline(Readable.fromWeb(stream as ReadableStream), createWriteStream(partial));
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}

async function fileSource(path: string): Promise<UploadSource> {
  const { size } = await stat(path);
  return {
    name: path,
    size,
    stream: () => createReadStream(path),
    part: (start, end) =>
      ({
        headers: { 'content-length': String(end - start) },
        body: createReadStream(path, { start, end: end - 1 }),
        duplex: 'half',
      }) as unknown as RequestInit,
  };
}

async function withScratch<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), 'kneepoint-'));
  try {
    return await use(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
