import { randomUUID } from 'node:crypto';
import { signPath } from '@kneepoint/platform';
import type { Outcome } from './outcome.ts';
import { type Server, SIGNING_KEY } from './server.ts';

/** What a row may refer to: things that were imported before. */
export interface World {
  readonly server: Server;
  readonly model: string;
  readonly dataset: string;
}

export interface BadRequest extends Outcome {
  readonly name: string;
  readonly send: (world: World) => Promise<Outcome | null>;
}

const USER_ERRORS = 'run { id } userErrors { code field message }';

const mutation =
  (field: string, input: (world: World) => object) =>
  (world: World): Promise<Outcome | null> => {
    const type = `${field[0]!.toUpperCase()}${field.slice(1)}Input`;
    const document = `mutation($input: ${type}!) { ${field}(input: $input) { ${USER_ERRORS} } }`;
    return world.server.refusal(document, { input: input(world) });
  };

const query =
  (document: string, variables: (world: World) => object = () => ({})) =>
  (world: World): Promise<Outcome | null> =>
    world.server.refusal(document, variables(world));

const prune = (change: object) =>
  mutation('launchPrune', ({ model, dataset }) => ({ model, dataset, task: 'score', epsilons: [0.01], ...change }));

const finetune = (change: object) =>
  mutation('launchFinetune', ({ model, dataset }) => ({ model, dataset, tasks: ['score'], ...change }));

const compress = (change: object) =>
  mutation('launchCompression', ({ model, dataset }) => ({
    model,
    dataset,
    task: 'score',
    epsilons: [0.01],
    ...change,
  }));

