import { open } from 'node:fs/promises';
import { Failure } from '@kneepoint/failures';
import { quote } from '../quote.ts';
import { readTarChecksum, TAR_BLOCK } from './tar-header.ts';

export type ArchiveKind = 'tar' | 'tar.gz' | 'zip';

/** What other archives begin with: they are named when they are refused. */
const OTHERS: readonly (readonly [name: string, magic: string])[] = [
  ['7-Zip', '377abcaf271c'],
  ['RAR', '526172211a07'],
  ['xz', 'fd377a585a00'],
  ['bzip2', '425a68'],
  ['Zstandard', '28b52ffd'],
  ['LZ4', '04224d18'],
  ['Parquet', '50415231'],
];

/** Whether a file is a tar, tar.gz or zip by its first bytes, whatever it is called. */
export async function isArchive(path: string): Promise<boolean> {
  return kindOf(await headOf(path)) !== undefined;
}

/** What a file is by its first bytes, whatever it is called. Throws DATASET_ARCHIVE_UNKNOWN. */
export async function archiveKind(path: string): Promise<ArchiveKind> {
  const head = await headOf(path);
  const kind = kindOf(head);
  if (kind !== undefined) return kind;
  const magic = head.toString('hex', 0, 8);
  const other = OTHERS.find(([, start]) => magic.startsWith(start))?.[0];
  const what =
    head.length === 0 ? 'the file is empty' : `it begins as ${other ?? `no archive does (${quote(printable(head))})`}`;
  throw new Failure('DATASET_ARCHIVE_UNKNOWN', `the file is no tar, tar.gz or zip: ${what}`, {
    where: path,
    fix: 'pack the folder of images and labels as tar, tar.gz or zip, or let `kneepoint dataset pack` do it',
  });
}

function kindOf(head: Buffer): ArchiveKind | undefined {
  const magic = head.toString('hex', 0, 4);
  if (['504b0304', '504b0506', '504b0708'].includes(magic)) return 'zip';
  if (magic.startsWith('1f8b')) return 'tar.gz';
  return readTarChecksum(head) ? 'tar' : undefined;
}

async function headOf(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(TAR_BLOCK);
    const { bytesRead } = await file.read(buffer, 0, TAR_BLOCK, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

const printable = (head: Buffer): string => head.toString('latin1', 0, 12).replace(/[^ -~]/g, '.');
