import type { Filled } from './fill.ts';

export interface Query {
  readonly name: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, string | readonly string[] | null>>;
}

const RUN = `id kind state seq reused createdAt startedAt endedAt failure { code message }
  progress { fraction stepsDone stepsTotal current done total unit }
  steps(first: 20) { edges { node { name kind service state reused done total unit
    attempts(first: 5) { edges { node { number worker outcome startedAt endedAt } } } } } }
  model { id name } dataset { id name }`;
const RUNS = `query($after: String) { runs(first: 20, after: $after) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node { ${RUN} } } } }`;
export const CURSORS = 'query($after: String) { runs(first: 100, after: $after) { pageInfo { endCursor } } }';
export const NEWEST_ANALYSIS = '{ runs(first: 1, filter: { kind: ANALYSIS }) { edges { node { id } } } }';

/** What a dashboard asks. `deep` is the cursor of a row far back, `run` the id of an analysis. */
export function queriesOf(filled: Filled, { deep, run }: { readonly deep: string; readonly run: string }): Query[] {
  const id = (type: string, local: string): string => Buffer.from(`${type}:${local}`).toString('base64url');
  const dataset = id('Dataset', filled.dataset);
  const models = filled.models.map((model) => id('Model', model));
  return [
    {
      name: 'matrix',
      query: `query($models: [ID!]!, $dataset: ID!) { taskRelationships(models: $models, dataset: $dataset) { tasks
        rows { model { id name primaryTask } cells { task layer metric higherIsBetter value spread chance reductionPercent } } } }`,
      variables: { models, dataset },
    },
    {
      name: 'curves',
      query: `query($model: ID!, $dataset: ID!, $task: String!) { characteristicCurves(model: $model, dataset: $dataset, task: $task) {
        layer task filters uncertified points { lambda filters rmseTrain rmseValidation } knee(epsilon: 0.01) { epsilon filters rmse kept } } }`,
      variables: { model: models[0]!, dataset, task: filled.task },
    },
    { name: 'runs, first page', query: RUNS, variables: { after: null } },
    { name: 'runs, deep page', query: RUNS, variables: { after: deep } },
    { name: '100 ids', query: '{ runs(first: 100) { edges { node { id } } } }', variables: {} },
    {
      name: '100 progresses',
      query: '{ runs(first: 100) { edges { node { id progress { fraction stepsDone stepsTotal current } } } } }',
      variables: {},
    },
    { name: 'one run', query: `query($id: ID!) { run(id: $id) { ${RUN} } }`, variables: { id: run } },
  ];
}
