import { randomUUID } from 'node:crypto';
import { createLogger, startWorker } from '@kneepoint/platform';
import { DEFAULT_REGRESSION, planPrune } from '@kneepoint/workflow';
import { measuredResult, YAW } from '@kneepoint/workflow/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flat, list } from '../testing/lists.ts';
import { digest, seedDataset, seedModel, seedRun, seedTinyModel } from '../testing/seed.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import { globalId } from './ids.ts';

let gateway: TestGateway;
let model: Awaited<ReturnType<typeof seedModel>>;
let dataset: Awaited<ReturnType<typeof seedDataset>>;
beforeAll(async () => {
  gateway = await openTestGateway();
  model = await seedModel(gateway);
  dataset = await seedDataset(gateway, [YAW]);
  await gateway.db.prisma.artifact.create({ data: { sha256: UPLOADED, bytes: 1, mediaType: 'x' } });
});
afterAll(() => gateway.close());

interface RunView {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly seq: number;
}

interface Payload {
  readonly run: RunView | null;
  readonly userErrors: readonly { code: string; field: string | null; message: string }[];
}

const PAYLOAD = '{ run { id kind state seq } userErrors { code field message } }';

async function mutate(name: string, input: object): Promise<Payload> {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
  const data = await gateway.query<Record<string, Payload>>(
    `mutation($input: ${type}!) { ${name}(input: $input) ${PAYLOAD} }`,
    { input },
  );
  return data[name]!;
}

async function control(name: 'cancelRun' | 'retryRun', id: string): Promise<Payload> {
  const data = await gateway.query<Record<string, Payload>>(`mutation($id: ID!) { ${name}(id: $id) ${PAYLOAD} }`, {
    id,
  });
  return data[name]!;
}

/** The sum of an upload that was completed. */
const UPLOADED = 'a'.repeat(64);

const analysis = (more = {}) => ({ model: model.globalId, dataset: dataset.globalId, ...more });

const inputOf = (name: string, more: object): object => {
  if (name === 'launchBenchmark') return { models: [model.globalId], ...more };
  return name.startsWith('launch') ? analysis(more) : more;
};

