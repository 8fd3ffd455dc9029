import { YAW } from '@kneepoint/workflow/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { globalId } from '../domain/ids.ts';
import { seedDataset, seedModel } from '../testing/seed.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';

let gateway: TestGateway;
let ids: { model: string; dataset: string };
beforeAll(async () => {
  gateway = await openTestGateway();
  const model = await seedModel(gateway);
  const dataset = await seedDataset(gateway, [YAW]);
  ids = { model: model.globalId, dataset: dataset.globalId };
});
afterAll(() => gateway.close());

type Row = readonly [what: string, query: string, code: string, where: string | null, message: string | RegExp];

const curves = (change: object = {}) => call('characteristicCurves', { ...ids, task: 'yaw', ...change }, '{ layer }');
const matrix = (change: object = {}) =>
  call('taskRelationships', { models: [ids.model], dataset: ids.dataset, ...change }, '{ tasks }');
const plan = (change: object = {}, planned: object = {}) => {
  const input = { ...ids, plan: { task: 'yaw', ...planned }, epsilon: 0.1, ...change };
  return call('compressionPlan', { input }, '{ bestLayer }');
};

/** A field with its arguments written out as GraphQL literals. */
function call(field: string, args: object, selection: string): string {
  return `{ ${field}(${members(args)}) ${selection} }`;
}

