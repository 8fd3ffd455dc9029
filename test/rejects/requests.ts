import { randomUUID } from 'node:crypto';
import { BAD_PLAN_REQUESTS } from './plan-requests.ts';
import { type BadRequest, mutation, query, SHA } from './senders.ts';
import { BAD_TRAINING_REQUESTS } from './training-requests.ts';
import { BAD_TRANSPORT_REQUESTS } from './transport-requests.ts';

/** What is asked beside the plan, and what is different in the plan. */
const prune = (change: object, plan: object = {}) =>
  mutation('launchPrune', ({ model, dataset }) => ({
    ...{ model, dataset, plan: { task: 'score', ...plan }, epsilons: [0.01] },
    ...change,
  }));

const plan = (change: object, planned: object = {}) =>
  query(
    'query($input: CompressionPlanInput!) { compressionPlan(input: $input) { bestLayer } }',
    ({ model, dataset }) => ({
      input: { model, dataset, plan: { task: 'score', ...planned }, epsilon: 0.01, ...change },
    }),
  );

const curves = (change: object) =>
  query(
    'query($model: ID!, $dataset: ID!, $task: String!, $maxPoints: Int) { characteristicCurves(model: $model, dataset: $dataset, task: $task, maxPoints: $maxPoints) { layer } }',
    ({ model, dataset }) => ({ model, dataset, task: 'score', maxPoints: 100, ...change }),
  );

const matrix = (change: object) =>
  query(
    'query($models: [ID!]!, $dataset: ID!, $tasks: [String!], $layer: String!) { taskRelationships(models: $models, dataset: $dataset, tasks: $tasks, layer: $layer) { tasks } }',
    ({ model, dataset }) => ({ models: [model], dataset, layer: 'BEST', ...change }),
  );

const register = (input: object) => mutation('registerModel', () => ({ name: 'm', path: '/tmp/m.onnx', ...input }));

