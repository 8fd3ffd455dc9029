import { createWriteStream } from 'node:fs';
import { extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';

export interface ZipRequest {
  readonly folder: string;
  /** Paths in it. */
  readonly files: readonly string[];
  /** Folder that all of them lie in within the archive. */
  readonly name: string;
  /** The time that every entry bears. */
  readonly at: Date;
  /** The archive to write. */
  readonly out: string;
  readonly signal?: AbortSignal;
}

/** Weights hardly become smaller, and pictures do not. */
const DENSE = ['.onnx', '.jpg', '.jpeg', '.png'];

/** Writes files of a folder into a zip archive, one after another: none of them is in memory whole. */
export async function zipFolder({ folder, files, name, at, out, signal }: ZipRequest): Promise<void> {
  const zip = new ZipFile();
  for (const file of files) {
    zip.addFile(join(folder, file), `${name}/${file}`, {
      ...{ mtime: at, mode: 0o100644, compress: !DENSE.includes(extname(file)) },
    });
  }
  zip.end();
  // What is wrong with a file is said by the archive, not by its stream.
  zip.on('error', (error: Error) =>
    (zip.outputStream as NodeJS.ReadableStream & { destroy(e: Error): void }).destroy(error),
  );
  await pipeline(zip.outputStream, createWriteStream(out), signal ? { signal } : {});
}
