import { readFileSync } from 'node:fs';

/** Version of this installation; every package of it has the same. */
export const VERSION = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
