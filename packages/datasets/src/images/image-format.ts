import { readerOf } from './readers/readers.ts';

interface Signature {
  readonly format: string;
  readonly at: number;
  readonly bytes: readonly number[];
}

/** How files of each format begin. Only these reach sharp: it would also open SVG, PDF and other programs' files. */
const SIGNATURES: readonly Signature[] = [
  { format: 'png', at: 0, bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { format: 'jpeg', at: 0, bytes: [0xff, 0xd8, 0xff] },
  { format: 'gif', at: 0, bytes: [0x47, 0x49, 0x46, 0x38] },
  { format: 'webp', at: 8, bytes: [0x57, 0x45, 0x42, 0x50] },
  { format: 'tiff', at: 0, bytes: [0x49, 0x49, 0x2a, 0x00] },
  { format: 'tiff', at: 0, bytes: [0x4d, 0x4d, 0x00, 0x2a] },
  { format: 'avif', at: 4, bytes: [0x66, 0x74, 0x79, 0x70, 0x61, 0x76, 0x69] },
];

/** The image format that the first bytes announce, as the usual file ending, or undefined. */
export function imageFormat(bytes: Uint8Array): string | undefined {
  const known = SIGNATURES.find(({ at, bytes: wanted }) => wanted.every((byte, i) => bytes[at + i] === byte));
  return known?.format ?? readerOf(bytes)?.format;
}
