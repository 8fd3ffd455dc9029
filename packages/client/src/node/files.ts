import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { packTar } from 'modern-tar/fs';
import type { KneepointClient, RequestOptions } from '../client.ts';
import type { Artifact } from '../download.ts';
import { KneepointError } from '../errors.ts';
import { ENTRY } from '../tar.ts';
import type { UploadOptions, UploadSource } from '../upload.ts';

/** Brings a file to the store as it is; its SHA-256. Throws UPLOAD_REFUSED, what the server says. */
export async function uploadFile(client: KneepointClient, path: string, options: UploadOptions = {}): Promise<string> {
  return client.upload(await fileSource(path), options);
}

/**
 * A model: its file alone, or with the files of its weights, which lie in its folder or below. The first is the model. Throws
 * EXTERNAL_DATA_LOCATION, what `uploadFile` throws.
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
      paths.map((path) => nameIn(folder, path)),
      archive,
    );
    return uploadFile(client, archive, options);
  });
}

function nameIn(folder: string, path: string): string {
  const name = relative(folder, resolve(path));
  if (name !== '..' && !name.startsWith(`..${sep}`) && !isAbsolute(name)) return name;
  throw new KneepointError('EXTERNAL_DATA_LOCATION', 'the file lies outside of the model’s folder', {
    where: path,
    fix: 'Put it where the model says it lies, in or below the folder of the .onnx file.',
  });
}

/** A folder of labelled images, packed as it lies there, with what links in it lead to. Throws what `uploadFile` throws. */
export async function uploadFolder(
  client: KneepointClient,
  folder: string,
  options: UploadOptions = {},
): Promise<string> {
  const files = (await filesBelow(folder)).map((file) => relative(folder, file));
  return withScratch(async (scratch) => {
    const archive = join(scratch, `${basename(resolve(folder))}.tar`);
    await packFiles(folder, files, archive);
    return uploadFile(client, archive, options);
  });
}

/** Links are followed, but not into a folder that they lie in: that would have no end. */
async function filesBelow(folder: string, above: ReadonlySet<string> = new Set()): Promise<string[]> {
  const { dev, ino } = await stat(folder, { bigint: true });
  const here = `${dev}:${ino}`;
  if (above.has(here)) return [];
  const files: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const found = entry.isSymbolicLink() ? await stat(path).catch(leadsNowhere) : entry;
    if (found?.isDirectory()) files.push(...(await filesBelow(path, new Set([...above, here]))));
    else if (found?.isFile()) files.push(path);
  }
  return files;
}

function leadsNowhere(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ELOOP') throw error;
}

/** Writes files of a folder into a tar, of links what they lead to: the same bytes for the same files. */
export async function packFiles(folder: string, files: readonly string[], archive: string): Promise<void> {
  const sources = [];
  for (const file of [...files].sort()) {
    const source = await realpath(join(folder, file));
    const { nlink, size } = await stat(source);
    const target = file.split(sep).join('/');
    // A file that has several names would be packed once, and then as links to that, which no gateway takes.
    sources.push({
      ...(nlink === 1 ? { type: 'file' as const, source } : { type: 'stream' as const, content: lazily(source), size }),
      ...{ target, ...ENTRY },
    });
  }
  await pipeline(packTar(sources), createWriteStream(archive));
}

/** Opened when it is read, since any number of them wait. */
function lazily(path: string): Readable {
  return Readable.from(
    (async function* () {
      yield* createReadStream(path);
    })(),
    { objectMode: false },
  );
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
  const partial = `${path}.${randomUUID()}.part`;
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
