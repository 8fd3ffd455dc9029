import { Failure } from '@kneepoint/failures';
import { execute, type ExecutionArgs, type GraphQLFieldResolver, type GraphQLObjectType, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createSchema } from '../schema/schema.ts';
import { Compiler } from './compiler.ts';
import { createExecutor } from './executor.ts';

const LIMITS = { atOnce: 4, waiting: 4, milliseconds: 200, bytes: 10_000, cost: 10_000 };
const schema = createSchema();

const page = (nodes: readonly object[]) => ({
  edges: nodes.map((node, index) => ({ cursor: `c${index}`, node })),
  pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
  totalCount: Promise.resolve(nodes.length),
});
const run = {
  id: 'a',
  nodeType: 'Run',
  kind: 'ANALYSIS',
  state: 'RUNNING',
  seq: 1,
  reused: false,
  createdAt: new Date(0),
  failure: null,
};
const steps = [1, 2].map((n) => ({
  name: `step ${n}`,
  kind: 'k',
  service: 's',
  state: 'RUNNING',
  done: n,
  total: null,
}));

/** Puts a resolver in the place of the one that reads the database. */
function stub(type: string, field: string, resolve: GraphQLFieldResolver<unknown, unknown>): void {
  (schema.getType(type) as GraphQLObjectType).getFields()[field]!.resolve = resolve;
}
stub('Query', 'runs', (_root, { first }) => Promise.resolve(page(Array.from({ length: Number(first) }, () => run))));
stub('Query', 'run', (_root, { id }) => {
  if (id === 'slow') return new Promise(() => undefined);
  if (id === 'large') return { ...run, id: 'x'.repeat(LIMITS.bytes) };
  if (id === 'missing') throw new Failure('RUN_UNKNOWN', 'no run has this id', { where: 'id' });
  return id === 'none' ? null : run;
});
stub('Query', 'node', () => Promise.resolve(run));
stub('Run', 'steps', () => Promise.resolve(page(steps)));
stub('Run', 'progress', () => ({ fraction: 0.5, stepsDone: 1, stepsTotal: 2 }));
stub('Query', 'taskRelationships', (_root, args: object) => ({ tasks: [JSON.stringify(args)], rows: [] }));

const ask = (query: string, variableValues: Record<string, unknown> = {}): ExecutionArgs => ({
  ...{ schema, document: parse(query), variableValues, contextValue: {} },
});

describe('a document that comes often', () => {
  it.each([
    ['{ runs(first: 3) { totalCount edges { cursor node { id kind createdAt progress { fraction current } } } } }', {}],
    [
      'query($n: Int! = 2, $yes: Boolean = true) { runs(first: $n) { edges { node { ...f seq @skip(if: $yes) } } } } fragment f on Run { steps(first: 5) { edges { node { name state total } } } }',
      {},
    ],
    [
      'query($n: Int!) { a: runs(first: $n) { totalCount } b: runs(first: 1) { edges { node { __typename again: id } } } }',
      { n: 1 },
    ],
    ['{ node(id: "a") { __typename id ... on Run { seq } ... on Model { name } } }', {}],
    ['query($m: [ID!]!) { taskRelationships(models: $m, dataset: "d") { tasks } }', { m: ['a', 'b'] }],
    ['{ run(id: "none") { id } }', {}],
    // These fail, and must do so in the same words.
    ['{ run(id: "missing") { id } runs(first: 1) { totalCount } }', {}],
    ['query($n: Int!) { runs(first: $n) { totalCount } }', { n: 'three' }],
    ['query($n: Int!) { runs(first: $n) { totalCount } }', {}],
  ])('is answered as it was before: %s', async (query, variables) => {
    const executor = createExecutor({ ...LIMITS, bytes: 2 ** 20 });
    const operation = ask(query, variables);
    const expected = JSON.stringify(await execute(operation));
    for (let time = 0; time < 8; time++) expect(JSON.stringify(await executor(operation))).toBe(expected);
  });

  it('is compiled, unless it changes something, or has objects among what it is asked with', () => {
    const isCompiled = (query: string): boolean => {
      const compiler = new Compiler();
      const operation = ask(query);
      for (let time = 0; time < 4; time++) expect(compiler.of(operation)).toBeUndefined();
      return compiler.of(operation) !== undefined;
    };
    expect(isCompiled('query($n: Int!) { runs(first: $n) { totalCount } }')).toBe(true);
    expect(isCompiled('query($f: RunFilter) { runs(first: 1, filter: $f) { totalCount } }')).toBe(false);
    expect(isCompiled('{ runs(first: 1, filter: { kind: ANALYSIS }) { totalCount } }')).toBe(false);
    expect(isCompiled('mutation { cancelRun(id: "a") { run { id } } }')).toBe(false);
    expect(isCompiled('{ __schema { types { name } } }')).toBe(false);
  });

  it('and fails tells whose failure it was', async () => {
    const executor = createExecutor(LIMITS);
    const operation = ask('{ run(id: "missing") { id } }');
    for (let time = 0; time < 8; time++) {
      const { errors } = await executor(operation);
      expect(errors![0]!.originalError).toBeInstanceOf(Failure);
      expect(errors![0]!.path).toEqual(['run']);
    }
  });
});

it('an operation that takes too long is answered by code', async () => {
  const { errors, data } = await createExecutor(LIMITS)(ask('{ run(id: "slow") { id } }'));
  expect(data).toBeUndefined();
  expect(errors![0]!.originalError).toMatchObject({ code: 'OPERATION_TIMED_OUT', retryable: true });
});

it('an answer that is too large is answered by code', async () => {
  const { errors, data } = await createExecutor(LIMITS)(ask('{ run(id: "large") { id } }'));
  expect(data).toBeUndefined();
  expect(errors![0]!.originalError).toMatchObject({ code: 'ANSWER_TOO_LARGE', retryable: false });
});

it('one project cannot keep the operations of another waiting, however many it asks for', async () => {
  const executor = createExecutor(LIMITS);
  const of = (id: string, query: string): ExecutionArgs => ({
    ...ask(query),
    contextValue: { principal: { project: { id } } },
  });
  const greedy = Array.from({ length: 20 }, () => executor(of('greedy', '{ run(id: "slow") { id } }')));
  expect(await executor(of('modest', '{ run(id: "none") { id } }'))).toEqual({ data: { run: null } });
  const codes = (await Promise.all(greedy)).map(({ errors }) => (errors![0]!.originalError as Failure).code);
  expect(new Set(codes)).toEqual(new Set(['OPERATION_TIMED_OUT', 'SERVER_BUSY']));
});

it('what nobody waits for any more holds its place until it has ended', async () => {
  const executor = createExecutor({ ...LIMITS, atOnce: 1, waiting: 0 });
  await executor(ask('{ run(id: "slow") { id } }'));
  const { errors } = await executor(ask('{ run(id: "none") { id } }'));
  expect(errors![0]!.originalError).toMatchObject({ code: 'SERVER_BUSY' });
});
