import { encodeJson } from '../bus/json.ts';

/**
 * The one text of a JSON value: members sorted by name, absent ones left out, numbers as JavaScript prints them (the idea of
 * RFC 8785). Throws JSON_INVALID.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(JSON.parse(encodeJson(value))));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}
