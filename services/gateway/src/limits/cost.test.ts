import { buildSchema, getIntrospectionQuery, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createSchema } from '../schema/schema.ts';
import { requireAffordable } from './check-operation.ts';
import { costOf } from './cost.ts';

const schema = buildSchema(`
  scalar JSON
  type Query { runs(first: Int!): RunConnection! one: Run! layers: [Layer!]! }
  type RunConnection { edges: [RunEdge!]! totalCount: Int! }
  type RunEdge { cursor: String! node: Run! }
  type Run { id: ID! report: JSON runs(first: Int! = 10): RunConnection! }
  type Layer { name: String! }
`);
const cost = (query: string, variables?: Record<string, unknown>): number =>
  costOf({ schema, document: parse(query), variables }).fields;

describe('the cost of an operation', () => {
  it('is the number of fields that its answer can have', () => {
    expect(cost('{ one { id } }')).toBe(2);
    // The connection; of each of five edges its node, and of that the id.
    expect(cost('{ runs(first: 5) { edges { node { id } } } }')).toBe(1 + 5 * 3);
  });

  it('multiplies through nesting', () => {
    const inner = 1 + 5 * 3;
    expect(cost('{ runs(first: 20) { edges { node { runs(first: 5) { edges { node { id } } } } } } }')).toBe(
      1 + 20 * (2 + inner),
    );
  });

  it('takes sizes from variables, and from defaults of the document and of the schema', () => {
    const query = 'query($n: Int! = 7) { runs(first: $n) { edges { cursor } } }';
    expect(cost(query)).toBe(1 + 7 * 2);
    expect(cost(query, { n: 50 })).toBe(1 + 50 * 2);
    expect(cost('{ one { runs { edges { cursor } } } }')).toBe(2 + 10 * 2);
  });

  it('counts every alias and what lies in fragments, wherever those are spread', () => {
    const aliases = Array.from({ length: 9 }, (_, index) => `a${index}: one { id }`);
    expect(cost(`{ ${aliases.join(' ')} }`)).toBe(9 * 2);
    expect(cost('{ one { ...f ... on Run { id } } } fragment f on Run { id again: id }')).toBe(4);
  });

  it('is known at once for fragments that multiply each other', () => {
    const layers = Array.from({ length: 60 }, (_, n) => `fragment f${n} on Run { ...f${n + 1} ...f${n + 1} }`);
    expect(cost(`{ one { ...f0 } } ${layers.join(' ')} fragment f60 on Run { id }`)).toBe(1 + 2 ** 60);
  });

  it('has a usual size for lists of which nothing is known, and one for values that are documents', () => {
    expect(cost('{ layers { name } }')).toBe(1 + 20);
    expect(cost('{ one { report } }')).toBe(1 + 50);
  });

  it('of introspection grows with what is asked of it, from the whole schema once', () => {
    const whole = cost(getIntrospectionQuery());
    expect(whole).toBe(cost('{ __schema { types { name } } }'));
    const fields = (inner: string): string =>
      Array.from({ length: 9 }, (_, n) => `a${n}: fields { type { ${inner} } }`).join(' ');
    expect(cost(`{ __schema { types { ${fields(fields(fields('name')))} } } }`)).toBeGreaterThan(50 * whole);
  });

  it('of variables that do not fit is left to who refuses them', () => {
    expect(cost('query($n: Int!) { runs(first: $n) { totalCount } }', { n: 'x' })).toBe(0);
  });
});

it('what costs too much is refused by code, with its cost, the limit, and where most of it is', () => {
  const query =
    '{ one { id } runs(first: 100) { totalCount edges { node { runs(first: 100) { edges { cursor } } } } } }';
  expect(() => requireAffordable({ schema, document: parse(query) }, 1000)).toThrow(
    expect.objectContaining({
      code: 'QUERY_TOO_COSTLY',
      message: 'the answer can have 20403 fields; 1000 may be asked for at once',
      where: 'runs.edges.node.runs.edges.cursor',
      fix: expect.stringContaining('first') as string,
    }) as Error,
  );
});

describe('of this schema', () => {
  const own = createSchema();
  const ofOwn = (query: string): number => costOf({ schema: own, document: parse(query) }).fields;

  it('a page of runs with steps and attempts can be afforded, the same by five aliases cannot', () => {
    const steps =
      'steps(first: 50) { edges { node { name state attempts(first: 2) { edges { node { number worker } } } } } }';
    const limit = 50_000;
    expect(ofOwn(`{ runs(first: 20) { edges { node { id ${steps} } } } }`)).toBeLessThan(limit);
    const five = Array.from({ length: 5 }, (_, index) => `a${index}: ${steps}`).join(' ');
    expect(ofOwn(`{ runs(first: 20) { edges { node { id ${five} } } } }`)).toBeGreaterThan(limit);
  });

  it('every list of objects is a page, or of a size that is known or usual', () => {
    expect(ofOwn('{ taskRelationships(models: ["a", "b"], dataset: "d") { rows { cells { value } } } }')).toBe(
      1 + 2 * (1 + 1 + 20),
    );
  });
});
