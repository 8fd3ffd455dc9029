import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger, startWorker, type StepHandler, storedJson } from '@kneepoint/platform';
import {
  DEFAULT_REGRESSION,
  type EpochRecord,
  FINETUNE,
  type FinetuneOutput,
  type FinetunePosition,
  planBenchmark,
  planCompress,
  planFinetune,
  PRUNE,
  REPORT,
} from '@kneepoint/workflow';
import { measuredResult, YAW } from '@kneepoint/workflow/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flat, list } from '../testing/lists.ts';
import { digest, seedDataset, seedModel, seedRun } from '../testing/seed.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import { globalId, localId } from './ids.ts';

let gateway: TestGateway;
let model: Awaited<ReturnType<typeof seedModel>>;
let dataset: Awaited<ReturnType<typeof seedDataset>>;
beforeAll(async () => {
  gateway = await openTestGateway();
  model = await seedModel(gateway);
  dataset = await seedDataset(gateway, [YAW]);
});
afterAll(() => gateway.close());

const epochs = (count: number): EpochRecord[] =>
  Array.from({ length: count }, (_, epoch) => ({
    epoch,
    loss: epoch === 0 ? null : 1 / epoch,
    validationLoss: 2 / (epoch + 1),
    metric: 10 - epoch,
    learningRate: 0.001,
    imagesPerSecond: 120,
    seconds: 1.5,
  }));

const OUTPUT: Omit<FinetuneOutput, 'modelSha256'> = {
  tasks: [
    {
      ...{ task: 'yaw', metric: 'rmse', higherIsBetter: false, validation: 8, test: 8.5, chance: 20 },
      ...{
        interval: { low: 1, high: 2, standardError: 0.2, drawn: 'subject' },
        draws: [8.5, 8.7],
        others: {},
        thresholds: [],
      },
      breakdown: { classes: [], confusion: null, residuals: [] },
    },
  ],
  bestEpoch: 2,
  epochs: epochs(4),
  stoppedEarly: true,
  seconds: 6,
  imagesPerSecond: 120,
  steps: 12,
  provider: 'cpu',
  parameters: 100,
  trainedParameters: 90,
  split: { by: 'image', train: 120, validation: 60, test: 60 },
  notes: ['the batch was made smaller'],
};

/** A training that no other test has, with `seed` in its key. */
function training(seed: number, label = 'whole') {
  return planFinetune({
    network: { model: { sha256: model.sha256, layer: null } },
    modelName: 'net',
    preprocess: model.preprocess,
    dataset,
    tasks: [YAW],
    mode: 'whole',
    training: { seed, epochs: 3 },
    settings: DEFAULT_REGRESSION,
    label,
  });
}

async function work(service: string, handlers: Record<string, StepHandler>): Promise<() => Promise<void>> {
  const { db, bus, store } = gateway;
  const log = createLogger({ service: 'test', level: 'silent' });
  const worker = await startWorker({ db, bus, store, log, service, handlers, progressEveryMs: 10, retryDelayMs: 10 });
  return () => worker.stop({ graceMs: 100 });
}

const FIELDS = `label name tasks mode metricName state reused epochsPlanned bestEpoch metric etaSeconds stoppedEarly seconds imagesPerSecond provider notes
  epochs { epoch loss validationLoss metric learningRate imagesPerSecond seconds }
  results { task metric higherIsBetter validation test interval { low high standardError drawn } chance thresholds } model { bytes downloadUrl } failure { code }`;

interface View {
  readonly label: string;
  readonly state: string;
  readonly epochs: readonly EpochRecord[];
  readonly bestEpoch: number | null;
  readonly model: { readonly downloadUrl: string } | null;
  readonly failure: { readonly code: string } | null;
}

async function trainingsOf(id: string): Promise<readonly View[]> {
  const data = await gateway.query(`query($id: ID!) { run(id: $id) { ${list('trainings', FIELDS)} } }`, { id });
  return flat<{ run: { trainings: View[] } }>(data).run.trainings;
}

async function ended(id: string): Promise<string> {
  let state = '';
  await expect
    .poll(
      async () =>
        (state = (await gateway.query<{ run: { state: string } }>(`{ run(id: "${id}") { state } }`)).run.state),
      {
        timeout: 15_000,
      },
    )
    .toMatch(/SUCCEEDED|FAILED/);
  return state;
}

