import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { createSchema } from './schema/schema.ts';

export const SCHEMA_FILE = fileURLToPath(new URL('../../../schema.graphql', import.meta.url));
/** As it was when the last version was released. */
export const RELEASED_SCHEMA_FILE = fileURLToPath(new URL('../../../schema.released.graphql', import.meta.url));

/** The schema in SDL, sorted, so that the file changes only when the contract does. */
export function emitSchema(): string {
  return `${printSchema(lexicographicSortSchema(createSchema()))}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(process.argv.includes('--release') ? RELEASED_SCHEMA_FILE : SCHEMA_FILE, emitSchema());
}