describe('a launch', () => {
  it.each<[string, object, string]>([
    ['registerModel', { name: 'net', path: '/tmp/net.onnx' }, 'IMPORT_MODEL'],
    ['registerDataset', { name: 'faces', upload: UPLOADED, group: 'person' }, 'IMPORT_DATASET'],
    ['launchAnalysis', {}, 'ANALYSIS'],
    ['launchPrune', { plan: { task: 'yaw' }, epsilons: [0.01, 0.1] }, 'PRUNE'],
    [
      'launchPrune',
      { plan: { task: 'yaw', layerEpsilon: [{ layer: 'conv1', epsilon: 0.2 }] }, epsilons: [0.01] },
      'PRUNE',
    ],
    [
      'launchPrune',
      {
        plan: { tasks: ['yaw'] },
        targets: [
          { kind: 'LATENCY', remove: 0.5 },
          { kind: 'MACS', atMost: 1e6 },
        ],
      },
      'PRUNE',
    ],
    [
      'launchPrune',
      {
        ...{ epsilons: [0.01], targets: [{ kind: 'MACS', remove: 0.5 }] },
        plan: {
          ...{ task: 'yaw', layer: 'conv1', minFilters: 2, layerMinFilters: [{ layer: 'conv1', minFilters: 4 }] },
          ...{ roundTo: 8, criterion: 'TAYLOR', decide: 'MEAN' },
        },
      },
      'PRUNE',
    ],
    ['launchCompression', { plan: { task: 'yaw' }, epsilons: [0.01], compare: ['L1', 'L2', 'RANDOM'] }, 'COMPRESSION'],
    ['launchFinetune', { tasks: ['yaw'], mode: 'SCRATCH', layer: 'conv1', training: { epochs: 1 } }, 'FINETUNE'],
    ['launchCompression', { plan: { task: 'yaw' }, epsilons: [0.01, 0.1], training: { patience: 0 } }, 'COMPRESSION'],
    [
      'launchCompression',
      { plan: { task: 'yaw' }, epsilons: [0.01], arms: ['FINETUNED'], training: null },
      'COMPRESSION',
    ],
    ['launchBenchmark', { batch: 8 }, 'BENCHMARK'],
    ['registerReproduction', { upload: UPLOADED }, 'REPRODUCTION'],
  ])('%s gives a queued run', async (name, input, kind) => {
    const { run, userErrors } = await mutate(name, inputOf(name, input));
    expect(userErrors).toEqual([]);
    expect(run).toMatchObject({ kind, state: 'QUEUED' });
  });

  it.each([
    ['launchPrune', { plan: { task: 'yaw', criterion: 'BN_SCALE' } }, 'plan.criterion'],
    ['launchCompression', { compare: ['L1', 'BN_SCALE'] }, 'compare'],
  ])(
    '%s by normalisation that the network does not have is refused before anything is computed',
    async (name, by, field) => {
      const { globalId: plain } = await seedTinyModel(gateway);
      const input = { model: plain, dataset: dataset.globalId, plan: { task: 'yaw' }, epsilons: [0.01], ...by };
      expect(await mutate(name, input)).toMatchObject({
        run: null,
        userErrors: [{ code: 'PLAN_NEEDS_NORMALISATION', field: `input.${field}` }],
      });
    },
  );

  it('repeated with its key is the same run, and with another input is refused', async () => {
    const idempotencyKey = randomUUID();
    const input = { name: 'once', path: '/tmp/once.onnx', idempotencyKey };
    const first = await mutate('registerModel', input);
    const again = await mutate('registerModel', input);
    expect(again.run!.id).toBe(first.run!.id);
    const other = await mutate('registerModel', { ...input, name: 'other' });
    expect(other).toMatchObject({
      run: null,
      userErrors: [{ code: 'IDEMPOTENCY_KEY_REUSED', field: 'input.idempotencyKey' }],
    });
    const without = await mutate('registerModel', { ...input, idempotencyKey: null });
    expect(without.run!.id).not.toBe(first.run!.id);
  });

  it('of the same tasks in another order, or twice, finds the same steps', async () => {
    const pair = await seedDataset(gateway, [YAW, { ...YAW, name: 'pitch' }]);
    const keys = async (tasks: string[] | null) => {
      const { run } = await mutate('launchAnalysis', { model: model.globalId, dataset: pair.globalId, tasks });
      const { id } = await gateway.db.prisma.run.findFirstOrThrow({ orderBy: { createdAt: 'desc' } });
      expect(globalId('Run', id)).toBe(run!.id);
      const steps = await gateway.db.prisma.step.findMany({ where: { runId: id }, orderBy: { position: 'asc' } });
      return steps.map(({ key }) => key);
    };
    const all = await keys(null);
    expect(await keys(['pitch', 'yaw', 'pitch'])).toEqual(all);
    expect(await keys(['pitch'])).not.toEqual(all);
  });

  it('of a training that says what the default is finds the same step, and otherwise another', async () => {
    const keyOf = async (training: object | null, more: object = {}) => {
      const { run } = await mutate('launchFinetune', analysis({ tasks: ['yaw'], training, ...more }));
      const { steps } = await gateway.db.prisma.run.findUniqueOrThrow({
        where: { id: Buffer.from(run!.id, 'base64url').toString().slice('Run:'.length) },
        include: { steps: true },
      });
      return steps.map(({ key }) => key).join();
    };
    const plain = await keyOf(null);
    expect(await keyOf({ batchSize: 32, optimizer: { kind: 'ADAM' }, seed: null })).toBe(plain);
    const others = await Promise.all([
      keyOf({ batchSize: 16 }),
      keyOf({ optimizer: { kind: 'ADAMW', weightDecay: 0.01 } }),
      keyOf({ schedule: { kind: 'STEP', everyEpochs: 5, factor: 0.1 } }),
      keyOf({ clipNorm: 0 }),
      keyOf({ patience: 0 }),
      keyOf({ flip: false }),
      keyOf({ crop: 0 }),
      keyOf(null, { mode: 'HEAD' }),
      keyOf(null, { layer: 'conv1' }),
      keyOf(null, { keepHead: true }),
    ]);
    expect(new Set([plain, ...others]).size).toBe(others.length + 1);
  });

  it('takes no path on a server that is not the user’s own', async () => {
    const remote = await openTestGateway({ allowLocalPaths: false });
    const { registerModel } = await remote.query<{ registerModel: Payload }>(
      `mutation { registerModel(input: { name: "net", path: "/etc/passwd" }) ${PAYLOAD} }`,
    );
    expect(registerModel).toEqual({
      run: null,
      userErrors: [
        {
          code: 'LOCAL_PATH_REFUSED',
          field: 'input.path',
          message: 'this server reads no local paths. Upload the bytes: createUpload, PUT, completeUpload.',
        },
      ],
    });
    await remote.close();
  });
});

