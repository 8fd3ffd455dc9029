/** What a number, a boolean, punctuation and quotes take, about. */
const SMALL = 8;

/**
 * Whether a value is larger than so many bytes as JSON, about: text counts with its characters. Stops as soon as it is, so that what is
 * too large is never written.
 */
export function isLarger(value: unknown, bytes: number): boolean {
  return left(value, bytes) < 0;
}

/** Bytes of a value as JSON, about. */
export function bytesOf(value: unknown): number {
  return -left(value, 0, -Infinity);
}

/** What is left of the bytes; less than `least` where they do not suffice. */
function left(value: unknown, bytes: number, least = 0): number {
  if (typeof value === 'string') return bytes - value.length - 3;
  if (typeof value !== 'object' || value === null) return bytes - SMALL;
  let rest = bytes - 2;
  if (Array.isArray(value)) {
    for (const item of value) {
      rest = left(item, rest, least);
      if (rest < least) return rest;
    }
    return rest;
  }
  for (const key in value) {
    rest = left((value as Record<string, unknown>)[key], rest - key.length - 4, least);
    if (rest < least) return rest;
  }
  return rest;
}