function members(value: object): string {
  return Object.entries(value)
    .map(([name, member]) => `${name}: ${literal(member)}`)
    .join(' ');
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(' ')}]`;
  return typeof value === 'object' && value !== null ? `{ ${members(value)} }` : JSON.stringify(value);
}

const NOTHING = 'nothing';
const cursor = (text: string) => Buffer.from(text).toString('base64url');

describe('a query is refused with its code, its field and what would be right', () => {
  const rows = (): Row[] => [
    ['a garbled id', '{ run(id: "%%%") { id } }', 'ID_INVALID', 'id', '"%%%" is not an id of this server'],
    ['an empty id', '{ node(id: "") { id } }', 'ID_INVALID', 'id', '"" is not an id of this server'],
    [
      'the id of something else',
      `{ model(id: "${ids.dataset}") { id } }`,
      'ID_INVALID',
      'id',
      `"${ids.dataset}" is the id of a Dataset, not of a Model`,
    ],
    [
      'a filter by the id of something else',
      `{ runs(first: 1, filter: { model: "${ids.dataset}" }) { totalCount } }`,
      'ID_INVALID',
      'filter.model',
      /is the id of a Dataset, not of a Model$/,
    ],
    ['an empty page', '{ runs(first: 0) { totalCount } }', 'PAGE_INVALID', 'first', 'first is 0'],
    ['a page too large', '{ models(first: 101) { totalCount } }', 'PAGE_INVALID', 'first', 'first is 101'],
    ...['x', cursor('no time'), cursor('-100000-01-01T00:00:00.000Z a'), cursor('2026-13-01T00:00:00.000Z a')].map(
      (after): Row => [
        `the cursor ${after}`,
        `{ datasets(first: 1, after: "${after}") { totalCount } }`,
        'PAGE_INVALID',
        'after',
        'after is not a cursor of this list',
      ],
    ),
    [
      'a model that is not there',
      curves({ model: globalId('Model', NOTHING) }),
      'MODEL_UNKNOWN',
      'model',
      `no model has the id ${globalId('Model', NOTHING)}`,
    ],
    [
      'a data set that is not there',
      plan({ dataset: globalId('Dataset', NOTHING) }),
      'DATASET_UNKNOWN',
      'dataset',
      `no data set has the id ${globalId('Dataset', NOTHING)}`,
    ],
    ['a task that is not there', curves({ task: 'age' }), 'TASK_UNKNOWN', 'task', 'data set "faces" has no task "age"'],
    ['a column that is not there', matrix({ tasks: ['age'] }), 'TASK_UNKNOWN', 'tasks', /no task "age"/],
    ['no column', matrix({ tasks: [] }), 'TASKS_COUNT', 'tasks', 'no task was asked for'],
    ['no row', matrix({ models: [] }), 'MODELS_COUNT', 'models', '0 models were asked for'],
    [
      'too many rows',
      matrix({ models: Array.from({ length: 51 }, () => ids.model) }),
      'MODELS_COUNT',
      'models',
      '51 models were asked for',
    ],
    [
      'a layer that is not there',
      matrix({ layer: 'conv9' }),
      'LAYER_UNKNOWN',
      'layer',
      '"net" has no layer "conv9" that can be read',
    ],
    ['a curve of one point', curves({ maxPoints: 1 }), 'POINTS_INVALID', 'maxPoints', 'maxPoints is 1'],
    ['ε = 0', plan({ epsilon: 0 }), 'EPSILON_INVALID', 'epsilon', 'ε is 0'],
    ['ε = 1', plan({ epsilon: 1 }), 'EPSILON_INVALID', 'epsilon', 'ε is 1'],
    [
      'ε of its own for a layer that is not there',
      plan({}, { layerEpsilon: [{ layer: 'conv9', epsilon: 0.1 }] }),
      'LAYER_UNKNOWN',
      'plan.layerEpsilon',
      /no layer "conv9"/,
    ],
    ['less than one filter', plan({}, { minFilters: 0 }), 'MIN_FILTERS_INVALID', 'plan.minFilters', 'minFilters is 0'],
    [
      'curves before an analysis',
      curves(),
      'ANALYSIS_MISSING',
      'task',
      '"net" has not been analysed for "yaw" on "faces" (0 of 2 layers are done)',
    ],
  ];

  it('for everything in the table', async () => {
    for (const [what, query, code, where, message] of rows()) {
      const { data, errors } = await gateway.post(query);
      expect(data ?? null, what).toSatisfy(
        (value: unknown) => value === null || Object.values(value as object)[0] === null,
      );
      expect(errors, what).toHaveLength(1);
      const [error] = errors!;
      expect(error!.extensions, what).toEqual({
        code,
        ...(where === null ? {} : { where }),
        fix: expect.any(String) as string,
        retryable: false,
        requestId: expect.any(String) as string,
      });
      if (typeof message === 'string') expect(error!.message, what).toBe(message);
      else expect(error!.message, what).toMatch(message);
    }
    expect(gateway.log.join('')).not.toContain('a resolver failed');
  });
});

describe('a mutation says in its payload what the caller can put right', () => {
  const register = (change: object) => ({ name: 'net', path: '/tmp/net.onnx', ...change });
  const prune = (change: object) => ({ ...ids, plan: { task: 'yaw' }, epsilons: [0.1], ...change });
  const finetune = (change: object) => ({ ...ids, tasks: ['yaw'], ...change });
  const train = (training: object) => finetune({ training });
  const OPTION = 'TRAINING_OPTION_INVALID';
  const rows = (): [string, string, object, string, string, string | RegExp][] => [
    [
      'a name that is a path',
      'registerModel',
      register({ name: '../net' }),
      'NAME_INVALID',
      'name',
      /^"\.\.\/net" is not a name\. /,
    ],
    [
      'no bytes',
      'registerModel',
      register({ path: null }),
      'SOURCE_INVALID',
      'upload',
      /^exactly one of upload and path/,
    ],
    [
      'bytes twice',
      'registerDataset',
      register({ upload: 'a'.repeat(64) }),
      'SOURCE_INVALID',
      'upload',
      /^exactly one/,
    ],
    [
      'an upload that was never completed',
      'registerModel',
      register({ path: null, upload: 'a'.repeat(64) }),
      'ARTIFACT_UNKNOWN',
      'upload',
      /^no completed upload has the sum a+\. /i,
    ],
    [
      'an upload without a digest',
      'registerModel',
      register({ path: null, upload: 'x' }),
      'SOURCE_INVALID',
      'upload',
      /^upload is not a SHA-256\. /,
    ],
    [
      'pixels that are none',
      'registerModel',
      register({ preprocess: { channels: 'cmyk' } }),
      'PREPROCESS_INVALID',
      'preprocess',
      /channels/,
    ],
    [
      'an endless key',
      'registerModel',
      register({ idempotencyKey: 'k'.repeat(201) }),
      'NAME_INVALID',
      'idempotencyKey',
      /is not an idempotency key/,
    ],
    [
      'an empty key',
      'registerModel',
      register({ idempotencyKey: '' }),
      'NAME_INVALID',
      'idempotencyKey',
      /is not an idempotency key/,
    ],
    [
      'a key with a NUL',
      'registerModel',
      register({ idempotencyKey: 'a\0' }),
      'NAME_INVALID',
      'idempotencyKey',
      /is not an idempotency key/,
    ],
    ['no task', 'launchAnalysis', { ...ids, tasks: [] }, 'TASKS_COUNT', 'tasks', /^no task was asked for\. /],
    ['another task', 'launchAnalysis', { ...ids, tasks: ['age'] }, 'TASK_UNKNOWN', 'tasks', /Choose one of: yaw\.$/],
    ['no ε', 'launchPrune', prune({ epsilons: [] }), 'EPSILON_INVALID', 'epsilons', /^epsilons has 0 entries\. /],
    [
      'an ε twice',
      'launchPrune',
      prune({ epsilons: [0.1, 0.1] }),
      'EPSILON_INVALID',
      'epsilons',
      /^ε = 0.1 is there twice\. /,
    ],
    ['an ε above 1', 'launchPrune', prune({ epsilons: [0.1, 2] }), 'EPSILON_INVALID', 'epsilons', /^ε is 2\. /],
    [
      'another layer',
      'launchPrune',
      prune({ plan: { task: 'yaw', layer: 'conv9' } }),
      'LAYER_UNKNOWN',
      'plan.layer',
      /Choose one of: conv1, conv2\.$/,
    ],
    ['no network', 'launchFinetune', finetune({ model: null }), 'SOURCE_INVALID', 'model', /^exactly one of model and/],
    [
      'two networks',
      'launchFinetune',
      finetune({ artifact: 'a'.repeat(64) }),
      'SOURCE_INVALID',
      'model',
      /^exactly one of model and/,
    ],
    [
      'a network that nobody made',
      'launchFinetune',
      finetune({ model: null, artifact: 'a'.repeat(64) }),
      'ARTIFACT_UNKNOWN',
      'artifact',
      /^no pruning or training made "a+"\. /,
    ],
    [
      'a teacher that is no network',
      'launchFinetune',
      finetune({ distill: { artifact: "' OR 1=1" } }),
      'ARTIFACT_UNKNOWN',
      'distill.artifact',
      /^no pruning or training made/,
    ],
    ['no task to train', 'launchFinetune', finetune({ tasks: [] }), 'TASKS_COUNT', 'tasks', /^no task was asked for/],
    [
      'a layer for a head that stays',
      'launchFinetune',
      finetune({ layer: 'conv1', keepHead: true }),
      OPTION,
      'layer',
      /but the head stays/,
    ],
    [
      'no epoch',
      'launchFinetune',
      train({ epochs: 0 }),
      OPTION,
      'training.epochs',
      /^epochs is 0\. Pass a whole number from 1 to /,
    ],
    [
      'an endless training',
      'launchFinetune',
      train({ epochs: 100_000 }),
      OPTION,
      'training.epochs',
      /^epochs is 100000\. /,
    ],
    ['no image', 'launchFinetune', train({ batchSize: 0 }), OPTION, 'training.batchSize', /^batchSize is 0\. /],
    [
      'a rate of 0',
      'launchFinetune',
      train({ learningRate: 0 }),
      OPTION,
      'training.learningRate',
      /^learningRate is 0\. /,
    ],
    ['a crop of everything', 'launchFinetune', train({ crop: 1 }), OPTION, 'training.crop', /^augment\.crop is 1\. /],
    [
      'a negative patience',
      'launchFinetune',
      train({ patience: -1 }),
      OPTION,
      'training.patience',
      /^patience is -1\. /,
    ],
    [
      'momentum of an optimizer that has its own',
      'launchFinetune',
      train({ optimizer: { kind: 'ADAM', momentum: 0.9 } }),
      OPTION,
      'training.optimizer.momentum',
      /^adam takes no momentum\. /,
    ],
    [
      'steps without a size',
      'launchFinetune',
      train({ schedule: { kind: 'STEP', everyEpochs: 3 } }),
      OPTION,
      'training.schedule.factor',
      /^factor is missing\. /,
    ],
    [
      'steps of a constant',
      'launchFinetune',
      train({ schedule: { kind: 'CONSTANT', factor: 0.1 } }),
      OPTION,
      'training.schedule.factor',
      /of no use to a constant schedule/,
    ],
    [
      'a frozen layer that is not there',
      'launchFinetune',
      train({ freeze: ['conv9'] }),
      'LAYER_UNKNOWN',
      'training.freeze',
      /^"net" has no layer "conv9"\. /,
    ],
    [
      'a compression without ε',
      'launchCompression',
      prune({ epsilons: [] }),
      'EPSILON_INVALID',
      'epsilons',
      /^epsilons has 0/,
    ],
    [
      'a compression that trains for 0 epochs',
      'launchCompression',
      prune({ training: { epochs: 0 } }),
      OPTION,
      'training.epochs',
      /^epochs is 0\. /,
    ],
    [
      'nothing to time',
      'launchBenchmark',
      { models: [] },
      'BENCHMARK_OPTION_INVALID',
      'models',
      /^networks to time: 0\. Pass 1 to 20\.$/,
    ],
    [
      'an endless benchmark',
      'launchBenchmark',
      { models: [ids.model], runs: 1e6 },
      'BENCHMARK_OPTION_INVALID',
      'runs',
      /^runs: 1000000\. /,
    ],
    [
      'a batch of nothing',
      'launchBenchmark',
      { models: [ids.model], batch: 0 },
      'BENCHMARK_OPTION_INVALID',
      'batch',
      /^batch: 0\. /,
    ],
  ];

  it('for everything in the table, and launches nothing', async () => {
    for (const [what, name, input, code, field, message] of rows()) {
      const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
      const data = await gateway.query<Record<string, object>>(
        `mutation($input: ${type}!) { ${name}(input: $input) { run { id } userErrors { code field message } } }`,
        { input },
      );
      expect(data[name], what).toEqual({
        run: null,
        userErrors: [
          { code, field: field === null ? null : `input.${field}`, message: expect.stringMatching(message) as string },
        ],
      });
    }
    for (const name of ['cancelRun', 'retryRun']) {
      const id = globalId('Run', NOTHING);
      expect(await gateway.query(`mutation { ${name}(id: "${id}") { run { id } userErrors { code field } } }`)).toEqual(
        {
          [name]: { run: null, userErrors: [{ code: 'RUN_UNKNOWN', field: 'id' }] },
        },
      );
    }
    expect(await gateway.db.prisma.run.count()).toBe(0);
  });
});

it('what is not there is null where it was asked for by its id', async () => {
  const asked = ['Model', 'Dataset', 'Run'].map(
    (type) => `${type.toLowerCase()}(id: "${globalId(type as 'Run', NOTHING)}") { id }`,
  );
  expect(await gateway.query(`{ ${asked.join(' ')} node(id: "${globalId('Run', NOTHING)}") { id } }`)).toEqual({
    model: null,
    dataset: null,
    run: null,
    node: null,
  });
});

it('anything is found again as a node by the id that it showed', async () => {
  const { a, b } = await gateway.query<{ a: object; b: object }>(
    `{ a: node(id: "${ids.model}") { id __typename ... on Model { name } } b: node(id: "${ids.dataset}") { id __typename ... on Dataset { images } } }`,
  );
  expect(a).toEqual({ id: ids.model, __typename: 'Model', name: 'net' });
  expect(b).toEqual({ id: ids.dataset, __typename: 'Dataset', images: 240 });
});
