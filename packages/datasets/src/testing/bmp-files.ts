export interface BmpParts {
  readonly width: number;
  /** Negative for rows from above. */
  readonly height: number;
  readonly bits: number;
  readonly compression?: number;
  /** Behind the usual header of 40 bytes: masks, then the table of colours. */
  readonly behind?: Buffer;
  readonly pixels: Buffer;
}

/** A Windows bitmap of a header of 40 bytes. */
export function bmpOf({ width, height, bits, compression = 0, behind = Buffer.alloc(0), pixels }: BmpParts): Buffer {
  const head = Buffer.alloc(54);
  head.write('BM', 0, 'latin1');
  head.writeUInt32LE(54 + behind.length + pixels.length, 2);
  head.writeUInt32LE(54 + behind.length, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(width, 18);
  head.writeInt32LE(height, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(bits, 28);
  head.writeUInt32LE(compression, 30);
  head.writeUInt32LE(pixels.length, 34);
  return Buffer.concat([head, behind, pixels]);
}

/** Words of 32 bits. */
export function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => bytes.writeUInt32LE(value >>> 0, i * 4));
  return bytes;
}