const plan = (change: object) =>
  query(
    'query($input: CompressionPlanInput!) { compressionPlan(input: $input) { bestLayer } }',
    ({ model, dataset }) => ({
      input: { model, dataset, task: 'score', epsilon: 0.01, ...change },
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

/** A plain HTTP request; the status stands before the message. */
const http =
  (path: (world: World) => string | Promise<string>, init: RequestInit) =>
  async (world: World): Promise<Outcome> => {
    const response = await fetch(new URL(await path(world), world.server.url), init);
    const { code = 'NONE', message = '', where = null } = (await response.json()) as Partial<Outcome>;
    return { code, message: `${response.status} ${message}`, where };
  };

const UPLOAD =
  'mutation($bytes: SafeInt!) { createUpload(bytes: $bytes) { upload { id url } userErrors { code field message } } }';

async function createUpload({ server }: World, bytes: number): Promise<{ id: string; url: string }> {
  const { data } = await server.post(UPLOAD, { bytes });
  return (data!.createUpload as { upload: { id: string; url: string } }).upload;
}

const COMPLETE =
  'mutation($id: ID!, $sha256: String!) { completeUpload(id: $id, sha256: $sha256) { sha256 userErrors { code field message } } }';
const SHA = 'ab'.repeat(32);
const PUT = { method: 'PUT', headers: { 'content-type': 'application/octet-stream' } } as const;

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
      'query($model: ID!, $dataset: ID!) { compressionPlan(input: { model: $model, dataset: $dataset, task: "score", epsilon: 1e999 }) { bestLayer } }',
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
    send: prune({ layerEpsilon: [{ layer: 'conv9', epsilon: 0.1 }] }),
    code: 'LAYER_UNKNOWN',
    message: '"good" has no layer "conv9" that can be read. Choose one of: conv1, conv2.',
    where: 'layerEpsilon',
  },
  {
    name: 'fewer than one filter',
    send: prune({ minFilters: 0 }),
    code: 'MIN_FILTERS_INVALID',
    message: 'minFilters is 0. Pass 1 or more.',
    where: 'minFilters',
  },
  {
    name: 'a task that is not there',
    send: prune({ task: 'age' }),
    code: 'TASK_UNKNOWN',
    message: 'data set "good" has no task "age". Choose one of: who, score.',
    where: 'task',
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
    send: plan({ layer: 'conv9' }),
    code: 'LAYER_UNKNOWN',
    message: '"good" has no layer "conv9" that can be read',
    where: 'layer',
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
    message: 'after is not a cursor of this server',
    where: 'after',
  },
  {
    name: 'a training of no network',
    send: finetune({ model: null }),
    code: 'SOURCE_INVALID',
    message:
      'exactly one of model and artifact is needed. Pass the id of a model, or the SHA-256 of a network that a pruning or training made.',
    where: 'model',
  },
  {
    name: 'a training of bytes that are no network of this server',
    send: finetune({ model: null, artifact: '../../etc/passwd' }),
    code: 'ARTIFACT_UNKNOWN',
    message:
      'no pruning or training made "../../etc/passwd". Pass the sha256 of the model of a pruning, training or compression.',
    where: 'artifact',
  },
  {
    name: 'a training of no epoch',
    send: finetune({ training: { epochs: 0 } }),
    code: 'TRAINING_OPTION_INVALID',
    message: 'epochs is 0. Pass a whole number from 1 to 10000.',
    where: 'training.epochs',
  },
  {
    name: 'a training with an infinite rate',
    send: query(
      'mutation($model: ID!, $dataset: ID!) { launchFinetune(input: { model: $model, dataset: $dataset, tasks: ["score"], training: { learningRate: 1e999 } }) { run { id } userErrors { code field message } } }',
      ({ model, dataset }) => ({ model, dataset }),
    ),
    code: 'TRAINING_OPTION_INVALID',
    message: 'learningRate is Infinity. Pass a number from 1e-9 to 100.',
    where: 'training.learningRate',
  },
  {
    name: 'a training in a mode that is none',
    send: finetune({ mode: 'ALL' }),
    code: 'BAD_USER_INPUT',
    message:
      'Variable "$input" got invalid value "ALL" at "input.mode"; Value "ALL" does not exist in "TrainingMode" enum.',
    where: null,
  },
  {
    name: 'a training that freezes a layer that is not there',
    send: finetune({ training: { freeze: ['conv9'] } }),
    code: 'LAYER_UNKNOWN',
    message: '"good" has no layer "conv9". Choose of: conv1, conv2, logits.',
    where: 'training.freeze',
  },
  {
    name: 'a compression with an arm that is none',
    send: compress({ arms: ['TEACHER'] }),
    code: 'BAD_USER_INPUT',
    message:
      'Variable "$input" got invalid value "TEACHER" at "input.arms[0]"; Value "TEACHER" does not exist in "CompressionArm" enum.',
    where: null,
  },
  {
    name: 'a compression that trains in batches of a million',
    send: compress({ training: { batchSize: 1e6 } }),
    code: 'TRAINING_OPTION_INVALID',
    message: 'batchSize is 1000000. Pass a whole number from 1 to 4096.',
    where: 'training.batchSize',
  },
  {
    name: 'a benchmark of nothing',
    send: mutation('launchBenchmark', () => ({})),
    code: 'BENCHMARK_OPTION_INVALID',
    message: 'networks to time: 0. Pass 1 to 20.',
    where: 'models',
  },
  {
    name: 'a benchmark without end',
    send: mutation('launchBenchmark', ({ model }) => ({ models: [model], runs: 2 ** 31 - 1 })),
    code: 'BENCHMARK_OPTION_INVALID',
    message: 'runs: 2147483647. Pass 1 to 10000.',
    where: 'runs',
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
      'channels: Invalid option: expected one of "rgb"|"bgr"|"grey"; range: Invalid input; std.0: Too small: expected number to be >=0.000001. { "channels": "rgb" | "bgr" | "grey", "range": [0, 255] | [0, 1], "mean": [...], "std": [...] }',
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
  {
    name: 'an upload of 65 GiB',
    send: query(UPLOAD, () => ({ bytes: 65 * 2 ** 30 })),
    code: 'UPLOAD_SIZE',
    message: '69793218560 bytes were announced. Announce 1 to 68719476736 bytes.',
    where: 'bytes',
  },
  {
    name: 'an upload that was never made',
    send: query(COMPLETE, () => ({ id: '0'.repeat(8) + '-0000-4000-8000-000000000000', sha256: SHA })),
    code: 'STORE_NOT_FOUND',
    message: 'There is nothing at uploads/<uuid>',
    where: 'uploads/<uuid>',
  },
  {
    name: 'an upload of other bytes than were promised',
    send: async (world) => {
      const { id, url } = await createUpload(world, 3);
      await fetch(url, { ...PUT, body: 'abc' });
      return world.server.refusal(COMPLETE, { id, sha256: SHA });
    },
    code: 'UPLOAD_INVALID',
    message:
      'sha256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad arrived where abababababababababababababababababababababababababababababababab was announced. Ask for a new upload and send the file whose sha256 was announced.',
    where: '<uuid>',
  },
  {
    name: 'an upload longer than announced',
    send: async (world) => http(async () => (await createUpload(world, 3)).url, { ...PUT, body: 'abcd' })(world),
    code: 'UPLOAD_INVALID',
    message: '400 The request has 4 bytes where 3 were announced',
    where: '<uuid>',
  },
  {
    name: 'an upload address with another size',
    send: async (world) =>
      http(async () => (await createUpload(world, 3)).url.replace('bytes=3', 'bytes=4'), { ...PUT, body: 'abcd' })(
        world,
      ),
    code: 'URL_SIGNATURE_INVALID',
    message: '403 The signature does not match this address',
    where: '/uploads/<uuid>',
  },
  {
    name: 'a download address that nobody signed',
    send: http(() => `/artifacts/${SHA}?expires=99999999999&signature=00`, {}),
    code: 'URL_SIGNATURE_INVALID',
    message: '403 The signature does not match this address',
    where: '/artifacts/abababababababababababababababababababababababababababababababab',
  },
  {
    name: 'a download address past its time',
    send: http(
      () => signPath({ method: 'GET', path: `/artifacts/${SHA}`, parameters: {}, expires: 1_000_000_000 }, SIGNING_KEY),
      {},
    ),
    code: 'URL_EXPIRED',
    message: '403 The address was valid until 2001-09-09T01:46:40.000Z',
    where: '/artifacts/abababababababababababababababababababababababababababababababab',
  },
  {
    name: 'a download of something that is not there',
    send: http(
      () =>
        signPath({ method: 'GET', path: `/artifacts/${SHA}`, parameters: {}, expires: 99_999_999_999 }, SIGNING_KEY),
      {},
    ),
    code: 'STORE_NOT_FOUND',
    message: '404 There is nothing at abababababababababababababababababababababababababababababababab',
    where: 'abababababababababababababababababababababababababababababababab',
  },
  {
    name: 'a download of something that is no artifact',
    send: http(
      () =>
        signPath(
          { method: 'GET', path: '/artifacts/..%2fdatabase', parameters: {}, expires: 99_999_999_999 },
          SIGNING_KEY,
        ),
      {},
    ),
    code: 'STORE_ADDRESS_INVALID',
    message: '400 "..%2fdatabase" is not a sha256',
    where: '..%2fdatabase',
  },
  {
    name: 'a query too deep',
    send: query(`{ node(id: "x") { ${'... on Node { '.repeat(16)} id ${'}'.repeat(16)} } }`),
    code: 'GRAPHQL_VALIDATION_FAILED',
    message: 'Syntax Error: Query depth limit of 14 exceeded, found 18.',
    where: null,
  },
  {
    name: 'a query of the schema that winds through itself',
    send: query(`{ __schema { types { ${'fields { type { '.repeat(5)} name ${'} }'.repeat(5)} } } }`),
    code: 'GRAPHQL_VALIDATION_FAILED',
    message: 'Maximum introspection depth exceeded',
    where: null,
  },
  {
    name: 'a query with too many aliases',
    send: query(`{ ${Array.from({ length: 80 }, (_, i) => `a${i}: models(first: 1) { totalCount }`).join(' ')} }`),
    code: 'GRAPHQL_VALIDATION_FAILED',
    message: 'Syntax Error: Aliases limit of 60 exceeded, found 80.',
    where: null,
  },
  {
    name: 'a query with a typing error',
    send: query('{ modles(first: 1) { totalCount } }'),
    code: 'GRAPHQL_VALIDATION_FAILED',
    message: 'Cannot query field "modles" on type "Query". Did you mean "models", "model", or "node"?',
    where: null,
  },
  {
    name: 'a body too large',
    send: http(() => '/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: ' '.repeat(2 ** 20) }),
    }),
    code: 'REQUEST_INVALID',
    message: '413 Request body is too large',
    where: null,
  },
  {
    name: 'a body that is not JSON',
    send: http(() => '/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":',
    }),
    code: 'REQUEST_INVALID',
    message: "400 Body is not valid JSON but content-type is set to 'application/json'",
    where: null,
  },
];