describe('a training', () => {
  it('before it begins has no epochs', async () => {
    const run = await seedRun(gateway, { kind: 'FINETUNE', steps: training(1) });
    expect(await trainingsOf(globalId('Run', run.id))).toEqual([
      expect.objectContaining({
        label: 'whole',
        name: 'train net for yaw (whole)',
        tasks: ['yaw'],
        mode: 'WHOLE',
        metricName: 'RMSE',
        state: 'QUEUED',
        epochsPlanned: 3,
        epochs: [],
        bestEpoch: null,
        metric: null,
        results: [],
        model: null,
        failure: null,
      }),
    ]);
    await gateway.query(`mutation { cancelRun(id: "${globalId('Run', run.id)}") { run { id } } }`);
  });

  it('shows each epoch to who follows the run, and in the end its network and how it was judged', async () => {
    const run = await seedRun(gateway, { kind: 'FINETUNE', steps: training(2) });
    const id = globalId('Run', run.id);
    const stop = await work(FINETUNE.service, {
      [FINETUNE.kind]: async ({ checkpoint, store, progress }) => {
        const path = join(gateway.folder, 'state');
        for (let epoch = 0; epoch <= 3; epoch++) {
          const best = { epoch: Math.min(epoch, 2), metric: 10 - Math.min(epoch, 2) };
          const position: FinetunePosition = { epoch, step: 0, epochs: epochs(epoch + 1), best };
          await writeFile(path, `epoch ${epoch}`);
          await checkpoint.save(path, position);
          progress({ done: epoch, total: 3, unit: 'epochs' });
          await new Promise((resolve) => setTimeout(resolve, 150));
        }
        const made = await store.put(Buffer.from(digest()));
        return { output: { ...OUTPUT, modelSha256: made.sha256 }, provider: 'cpu' };
      },
    });
    const client = gateway.socket();
    const seen: View[] = [];
    for await (const { data } of client.iterate<{ runUpdated: object }>({
      query: `subscription($id: ID!) { runUpdated(id: $id) { ${list('trainings', FIELDS)} } }`,
      variables: { id },
    })) {
      seen.push(flat<{ trainings: View[] }>(data!.runUpdated).trainings[0]!);
    }
    await client.dispose();
    await stop();
    const counts = seen.map((view) => view.epochs.length);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(new Set(counts.filter((count) => count > 0)).size).toBeGreaterThanOrEqual(3);
    const running = seen.find((view) => view.state === 'RUNNING' && view.epochs.length === 2)!;
    expect(running).toMatchObject({ bestEpoch: 1, metric: 9, epochs: epochs(2), model: null, results: [] });
    const last = seen.at(-1)!;
    const { task, test, interval } = OUTPUT.tasks[0]!;
    const judged = { task, test, interval: { ...interval, drawn: 'SUBJECT' }, metric: 'RMSE' };
    expect(last).toMatchObject({
      ...{ state: 'SUCCEEDED', bestEpoch: 2, metric: 8, stoppedEarly: true, seconds: 6, provider: 'CPU' },
      ...{ epochs: OUTPUT.epochs, results: [judged], notes: OUTPUT.notes },
    });
    const file = await fetch(last.model!.downloadUrl);
    expect(file.headers.get('content-disposition')).toContain("''net-yaw-whole.onnx");
  });

  it('that failed keeps the epochs of its last checkpoint, and says why', async () => {
    const [step] = training(3);
    const run = await seedRun(gateway, { kind: 'FINETUNE', steps: [{ ...step!, maxAttempts: 1 }] });
    const id = globalId('Run', run.id);
    const stop = await work(FINETUNE.service, {
      [FINETUNE.kind]: async ({ checkpoint }) => {
        const path = join(gateway.folder, 'state-3');
        await writeFile(path, 'state');
        const best = { epoch: 1, metric: 9 };
        await checkpoint.save(path, { epoch: 1, step: 0, epochs: epochs(2), best } satisfies FinetunePosition);
        throw new Error('the third epoch fails');
      },
    });
    expect(await ended(id)).toBe('FAILED');
    await stop();
    expect(await trainingsOf(id)).toMatchObject([
      { state: 'FAILED', epochs: epochs(2), bestEpoch: 1, failure: { code: 'INTERNAL' }, model: null },
    ]);
  });
});

