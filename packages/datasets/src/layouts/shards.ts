import { type FileHandle, open } from 'node:fs/promises';
import { Failure } from '@kneepoint/failures';
import { nextEntry, TAR_BLOCK } from '../archive/tar-header.ts';
import { LIMITS } from '../limits.ts';

/** A plain file in a tar. */
export interface TarEntry {
  readonly name: string;
  /** Where its contents begin. */
  readonly offset: number;
  readonly bytes: number;
}

/** Names longer than this are no names of samples. */
const MOST_NAME_BYTES = 65_536;

/**
 * The plain files of a tar as anybody's tool writes it: ustar with prefixes, GNU's long names, pax headers; folders and links
 * are passed over. `broken` says where the archive stops being one, or is cut off.
 */
export async function readShard(
  path: string,
): Promise<{ readonly entries: readonly TarEntry[]; readonly broken?: string }> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const entries: TarEntry[] = [];
    let longName: string | undefined;
    let at = 0;
    while (at + TAR_BLOCK <= size) {
      const block = await bytesAt(file, at, TAR_BLOCK);
      if (block.every((byte) => byte === 0)) return { entries };
      const header = headerOf(block);
      if (header === undefined) return { entries, broken: `no header at byte ${at}` };
      const offset = at + TAR_BLOCK;
      if (offset + header.bytes > size) return { entries, broken: `${header.name} is cut off` };
      const extra = header.type === 'L' || header.type === 'x';
      if (extra && header.bytes <= MOST_NAME_BYTES) {
        const text = (await bytesAt(file, offset, header.bytes)).toString('utf8');
        longName = header.type === 'L' ? text.replace(/\0.*$/s, '') : (/\d+ path=(.*)\n/.exec(text)?.[1] ?? longName);
      } else if (header.type !== 'g') {
        if (header.type === '0' || header.type === '') {
          entries.push({ name: (longName ?? header.name).replace(/^(\.\/)+/, ''), offset, bytes: header.bytes });
        }
        longName = undefined;
      }
      at = nextEntry(offset, header.bytes);
    }
    return { entries };
  } finally {
    await file.close();
  }
}

/** The bytes of an entry. Throws DATASET_IMAGE_TOO_LARGE before it makes room for more than an image may have. */
export async function readEntry(path: string, { name, offset, bytes }: TarEntry): Promise<Buffer> {
  if (bytes > LIMITS.imageBytes) {
    throw new Failure('DATASET_IMAGE_TOO_LARGE', `the file has ${bytes} bytes`, {
      where: name,
      fix: `at most ${LIMITS.imageBytes} bytes`,
    });
  }
  const file = await open(path, 'r');
  try {
    return await bytesAt(file, offset, bytes);
  } finally {
    await file.close();
  }
}

function headerOf(block: Buffer): { readonly name: string; readonly bytes: number; readonly type: string } | undefined {
  const text = (from: number, length: number): string => {
    return block
      .subarray(from, from + length)
      .toString('utf8')
      .replace(/\0.*$/s, '');
  };
  const octal = (from: number, length: number): number => {
    const digits = text(from, length).trim();
    return /^[0-7]+$/.test(digits) ? parseInt(digits, 8) : NaN;
  };
  let sum = 8 * 0x20;
  for (let i = 0; i < TAR_BLOCK; i += 1) if (i < 148 || i >= 156) sum += block[i] ?? 0;
  const bytes = octal(124, 12);
  if (sum !== octal(148, 8) || Number.isNaN(bytes)) return undefined;
  const prefix = text(257, 5) === 'ustar' && block[262] === 0 ? text(345, 155) : '';
  return { name: prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`, bytes, type: text(156, 1) };
}

async function bytesAt(file: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  let done = 0;
  while (done < bytes) {
    const { bytesRead } = await file.read(buffer, done, bytes - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer;
}