describe('cancelRun and retryRun', () => {
  it('a queued run that is canceled has ended, and can be launched again as a new one', async () => {
    const { run } = await mutate('launchAnalysis', analysis());
    const canceled = await control('cancelRun', run!.id);
    expect(canceled).toMatchObject({ run: { id: run!.id, state: 'CANCELED' }, userErrors: [] });
    expect((await control('cancelRun', run!.id)).run).toEqual(canceled.run);
    const retried = await control('retryRun', run!.id);
    expect(retried.run).toMatchObject({ kind: 'ANALYSIS', state: 'QUEUED' });
    expect(retried.run!.id).not.toBe(run!.id);
    const fields = `${list('steps', 'name kind')} model { id }`;
    const data = await gateway.query(
      `query($a: ID!, $b: ID!) { a: run(id: $a) { ${fields} } b: run(id: $b) { ${fields} } }`,
      { a: run!.id, b: retried.run!.id },
    );
    const names = flat<Record<'a' | 'b', { steps: object[]; model: object }>>(data);
    expect(names.b).toEqual(names.a);
    expect(names.b.steps).toHaveLength(3);
  });

  it('a run that has not ended cannot be launched again', async () => {
    const { run } = await mutate('launchAnalysis', analysis());
    expect(await control('retryRun', run!.id)).toEqual({
      run: null,
      userErrors: [
        {
          code: 'RUN_NOT_RETRYABLE',
          field: 'id',
          message: 'the run is QUEUED. Retry a run that is FAILED, CANCELED or TIMED_OUT.',
        },
      ],
    });
  });
});

describe('runs', () => {
  /** Rows with few different times, so that pages end within ties. */
  async function seedMany(count: number): Promise<{ modelId: string; ids: string[] }> {
    const { id: modelId, globalId: owner } = await seedModel(gateway);
    const start = Date.UTC(2026, 0, 1);
    const rows = await gateway.db.prisma.run.createManyAndReturn({
      data: Array.from({ length: count }, (_, index) => ({
        kind: index % 2 === 0 ? 'ANALYSIS' : 'PRUNE',
        state: index % 5 === 0 ? 'FAILED' : 'SUCCEEDED',
        input: {},
        modelId,
        createdAt: new Date(start + Math.floor(index / 7)),
      })),
    });
    return { modelId: owner, ids: rows.map((row) => globalId('Run', row.id)) };
  }

  interface RunPage {
    readonly runs: {
      readonly totalCount: number;
      readonly edges: readonly { readonly node: { readonly id: string; readonly createdAt: string } }[];
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    };
  }

  async function pages(first: number, filter: object): Promise<RunPage['runs'][]> {
    const found: RunPage['runs'][] = [];
    let after: string | null = null;
    do {
      const { runs }: RunPage = await gateway.query<RunPage>(
        'query($first: Int!, $after: String, $filter: RunFilter) { runs(first: $first, after: $after, filter: $filter) { totalCount edges { node { id createdAt } } pageInfo { hasNextPage endCursor } } }',
        { first, after, filter },
      );
      found.push(runs);
      after = runs.pageInfo.hasNextPage ? runs.pageInfo.endCursor : null;
    } while (after !== null);
    return found;
  }

  it('250 runs come newest first in pages without a gap or a repetition, whatever the size of the page', async () => {
    const { modelId, ids } = await seedMany(250);
    for (const first of [100, 33, 50]) {
      const found = await pages(first, { model: modelId });
      expect(found.map((page) => page.edges.length)).toEqual([
        ...Array.from({ length: Math.ceil(250 / first) - 1 }, () => first),
        250 % first || first,
      ]);
      expect(found.every((page) => page.totalCount === 250)).toBe(true);
      const nodes = found.flatMap((page) => page.edges.map(({ node }) => node));
      expect(nodes.map(({ id }) => id).sort()).toEqual([...ids].sort());
      const times = nodes.map(({ createdAt }) => createdAt);
      expect(times).toEqual([...times].sort().reverse());
    }
  });

  it('a run launched while somebody reads on moves nothing', async () => {
    const { modelId } = await seedMany(20);
    const before = await pages(10, { model: modelId });
    const after = before[0]!.pageInfo.endCursor;
    await seedRun(gateway, { modelId: Buffer.from(modelId, 'base64url').toString().slice('Model:'.length) });
    const next = await gateway.query<RunPage>(
      'query($after: String, $model: ID) { runs(first: 10, after: $after, filter: { model: $model }) { totalCount edges { node { id createdAt } } pageInfo { hasNextPage endCursor } } }',
      { after, model: modelId },
    );
    expect(next.runs.edges).toEqual(before[1]!.edges);
  });

  it('a filter matches every field that it names', async () => {
    const { modelId } = await seedMany(70);
    const count = async (filter: object) => (await pages(100, { model: modelId, ...filter }))[0]!.totalCount;
    expect(await count({ kind: 'PRUNE' })).toBe(35);
    expect(await count({ states: ['FAILED'] })).toBe(14);
    expect(await count({ kind: 'ANALYSIS', states: ['FAILED'] })).toBe(7);
    expect(await count({ dataset: dataset.globalId })).toBe(0);
  });

  it('a list of 50 with steps, attempts, progress, model and data set costs a statement for each of these, lists one for 25 runs', async () => {
    const { id: modelId, globalId: owner } = await seedModel(gateway);
    const request = { modelId, datasetId: dataset.id };
    for (let index = 0; index < 50; index++) await seedRun(gateway, request);
    let runs: { steps: object[]; model: object; dataset: object }[] = [];
    const statements = await gateway.statementsOf(async () => {
      const data = await gateway.query(
        `query($model: ID) { runs(first: 50, filter: { model: $model }) { totalCount edges { node {
          id progress { fraction } steps(first: 20) { totalCount edges { node { name attempts(first: 5) { edges { node { number } } } } } }
          attempts(first: 20) { edges { node { number } } } model { name } dataset { name } } } } }`,
        { model: owner },
      );
      ({ runs } = flat<{ runs: typeof runs }>(data));
    });
    expect(runs).toHaveLength(50);
    for (const node of runs) {
      expect(node).toMatchObject({ model: { name: 'net' }, dataset: { name: 'faces' } });
      expect(node.steps).toHaveLength(2);
    }
    const tables = statements.map((statement) => /FROM "public"\."(\w+)"/.exec(statement)![1]);
    // Progress, steps and how many they are; attempts of runs and of steps. Lists are read for 25 runs at a time, so that others get in
    // between; what is read of a run itself is one statement for all.
    expect(count(tables)).toEqual({ run: 2, model: 1, dataset: 1, step: 5, attempt: 3 });
    // The input of a step may name thousands of shards.
    expect(statements.join()).not.toMatch(/"step"\."(in|out)put"|position, kind, (in|out)put/);
  });
});

