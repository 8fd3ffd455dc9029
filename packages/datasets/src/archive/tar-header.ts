/** Size of a tar header, and the multiple to which contents are filled up (POSIX.1-1988 ustar). */
export const TAR_BLOCK = 512;

export interface TarHeader {
  readonly name: string;
  readonly bytes: number;
}

/**
 * One 512-byte ustar header of a plain file, or undefined for anything else: a wrong checksum, a link, a folder, a
 * name in two parts. Libraries stream contents through; the positions of images are needed here, so headers are read.
 */
export function readTarHeader(block: Uint8Array): TarHeader | undefined {
  const text = (from: number, length: number): string => {
    const field = Buffer.from(block.subarray(from, from + length));
    const end = field.indexOf(0);
    return field.toString('latin1', 0, end === -1 ? length : end);
  };
  const octal = (from: number, length: number): number => {
    const digits = text(from, length).trim();
    return /^[0-7]{1,11}$/.test(digits) ? parseInt(digits, 8) : NaN;
  };
  const bytes = octal(124, 12);
  const plain = text(156, 1) === '0' && text(257, 5) === 'ustar' && text(345, 155) === '';
  return readTarChecksum(block) && plain && !Number.isNaN(bytes) ? { name: text(0, 100), bytes } : undefined;
}

/** Whether a block is the header of any tar, by its checksum, which is taken with its own field read as eight spaces. */
export function readTarChecksum(block: Uint8Array): boolean {
  if (block.length < TAR_BLOCK) return false;
  let sum = 8 * 0x20;
  for (let i = 0; i < TAR_BLOCK; i += 1) if (i < 148 || i >= 156) sum += block[i] ?? 0;
  const written = Buffer.from(block.subarray(148, 156)).toString('latin1').replaceAll('\0', ' ').trim();
  return /^[0-7]{1,8}$/.test(written) && parseInt(written, 8) === sum;
}

/** Where the entry after one of `bytes` at `offset` (of its contents) begins. */
export function nextEntry(offset: number, bytes: number): number {
  return offset + Math.ceil(bytes / TAR_BLOCK) * TAR_BLOCK;
}
