import { buildSchema, getNamedType, type GraphQLObjectType, type GraphQLSchema, isObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createSchema } from './schema.ts';

/** Fields of a type as they are written, such as `edges: [RunEdge!]!`. */
const fieldsOf = (type: GraphQLObjectType): string[] =>
  Object.values(type.getFields()).map(({ name, type: own }) => `${name}: ${own.toString()}`);

const PAGE_INFO = ['endCursor: String', 'hasNextPage: Boolean!', 'hasPreviousPage: Boolean!', 'startCursor: String'];
const RETRYABLE = /^retryable: Boolean/;

/** What in a schema is not as lists, mutations and failures are everywhere else, by path. */
function oddities(schema: GraphQLSchema): string[] {
  const types = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type));
  return types
    .filter(({ name }) => !name.startsWith('__'))
    .flatMap((type) => [...inShape(schema, type), ...listsOf(type)])
    .concat(mutationsOf(schema));
}

function inShape(schema: GraphQLSchema, type: GraphQLObjectType): string[] {
  const fields = fieldsOf(type);
  const lacks = (...wanted: string[]): string[] =>
    wanted.filter((field) => !fields.includes(field)).map((field) => `${type.name} lacks ${field}`);
  const { name } = type;
  if (name === 'PageInfo') return lacks(...PAGE_INFO);
  if (name.endsWith('Connection'))
    return lacks(`edges: [${name.replace(/Connection$/, 'Edge')}!]!`, 'pageInfo: PageInfo!');
  if (name.endsWith('Edge')) {
    const node = name.replace(/Edge$/, '');
    return [...lacks('cursor: String!', `node: ${node}!`), ...(schema.getType(node) ? [] : [`there is no ${node}`])];
  }
  const isCoded = fields.some((field) => field.startsWith('code: String'));
  return isCoded && !fields.some((field) => RETRYABLE.test(field)) ? [`${name} lacks retryable: Boolean!`] : [];
}

/** Whoever gives a connection takes `first` and `after`. */
function listsOf(type: GraphQLObjectType): string[] {
  return Object.values(type.getFields())
    .filter((field) => getNamedType(field.type).name.endsWith('Connection'))
    .flatMap(({ name, args }) => {
      const taken = args.map((arg) => `${arg.name}: ${arg.type.toString()}`);
      const wanted = ['first: Int!', 'after: String'].filter((arg) => !taken.includes(arg));
      return wanted.map((arg) => `${type.name}.${name} does not take ${arg}`);
    });
}

/** Every mutation gives a payload of its kind, with what the caller can put right. */
function mutationsOf(schema: GraphQLSchema): string[] {
  return Object.values(schema.getMutationType()?.getFields() ?? {}).flatMap(({ name, type }) => {
    const payload = getNamedType(type);
    const tells = isObjectType(payload) && fieldsOf(payload).includes('userErrors: [UserError!]!');
    return tells ? [] : [`Mutation.${name} gives no userErrors`];
  });
}

describe('the schema', () => {
  it('has lists as Relay has them, errors of one form, and says of each coded failure whether to try again', () => {
    const schema = createSchema();
    const connections = Object.keys(schema.getTypeMap()).filter((name) => name.endsWith('Connection'));
    expect(connections.length).toBeGreaterThan(10);
    expect(oddities(schema)).toEqual([]);
  });

  it('would be told otherwise, place by place', () => {
    const schema = buildSchema(`
      type Query { things(first: Int): ThingConnection! }
      type Mutation { make: Thing }
      type PageInfo { hasNextPage: Boolean! endCursor: String startCursor: String }
      type ThingConnection { edges: [ThingEdge!]! pageInfo: PageInfo }
      type ThingEdge { node: Thing! }
      type Thing { code: String! message: String! }`);
    expect(oddities(schema).sort()).toEqual([
      'Mutation.make gives no userErrors',
      'PageInfo lacks hasPreviousPage: Boolean!',
      'Query.things does not take after: String',
      'Query.things does not take first: Int!',
      'Thing lacks retryable: Boolean!',
      'ThingConnection lacks pageInfo: PageInfo!',
      'ThingEdge lacks cursor: String!',
    ]);
  });
});
