import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';

/**
 * Names work by its content: sha256, in hexadecimal, of what is done (`kind`), the version of how, and everything that it
 * depends on. Equal keys mean equal results. Throws JSON_INVALID.
 */
export function contentKey(kind: string, version: number, parts: unknown): string {
  const text = `[${JSON.stringify(kind)},${version},${canonicalJson(parts)}]`;
  return createHash('sha256').update(text).digest('hex');
}
