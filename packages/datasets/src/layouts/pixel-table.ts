import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { encodePng } from '../images/encode-png.ts';

/** A line of a text file and where it lies, so that its pixels need not be kept. */
export interface PlacedLine {
  /** From 1. */
  readonly line: number;
  readonly text: string;
  readonly offset: number;
  readonly bytes: number;
}

const NEWLINE = 0x0a;

/** The lines of a file of any size, one at a time, without their ends. */
export async function* linesOf(path: string): AsyncGenerator<PlacedLine> {
  let rest = Buffer.alloc(0);
  let offset = 0;
  let line = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE, start); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      line += 1;
      yield lineAt(bytes.subarray(start, end), line, offset + start);
      start = end + 1;
    }
    rest = Buffer.from(bytes.subarray(start));
    offset += start;
  }
  if (rest.length > 0) yield lineAt(rest, line + 1, offset);
}

function lineAt(bytes: Buffer, line: number, offset: number): PlacedLine {
  return { line, text: bytes.toString('utf8').replace(/\r$/, ''), offset, bytes: bytes.length };
}

/** The text of a line again. */
export async function readLine(path: string, { offset, bytes }: Pick<PlacedLine, 'offset' | 'bytes'>): Promise<string> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const buffer = Buffer.alloc(bytes);
    await file.read(buffer, 0, bytes, offset);
    return buffer.toString('utf8');
  } finally {
    await file?.close();
  }
}

/** Grey values 0 to 255, parted by blanks, or undefined where they are not `count` such numbers. */
export function pixelsOf(text: string, count: number): Uint8Array | undefined {
  const words = text.trim().split(/\s+/);
  if (words.length !== count || !words.every((word) => /^\d{1,3}$/.test(word) && Number(word) <= 255)) return undefined;
  return Uint8Array.from(words, Number);
}

/** A square grey picture as PNG; equal pixels give equal bytes. */
export function greyPng(pixels: Uint8Array, side: number): Promise<Buffer> {
  return encodePng(pixels, side, side, 1);
}
