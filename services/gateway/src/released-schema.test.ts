import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Change, type ChangeType, CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema, type GraphQLSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { emitSchema, RELEASED_SCHEMA_FILE } from './emit-schema.ts';

type ChangeName = (typeof ChangeType)[keyof typeof ChangeType];

const CHANGELOG = fileURLToPath(new URL('../../../CHANGELOG.md', import.meta.url));

/**
 * What would break a client that was written for one schema and meets another: whatever the changelog does not announce by its path or its type,
 * and whatever goes without having been deprecated in a release, announced or not.
 */
async function broken(before: GraphQLSchema, after: GraphQLSchema, changelog: string): Promise<string[]> {
  const [, unreleased = ''] = changelog.split(/^## /m);
  const announced = new Set(
    unreleased
      .split('\n')
      .filter((line) => line.startsWith('- **Schema**'))
      .flatMap((line) => [...line.matchAll(/`([\w.]+)`/g)].map(([, path]) => path!)),
  );
  const isAnnounced = (path: string): boolean =>
    path.split('.').some((_, i, parts) => announced.has(parts.slice(0, i + 1).join('.')));
  const changes = await diff(before, after);
  return changes
    .filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
    .flatMap(({ type, path = '', message }: Change<ChangeName>) => {
      if (!isAnnounced(path)) return [message];
      const gone = ['FIELD_REMOVED', 'ENUM_VALUE_REMOVED', 'INPUT_FIELD_REMOVED', 'FIELD_ARGUMENT_REMOVED'];
      return gone.includes(type) && !isDeprecated(before, path) ? [`${message}: no release had it deprecated`] : [];
    });
}

/** Of `Type.field`, `Type.field.argument`, `Input.field` or `Enumeration.VALUE`. */
function isDeprecated(schema: GraphQLSchema, path: string): boolean {
  const [name = '', member = '', argument] = path.split('.');
  const type = schema.getType(name);
  if (isEnumType(type)) return typeof type.getValue(member)?.deprecationReason === 'string';
  if (isInputObjectType(type)) return typeof type.getFields()[member]?.deprecationReason === 'string';
  if (!isObjectType(type) && !isInterfaceType(type)) return false;
  const field = type.getFields()[member];
  const gone = argument === undefined ? field : field?.args.find((arg) => arg.name === argument);
  return typeof gone?.deprecationReason === 'string';
}

const released = readFileSync(RELEASED_SCHEMA_FILE, 'utf8');

describe('the schema of the last release', () => {
  it('is kept, but for what the changelog announces', async () => {
    const changelog = readFileSync(CHANGELOG, 'utf8');
    expect(await broken(buildSchema(released), buildSchema(emitSchema()), changelog)).toEqual([]);
  });

  const log = (line: string) => `# Changelog\n## [Unreleased]\n${line}\n## [0.1.0]\n- **Schema**: \`Query.a\` goes.`;

  it('would be missed: a field that goes and an argument that becomes needed are told, unless they are announced', async () => {
    const before = buildSchema('type Query { a(x: Int): Int b: Int @deprecated(reason: "Ask a.") }');
    const after = buildSchema('type Query { a(x: Int!): Int c: Int }');
    expect(await broken(before, after, log(''))).toEqual([
      "Field 'b' (deprecated) was removed from object type 'Query'",
      "Type for argument 'x' on field 'Query.a' changed from 'Int' to 'Int!'",
    ]);
    expect(await broken(before, after, log('- **Schema**: `Query.b` goes; `Query.a` needs x.'))).toEqual([]);
    expect(await broken(before, after, log('- `Query.b` goes.'))).toHaveLength(2);
  });

  it('loses nothing that no release had deprecated, even where the changelog announces it', async () => {
    const before = buildSchema(`
      type Query { a(x: Int, y: Int @deprecated): Int b: Int c: Int @deprecated }
      enum E { A B C @deprecated }
      input I { x: Int y: Int @deprecated }`);
    const after = buildSchema('type Query { a: Int } enum E { A } input I { z: Int }');
    const told = await broken(before, after, log('- **Schema**: `Query.a`, `Query.b`, `Query.c`, `E`, `I` change.'));
    expect(told.map((text) => text.replace(/ was removed.*: no/, ': no')).sort()).toEqual([
      "Argument 'x: Int': no release had it deprecated",
      "Enum value 'B': no release had it deprecated",
      "Field 'b': no release had it deprecated",
      "Input field 'x': no release had it deprecated",
    ]);
  });
});
