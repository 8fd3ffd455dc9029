import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSchema, findBreakingChanges, type GraphQLSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { emitSchema, RELEASED_SCHEMA_FILE } from './emit-schema.ts';

const CHANGELOG = fileURLToPath(new URL('../../../CHANGELOG.md', import.meta.url));

/** What would break a client that was written for one schema and meets another, but for what a changelog announces. */
function unannounced(before: GraphQLSchema, after: GraphQLSchema, changelog: string): string[] {
  const [, unreleased = ''] = changelog.split(/^## /m);
  const announced = new Set(
    unreleased
      .split('\n')
      .filter((line) => line.startsWith('- **Schema**'))
      .flatMap((line) => [...line.matchAll(/`([\w.]+)`/g)].map(([, path]) => path!)),
  );
  return findBreakingChanges(before, after)
    .map(({ description }) => description)
    .filter((description) => ![...description.matchAll(/\w+(?:\.\w+)*/g)].some(([path]) => announced.has(path)));
}

const released = readFileSync(RELEASED_SCHEMA_FILE, 'utf8');

describe('the schema of the last release', () => {
  it('is kept, but for what the changelog announces', () => {
    const changelog = readFileSync(CHANGELOG, 'utf8');
    expect(unannounced(buildSchema(released), buildSchema(emitSchema()), changelog)).toEqual([]);
  });

  it('would be missed: a field that goes and an argument that becomes needed are told, unless they are announced', () => {
    const before = buildSchema('type Query { a(x: Int): Int b: Int }');
    const after = buildSchema('type Query { a(x: Int!): Int c: Int }');
    const log = (line: string) => `# Changelog\n## [Unreleased]\n${line}\n## [0.1.0]\n- **Schema**: \`Query.a\` goes.`;
    expect(unannounced(before, after, log(''))).toEqual([
      'Query.b was removed.',
      'Query.a arg x has changed type from Int to Int!.',
    ]);
    expect(unannounced(before, after, log('- **Schema**: `Query.b` goes; `Query.a` needs x.'))).toEqual([]);
    expect(unannounced(before, after, log('- `Query.b` goes.'))).toHaveLength(2);
  });
});
