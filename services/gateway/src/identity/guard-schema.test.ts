import { lexicographicSortSchema, printSchema } from 'graphql';
import { afterEach, expect, it, vi } from 'vitest';
import { createSchema } from '../schema/schema.ts';
import { guardSchema } from './guard-schema.ts';
import { RULES } from './rules.ts';

afterEach(() => vi.restoreAllMocks());

it('every field of the roots has a rule, and the guard changes nothing that clients see', () => {
  const before = printSchema(lexicographicSortSchema(createSchema()));
  expect(printSchema(lexicographicSortSchema(guardSchema(createSchema())))).toBe(before);
});

it.each(['Query', 'Mutation', 'Subscription'] as const)(
  'a field of %s without a rule keeps the gateway from starting',
  (root) => {
    const { [Object.keys(RULES[root])[0]!]: _gone, ...others } = RULES[root];
    vi.spyOn(RULES as Record<string, object>, root, 'get').mockReturnValue(others);
    expect(() => guardSchema(createSchema())).toThrow(`rules for who may ask differ from ${root}`);
  },
);
