/** Bits that cameras and scanners use of 16. */
const DEPTHS = [8, 10, 12, 14, 16] as const;

/**
 * 16 bits as 8, of which `most` becomes 255. Files rarely say how many of the bits are in use: without `most` it is the least usual number
 * that holds the largest value, so that 12 bits in 16 do not come out black.
 */
export function wordsToBytes(words: Uint16Array, most = 2 ** usedBits(words) - 1): Uint8Array {
  const bytes = new Uint8Array(words.length);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = Math.round((Math.min(words[i]!, most) * 255) / most);
  return bytes;
}

/** Bytes of which `most` becomes 255. */
export function bytesToBytes(values: Uint8Array, most = 255): Uint8Array {
  return most === 255 ? values : values.map((value) => Math.round((Math.min(value, most) * 255) / most));
}

/** Of a usual number of bits, the least that holds the largest word. */
export function usedBits(words: Uint16Array): number {
  let largest = 0;
  for (const word of words) if (word > largest) largest = word;
  return DEPTHS.find((bits) => largest < 2 ** bits) ?? 16;
}

/**
 * Numbers as 8 bits: those from 0 to 1 and those from 0 to 255 by that range, others from their least to their largest.
 * What is not finite becomes the least.
 */
export function floatsToBytes(values: Float32Array): Uint8Array {
  const [from, to] = floatRange(values);
  const width = to > from ? to - from : 1;
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < bytes.length; i += 1) {
    const value = values[i]!;
    if (Number.isFinite(value)) bytes[i] = Math.round(((value - from) * 255) / width);
  }
  return bytes;
}

/** What becomes 0 and what becomes 255 of numbers with a point. */
export function floatRange(values: Float32Array): readonly [from: number, to: number] {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return least >= 0 && most <= 255 ? [0, most <= 1 ? 1 : 255] : [least, most];
}
