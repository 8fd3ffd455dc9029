import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import type { Files } from './folder.ts';

export interface TarEntry {
  readonly name: string;
  readonly contents?: Buffer | string;
  readonly type?: 'file' | 'directory' | 'symlink' | 'link' | 'fifo';
  readonly linkname?: string;
}

/** A tar made by the library, not by the code under test; long names in pax headers, as it writes them. */
export async function tarOf(entries: readonly TarEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const { contents = '', ...header } of entries) {
    if (header.type === undefined || header.type === 'file') archive.entry({ ...header, mtime: new Date(0) }, contents);
    else archive.entry({ ...header, mtime: new Date(0) });
  }
  archive.finalize();
  return buffer(archive);
}

/** Entries of these files, below a folder where a prefix names one. */
export const entriesOf = (files: Files, prefix = ''): TarEntry[] =>
  Object.entries(files).map(([name, contents]) => ({ name: prefix + name, contents }));