describe('a compression', () => {
  /** The last steps of a compression whose analysis another test need not do. */
  function steps(epsilon: number, arms: readonly ('finetuned' | 'scratch')[]) {
    const all = planCompress({
      ...{
        model,
        dataset,
        tasks: [YAW],
        settings: { ...DEFAULT_REGRESSION, seed: 5 },
        options: [{ epsilon }],
        arms,
        teacher: false,
      },
      training: { epochs: 3 },
    });
    const kept = all.filter(({ kind }) => [PRUNE.kind, FINETUNE.kind, REPORT.kind].includes(kind as 'prune'));
    const refs = new Set(kept.map(({ ref }) => ref));
    return kept.map((step) => ({ ...step, dependsOn: step.dependsOn.filter((ref) => refs.has(ref)) }));
  }

  const QUERY = `query($id: ID!) { run(id: $id) { kind state
    ${list('trainings', 'label name state')} ${list('prunings', 'epsilon')}
    ${list('compressions', 'epsilon result { bestLayer } model { bytes downloadUrl }')} } }`;
  const ask = async (id: string): Promise<Answer> => flat(await gateway.query(QUERY, { id }));
  interface Answer {
    run: {
      trainings: object[];
      prunings: object[];
      compressions: { result: object; model: { downloadUrl: string } }[];
    };
  }

  const makes: StepHandler = async ({ store, step }) => {
    const made = await store.put(Buffer.from(digest()));
    const report = measuredResult({ task: 'yaw', epsilon: 0.02, bestLayer: step.kind });
    const written = await store.put(Buffer.from(JSON.stringify(report)));
    return { output: { ...OUTPUT, modelSha256: made.sha256, reportSha256: written.sha256, report } };
  };

  it('shows its trainings, and one report for each ε', async () => {
    const run = await seedRun(gateway, {
      ...{ kind: 'COMPRESSION', modelId: model.id, datasetId: dataset.id },
      steps: steps(0.02, ['finetuned', 'scratch']),
    });
    const id = globalId('Run', run.id);
    expect((await ask(id)).run.compressions).toEqual([]);
    const stops = [
      await work(PRUNE.service, { [PRUNE.kind]: makes }),
      await work(FINETUNE.service, { [FINETUNE.kind]: makes, [REPORT.kind]: makes }),
    ];
    expect(await ended(id)).toBe('SUCCEEDED');
    for (const stop of stops) await stop();
    const { run: view } = await ask(id);
    expect(view).toMatchObject({
      kind: 'COMPRESSION',
      trainings: [
        { label: 'finetuned', name: 'train finetuned at ε = 0.02', state: 'SUCCEEDED' },
        { label: 'scratch', name: 'train scratch at ε = 0.02', state: 'SUCCEEDED' },
      ],
      prunings: [{ epsilon: 0.02 }],
      compressions: [{ epsilon: 0.02, result: { bestLayer: 'report' } }],
    });
    const file = await fetch(view.compressions[0]!.model.downloadUrl);
    expect(file.headers.get('content-disposition')).toContain("''net-yaw-0.02.onnx");
  });

  it('in which nothing is trained ends with a report of its prunings', async () => {
    const run = await seedRun(gateway, { kind: 'COMPRESSION', modelId: model.id, steps: steps(0.03, []) });
    const id = globalId('Run', run.id);
    const stops = [
      await work(PRUNE.service, { [PRUNE.kind]: makes }),
      await work(REPORT.service, { [REPORT.kind]: makes }),
    ];
    expect(await ended(id)).toBe('SUCCEEDED');
    for (const stop of stops) await stop();
    expect((await ask(id)).run).toMatchObject({
      trainings: [],
      compressions: [{ result: { bestLayer: 'report' } }],
    });
  });

  it('delivers a file that is the network which a step made, by another name', async () => {
    const step = await gateway.db.prisma.step.findFirstOrThrow({ where: { kind: PRUNE.kind, state: 'SUCCEEDED' } });
    const { modelSha256: workedSha256 } = step.output as { modelSha256: string };
    const [key, modelSha256] = [digest(), digest()];
    const output = { modelSha256, workedSha256 };
    await gateway.db.prisma.result.create({ data: { key, kind: REPORT.kind, output, artifacts: [modelSha256] } });
    const input = { dataset: dataset.globalId, tasks: ['yaw'], artifact: modelSha256 };
    const { launchFinetune: launched } = await gateway.query<{ launchFinetune: { run: { id: string } } }>(
      'mutation($input: LaunchFinetuneInput!) { launchFinetune(input: $input) { run { id } userErrors { code } } }',
      { input },
    );
    const runId = localId('Run', launched.run.id);
    const training = await gateway.db.prisma.step.findFirstOrThrow({ where: { runId, kind: FINETUNE.kind } });
    expect(training.input).toMatchObject({ network: { sha256: workedSha256 } });
  });

  it('a network that it made can be trained on and timed, and no other bytes can', async () => {
    const { sha256: foreign } = await gateway.store.put(Buffer.from(digest()));
    const { modelSha256 } = (
      await gateway.db.prisma.step.findFirstOrThrow({ where: { kind: PRUNE.kind, state: 'SUCCEEDED' } })
    ).output as { modelSha256: string };
    const launch = async (name: string, input: object) => {
      const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
      const data = await gateway.query(
        `mutation($input: ${type}!) { ${name}(input: $input) { run { kind model { id } ${list('steps', 'kind')} } userErrors { code field } } }`,
        { input },
      );
      return flat<Record<string, { run: { model: object } | null; userErrors: object[] }>>(data)[name]!;
    };
    const finetune = { dataset: dataset.globalId, tasks: ['yaw'] };
    expect(await launch('launchFinetune', { ...finetune, artifact: modelSha256 })).toEqual({
      run: { kind: 'FINETUNE', model: { id: model.globalId }, steps: [{ kind: 'FINETUNE' }] },
      userErrors: [],
    });
    expect(await launch('launchBenchmark', { models: [model.globalId], artifacts: [modelSha256] })).toMatchObject({
      run: { kind: 'BENCHMARK' },
      userErrors: [],
    });
    const unknown = { code: 'ARTIFACT_UNKNOWN' };
    expect(await launch('launchFinetune', { ...finetune, artifact: foreign })).toMatchObject({ userErrors: [unknown] });
    expect(await launch('launchBenchmark', { artifacts: [foreign] })).toMatchObject({ userErrors: [unknown] });
  });
});

