import type { Problems } from '../problems.ts';

const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes as text, or undefined with every line reported that is not UTF-8. */
export function decodeUtf8(bytes: Uint8Array, file: string, problems: Problems): string | undefined {
  try {
    return STRICT.decode(bytes);
  } catch {
    let line = 1;
    let start = 0;
    while (start < bytes.length) {
      const newline = bytes.indexOf(0x0a, start);
      const end = newline === -1 ? bytes.length : newline;
      if (!isUtf8(bytes.subarray(start, end))) {
        problems.add({
          code: 'DATASET_NOT_UTF8',
          file,
          line,
          message: 'the line is not UTF-8 text',
          fix: 'save the file as UTF-8',
        });
      }
      start = end + 1;
      line += 1;
    }
    return undefined;
  }
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    STRICT.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
