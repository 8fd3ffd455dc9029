import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { emitSchema, SCHEMA_FILE } from './emit-schema.ts';

it('the committed schema.graphql is what the resolvers say (npm run schema writes it)', () => {
  expect(readFileSync(SCHEMA_FILE, 'utf8')).toBe(emitSchema());
});
