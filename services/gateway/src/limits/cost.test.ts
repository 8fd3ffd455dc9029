import { buildSchema, getIntrospectionQuery, type GraphQLObjectType, parse } from 'graphql';
import { describe, expect, it, vi } from 'vitest';
import { createSchema } from '../schema/schema.ts';
import { requireAffordable } from './check-operation.ts';
import { costOf } from './cost.ts';
import { BASE_COSTS } from './list-size.ts';

const schema = buildSchema(`
  scalar JSON
  enum Kind { ONE OTHER }
  type Query { runs(first: Int!, kind: Kind, ids: [ID!]): RunConnection! one: Run! layers: [Layer!]! }
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

  it('is counted once for a document and its sizes, and never taken from variables that did not fit', () => {
    const document = parse(
      'query($n: Int!, $k: Kind, $l: [ID!]) { runs(first: $n, kind: $k, ids: $l) { edges { cursor } } }',
    );
    const of = (variables: Record<string, unknown>): number => costOf({ schema, document, variables }).fields;
    expect(of({ n: 9, k: 'NEITHER' })).toBe(0);
    expect(of({ n: 9, k: 'ONE' })).toBe(1 + 9 * 2);
    expect(of({ n: 9, k: 'OTHER' })).toBe(1 + 9 * 2);
    expect(of({ n: 90, k: 'ONE' })).toBe(1 + 90 * 2);
    expect(of({ n: 9, l: ['a', 'b'] })).toBe(1 + 9 * 2);
    expect(of({ n: 9, l: [{}] })).toBe(0);
    const read = vi.spyOn(document, 'definitions', 'get');
    expect(of({ n: 90, k: 'ONE' })).toBe(1 + 90 * 2);
    expect(read).not.toHaveBeenCalled();
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
      1 + 2 * 200 + 2 * (1 + 1 + 20),
    );
  });

  it('curves cost as many points as are asked for, also through fragments', () => {
    const curves = (args: string, inner: string): string =>
      `characteristicCurves(model: "m", dataset: "d", task: "t"${args}) { ${inner} }`;
    const points = 'points { lambda }';
    const few = ofOwn(`{ ${curves(', maxPoints: 10', points)} }`);
    expect(few).toBe(1 + 200 + 20 * (1 + 10));
    const many = ofOwn(`{ ${curves(', maxPoints: 1000', points)} }`);
    expect(many).toBe(1 + 200 + 20 * (1 + 1000));
    const spread = `a: ${curves(', maxPoints: 10', '...f')} b: ${curves(', maxPoints: 1000', '...f')}`;
    expect(ofOwn(`{ ${spread} } fragment f on CharacteristicCurve { ${points} }`)).toBe(few + many);
  });

  it('what is planned, read or written before anything is answered costs, however little is asked of it', () => {
    const plan =
      'compressionPlan(input: { model: "m", dataset: "d", epsilon: 0.1, plan: { tasks: ["t"] } }) { bestLayer }';
    expect(ofOwn(`{ ${plan} }`)).toBeGreaterThan(2000);
    const frontier = (points: number) =>
      `compressionFrontier(input: { model: "m", dataset: "d", plan: { task: "t" }, points: ${points} }) { points { kept } }`;
    expect(ofOwn(`{ ${frontier(2)} }`)).toBeGreaterThan(2000);
    // Each plan and its answer.
    expect(ofOwn(`{ ${frontier(200)} }`) - ofOwn(`{ ${frontier(2)} }`)).toBe(198 * (200 + 1));
    const launch = 'launchAnalysis(input: { model: "m", dataset: "d" }) { run { id } }';
    expect(ofOwn(`mutation { ${launch} }`)).toBeGreaterThan(2000);
    expect(ofOwn('mutation { cancelRun(id: "r") { run { id } } }')).toBeGreaterThan(50);
    const matrix = (models: number) => `taskRelationships(models: [${'"m", '.repeat(models)}], dataset: "d") { tasks }`;
    expect(ofOwn(`{ ${matrix(50)} }`)).toBe(ofOwn(`{ ${matrix(1)} }`) + 49 * 201);
    for (const [type = '', field = ''] of Object.keys(BASE_COSTS).map((name) => name.split('.'))) {
      expect((own.getType(type) as GraphQLObjectType).getFields()).toHaveProperty(field);
    }
  });
});