it('a run shows what its steps did: progress, attempts in order, failures, and what a pruning left', async () => {
  const steps = planPrune({
    model,
    dataset,
    tasks: [YAW],
    settings: { ...DEFAULT_REGRESSION, seed: 77 },
    options: [{ epsilon: 0.05 }],
  });
  const last = steps.at(-1)!;
  const run = await seedRun(gateway, {
    kind: 'PRUNE',
    modelId: model.id,
    datasetId: dataset.id,
    steps: [{ ...last, dependsOn: [] }],
  });
  const id = globalId('Run', run.id);
  let tries = 0;
  const { db, bus, store } = gateway;
  const report = measuredResult({ task: 'yaw', epsilon: 0.05 });
  const worker = await startWorker({
    db,
    bus,
    store,
    log: createLogger({ service: 'test', level: 'silent' }),
    service: last.service,
    retryDelayMs: 10,
    handlers: {
      [last.kind]: async ({ store: artifacts }) => {
        tries += 1;
        if (tries === 1) throw new Error('the first try fails');
        const pruned = await artifacts.put(Buffer.from(digest()));
        const written = await artifacts.put(Buffer.from(JSON.stringify(report)));
        return { output: { modelSha256: pruned.sha256, reportSha256: written.sha256, report } };
      },
    },
  });
  const QUERY = `query($id: ID!) { run(id: $id) { state failure { code }
    progress { fraction stepsDone stepsTotal current done total }
    ${list('steps', `state ${list('attempts', 'number outcome failure { code }')}`)} ${list('attempts', 'number')}
    ${list('prunings', 'label epsilon result { label task } model { bytes downloadUrl }')} } }`;
  interface View {
    run: {
      state: string;
      progress: object;
      steps: object[];
      attempts: object[];
      prunings: { result: object; model: { downloadUrl: string } }[];
    };
  }
  await expect
    .poll(async () => (await gateway.query<View>(QUERY, { id })).run.state, { timeout: 15_000 })
    .toMatch(/SUCCEEDED|FAILED/);
  await worker.stop({ graceMs: 100 });
  const { run: view } = flat<View>(await gateway.query(QUERY, { id }));
  expect(view.state).toBe('SUCCEEDED');
  expect(view.progress).toEqual({ fraction: 1, stepsDone: 1, stepsTotal: 1, current: null, done: null, total: null });
  expect(view.steps).toEqual([
    {
      state: 'SUCCEEDED',
      attempts: [
        { number: 1, outcome: 'FAILED', failure: { code: 'INTERNAL' } },
        { number: 2, outcome: 'SUCCEEDED', failure: null },
      ],
    },
  ]);
  expect(view.attempts).toEqual([{ number: 1 }, { number: 2 }]);
  expect(view.prunings).toMatchObject([{ label: '0.05', epsilon: 0.05, result: { label: '0.05', task: 'yaw' } }]);
  const file = await fetch(view.prunings[0]!.model.downloadUrl);
  expect(file.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''net-yaw-0.05.onnx");
});

function count(names: readonly (string | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name!] = (counts[name!] ?? 0) + 1;
  return counts;
}