it('a benchmark shows what it measured, and measures again when it is asked again', async () => {
  const networks = [{ name: 'net', sha256: model.sha256 }];
  const steps = () => planBenchmark({ networks, batch: 4, runs: 10 });
  expect(steps()[0]!.key).not.toBe(steps()[0]!.key);
  const run = await seedRun(gateway, { kind: 'BENCHMARK', steps: steps() });
  const id = globalId('Run', run.id);
  const QUERY = `{ run(id: "${id}") { benchmark { provider batch runs networks { name sha256 macs latencyMs { p50 p95 } imagesPerSecond } } } }`;
  expect(await gateway.query(QUERY)).toEqual({ run: { benchmark: null } });
  const measured = { name: 'net', sha256: model.sha256, macs: 5, latencyMs: { p50: 2, p95: 3 }, imagesPerSecond: 2000 };
  const output = { provider: 'cpu', batch: 4, runs: 10, networks: [{ ...measured, parameters: 1, bytes: 4 }] };
  const stop = await work('trainer', { benchmark: () => Promise.resolve({ output }) });
  await ended(id);
  await stop();
  expect(await gateway.query(QUERY)).toEqual({
    run: { benchmark: { ...output, provider: 'CPU', networks: [measured] } },
  });
});

it('a page of 20 runs with all that they made costs one statement for each kind of it', async () => {
  const owner = await seedModel(gateway, { name: 'many' });
  for (let index = 0; index < 20; index++) {
    const run = await seedRun(gateway, { kind: 'COMPRESSION', modelId: owner.id, steps: training(100 + index) });
    const { key } = await gateway.db.prisma.step.findFirstOrThrow({ where: { runId: run.id } });
    const position = storedJson({ epoch: 0, step: 1, epochs: epochs(1), best: null });
    await gateway.db.prisma.checkpoint.create({ data: { key, sha256: digest(), position } });
  }
  let runs: { trainings: View[] }[] = [];
  const statements = await gateway.statementsOf(async () => {
    const data = await gateway.query(
      `query($model: ID) { runs(first: 20, filter: { model: $model }) { edges { node {
        ${list('trainings', 'label epochs { epoch }')} ${list('prunings', 'epsilon')} ${list('compressions', 'epsilon')}
        benchmark { batch } } } } }`,
      { model: owner.globalId },
    );
    ({ runs } = flat<{ runs: typeof runs }>(data));
  });
  expect(runs).toHaveLength(20);
  for (const { trainings } of runs) expect(trainings[0]!.epochs).toHaveLength(1);
  const tables = statements.map((statement) => /FROM "public"\."(\w+)"/.exec(statement)![1]!);
  const counts: Record<string, number> = {};
  for (const table of tables) counts[table] = (counts[table] ?? 0) + 1;
  // Prunings, trainings, compressions, benchmarks.
  expect(counts).toEqual({ run: 1, step: 4, checkpoint: 1 });
});
