import { encodeJson } from '../bus/json.ts';
import type { Prisma } from '../database/generated/client.ts';

/**
 * A value as a JSON column takes it. Postgres refuses NUL and halves of surrogate pairs in text, which names inside a model
 * file may hold; they become U+FFFD. Throws JSON_INVALID for NaN, Infinity and what else JSON cannot carry.
 */
export function storedJson(value: unknown): Prisma.InputJsonValue {
  return clean(JSON.parse(encodeJson(value))) as Prisma.InputJsonValue;
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [cleanText(name), clean(member)]));
}

/** The same for a text column. */
export function cleanText(text: string): string {
  return text.replaceAll('\0', '\uFFFD').replace(/\p{Surrogate}/gu, '\uFFFD');
}