export const BAD_REQUESTS: readonly BadRequest[] = [
  {
    name: 'ε = 0',
    send: prune({ epsilons: [0] }),
    code: 'EPSILON_INVALID',
    message: 'ε is 0. Pass a number greater than 0 and less than 1, such as 0.01.',
    where: 'epsilons',
  },
  { name: 'ε = 1', send: plan({ epsilon: 1 }), code: 'EPSILON_INVALID', message: 'ε is 1', where: 'epsilon' },
  {
    name: 'ε = −1',
    send: prune({ epsilons: [0.1, -1] }),
    code: 'EPSILON_INVALID',
    message: 'ε is -1. Pass a number greater than 0 and less than 1, such as 0.01.',
    where: 'epsilons',
  },
  {
    name: 'ε = NaN, which JSON writes as null',
    send: prune({ epsilons: [NaN] }),
    code: 'BAD_USER_INPUT',
    message:
      'Variable "$input" got invalid value null at "input.epsilons[0]"; Expected non-nullable type "Float!" not to be null.',
    where: null,
  },
  {
    name: 'ε = ∞, as a number too large for a double',
    send: query(
      'query($model: ID!, $dataset: ID!) { compressionPlan(input: { model: $model, dataset: $dataset, plan: { task: "score" }, epsilon: 1e999 }) { bestLayer } }',
      ({ model, dataset }) => ({ model, dataset }),
    ),
    code: 'EPSILON_INVALID',
    message: 'ε is Infinity',
    where: 'epsilon',
  },
  {
    name: 'no ε',
    send: prune({ epsilons: [] }),
    code: 'EPSILON_INVALID',
    message: 'epsilons has 0 entries. Pass 1 to 20 different values between 0 and 1.',
    where: 'epsilons',
  },
  {
    name: 'one ε twice',
    send: prune({ epsilons: [0.1, 0.1] }),
    code: 'EPSILON_INVALID',
    message: 'ε = 0.1 is there twice. Pass 1 to 20 different values between 0 and 1.',
    where: 'epsilons',
  },
  {
    name: 'an ε of its own for a layer that is not there',
    send: prune({}, { layerEpsilon: [{ layer: 'conv9', epsilon: 0.1 }] }),
    code: 'LAYER_UNKNOWN',
    message: '"good" has no layer "conv9" that can be read. Choose one of: conv1, conv2.',
    where: 'plan.layerEpsilon',
  },
  {
    name: 'fewer than one filter',
    send: prune({}, { minFilters: 0 }),
    code: 'MIN_FILTERS_INVALID',
    message: 'minFilters is 0. Pass 1 or more.',
    where: 'plan.minFilters',
  },
  {
    name: 'a task that is not there',
    send: prune({}, { task: 'age' }),
    code: 'TASK_UNKNOWN',
    message: 'data set "good" has no task "age". Choose one of: who, score.',
    where: 'plan.task',
  },
  {
    name: 'a task that is not there, to analyse',
    send: mutation('launchAnalysis', ({ model, dataset }) => ({ model, dataset, tasks: ['age'] })),
    code: 'TASK_UNKNOWN',
    message: 'data set "good" has no task "age". Choose one of: who, score.',
    where: 'tasks',
  },
  {
    name: 'no task to analyse',
    send: mutation('launchAnalysis', ({ model, dataset }) => ({ model, dataset, tasks: [] })),
    code: 'TASKS_COUNT',
    message: 'no task was asked for. Name at least one task, or leave the field out for all.',
    where: 'tasks',
  },
  {
    name: 'a layer that is not there',
    send: plan({}, { layer: 'conv9' }),
    code: 'LAYER_UNKNOWN',
    message: '"good" has no layer "conv9" that can be read',
    where: 'plan.layer',
  },
  {
    name: 'a matrix of a layer that is not there',
    send: matrix({ layer: 'conv9' }),
    code: 'LAYER_UNKNOWN',
    message: '"good" has no layer "conv9" that can be read',
    where: 'layer',
  },
  {
    name: 'a matrix of no model',
    send: matrix({ models: [] }),
    code: 'MODELS_COUNT',
    message: '0 models were asked for',
    where: 'models',
  },
  {
    name: 'a model that is not there',
    send: prune({ model: Buffer.from(`Model:${SHA.slice(0, 24)}`).toString('base64url') }),
    code: 'MODEL_UNKNOWN',
    message: 'no model has the id TW9kZWw6YWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFi. List the models and pass the id of one.',
    where: 'model',
  },
  {
    name: 'a garbled id',
    send: prune({ model: 'TW9kZWw' }),
    code: 'ID_INVALID',
    message: '"TW9kZWw" is not an id of this server. Pass an id as a query returned it.',
    where: 'model',
  },
  {
    name: 'the id of something else',
    send: mutation('launchAnalysis', ({ model }) => ({ model, dataset: model })),
    code: 'ID_INVALID',
    message: '"<model>" is the id of a Model, not of a Dataset. Pass an id that a Dataset gave.',
    where: 'dataset',
  },
  {
    name: 'a run that is not there',
    send: query('mutation($id: ID!) { cancelRun(id: $id) { run { id } userErrors { code field message } } }', () => ({
      id: Buffer.from('Run:nothing').toString('base64url'),
    })),
    code: 'RUN_UNKNOWN',
    message: 'no run has the id UnVuOm5vdGhpbmc. List the runs and pass the id of one.',
    where: 'id',
  },
  {
    name: 'a plan without an analysis',
    send: plan({}),
    code: 'ANALYSIS_MISSING',
    message: '"good" has not been analysed for "score" on "good" (0 of 2 layers are done)',
    where: 'task',
  },
  {
    name: 'curves without an analysis',
    send: curves({}),
    code: 'ANALYSIS_MISSING',
    message: '"good" has not been analysed for "score" on "good" (0 of 2 layers are done)',
    where: 'task',
  },
  {
    name: 'curves with one point',
    send: curves({ maxPoints: 1 }),
    code: 'POINTS_INVALID',
    message: 'maxPoints is 1',
    where: 'maxPoints',
  },
  {
    name: 'a page too large',
    send: query('{ models(first: 101) { totalCount } }'),
    code: 'PAGE_INVALID',
    message: 'first is 101',
    where: 'first',
  },
  {
    name: 'a page of nothing',
    send: query('{ runs(first: 0) { totalCount } }'),
    code: 'PAGE_INVALID',
    message: 'first is 0',
    where: 'first',
  },
  {
    name: 'a cursor of another server',
    send: query('{ datasets(first: 1, after: "MTIz") { totalCount } }'),
    code: 'PAGE_INVALID',
    message: 'after is not a cursor of this list',
    where: 'after',
  },
  {
    name: 'a name with control characters',
    send: register({ name: 'm\u0007\n' }),
    code: 'NAME_INVALID',
    message:
      '"m\\u0007\\n" is not a name. Start with a letter or digit; go on with letters, digits, spaces, dots, dashes or underscores; 100 characters at most.',
    where: 'name',
  },
  {
    name: 'a name that is a path',
    send: register({ name: '../m' }),
    code: 'NAME_INVALID',
    message:
      '"../m" is not a name. Start with a letter or digit; go on with letters, digits, spaces, dots, dashes or underscores; 100 characters at most.',
    where: 'name',
  },
  {
    name: 'a path and an upload',
    send: register({ upload: SHA }),
    code: 'SOURCE_INVALID',
    message: 'exactly one of upload and path is needed. Upload the bytes and pass their SHA-256.',
    where: 'upload',
  },
  {
    name: 'neither path nor upload',
    send: register({ path: null }),
    code: 'SOURCE_INVALID',
    message: 'exactly one of upload and path is needed. Upload the bytes and pass their SHA-256.',
    where: 'upload',
  },
  {
    name: 'an upload that is no SHA-256',
    send: register({ path: null, upload: '../../etc/passwd' }),
    code: 'SOURCE_INVALID',
    message: 'upload is not a SHA-256. Pass the sha256 that completeUpload returned.',
    where: 'upload',
  },
  {
    name: 'a path with a NUL',
    send: register({ path: '/tmp/m\0.onnx' }),
    code: 'SOURCE_INVALID',
    message: 'path has a NUL character. Pass the path of a file or folder.',
    where: 'path',
  },
  {
    name: 'preprocessing that is none',
    send: register({ preprocess: { channels: 'cmyk', range: [0, 2], mean: [0], std: [0] } }),
    code: 'PREPROCESS_INVALID',
    message:
      'channels: Invalid option: expected one of "rgb"|"bgr"|"grey"|"rgba"|"bgra"; range: Invalid input; std.0: Too small: expected number to be >=0.000001. { "channels": "rgb" | "bgr" | "grey" | "rgba" | "bgra", "range": [0, 255] | [0, 1], "mean": [...], "std": [...] }',
    where: 'preprocess',
  },
  {
    name: 'an idempotency key used for something else',
    send: async (world) => {
      const key = randomUUID();
      const launch = (name: string) =>
        mutation('registerDataset', () => ({ name, path: '/nonexistent', idempotencyKey: key }))(world);
      return (await launch('one')) ?? launch('two');
    },
    code: 'IDEMPOTENCY_KEY_REUSED',
    message: '"<uuid>" belongs to another IMPORT_DATASET request. Send a new key with a new request.',
    where: 'idempotencyKey',
  },
  ...BAD_PLAN_REQUESTS,
  ...BAD_TRAINING_REQUESTS,
  ...BAD_TRANSPORT_REQUESTS,
];
