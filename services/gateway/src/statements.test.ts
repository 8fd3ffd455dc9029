import { storedJson } from '@kneepoint/platform';
import type { TaskSpec } from '@kneepoint/regression';
import { BENCHMARK, FINETUNE, PRUNE, REPORT } from '@kneepoint/workflow';
import { measuredResult, layersOf, syntheticCurve, tap, tinyNet, YAW } from '@kneepoint/workflow/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Context } from './context.ts';
import { globalId } from './domain/ids.ts';
import { listRuns } from './domain/runs.ts';
import { list } from './testing/lists.ts';
import { digest, seedDataset, seedModel, seedResults, seedTinyModel } from './testing/seed.ts';
import { openTestGateway, type TestGateway } from './testing/test-gateway.ts';

/** What a query costs in statements must not depend on how much it finds: N+1 reads show here. */
const FEW = 2;
const MANY = 20;

let gateway: TestGateway;
beforeAll(async () => (gateway = await openTestGateway()));
afterAll(() => gateway.close());

/** How many statements one query costs, by table; it must find that many rows. */
async function statementsOf(query: string, variables: object, rowsOf: (data: never) => unknown[], rows: number) {
  let data: never;
  const statements = await gateway.statementsOf(async () => {
    data = await gateway.query<never>(query, variables);
  });
  expect(rowsOf(data!)).toHaveLength(rows);
  return countsOf(statements);
}

function countsOf(statements: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const statement of statements) {
    const table = /FROM "public"\."(\w+)"/.exec(statement)![1]!;
    counts[table] = (counts[table] ?? 0) + 1;
  }
  return counts;
}

const tasks = (count: number): TaskSpec[] =>
  Array.from({ length: count }, (_, index) => ({ ...YAW, name: `t${index}` }));
const times = <T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)));

const FILE = '{ sha256 bytes }';
const FAILURE = 'failure { code message where fix }';
const MODEL = `{ id nodeId: id name primaryTask parameters macs preprocess notes createdAt artifact ${FILE}
  layers { name op filters prunable reason parameters macs } taps { layer value channels } }`;
const DATASET = `{ id name images subject notes createdAt artifact ${FILE} tasks { name type classes unit } }`;
const ATTEMPT = `number worker outcome startedAt endedAt ${FAILURE}`;
const RUN = `{
  id kind state seq reused createdAt startedAt endedAt ${FAILURE}
  progress { fraction stepsDone stepsTotal current done total unit ratePerSecond etaSeconds }
  ${list('steps', `name kind service state reused done total unit ${FAILURE} ${list('attempts', ATTEMPT)}`)}
  ${list('attempts', ATTEMPT)}
  model ${MODEL} dataset ${DATASET}
  ${list('prunings', `label epsilon result { verdict } model ${FILE}`)}
  trainings(first: 5) { totalCount edges { node { label name tasks mode state reused epochsPlanned bestEpoch metricName metric etaSeconds stoppedEarly seconds
    epochs { epoch loss validationLoss metric } results { task metric test } notes model ${FILE} ${FAILURE} } } }
  ${list('compressions', `label epsilon result { verdict } model ${FILE}`)}
  benchmark { provider batch runs networks { name sha256 latencyMs { p50 p95 } } }
}`;

/** A compression with everything that a run can leave behind; written at once, so that the reconciler finds nothing to repair. */
async function seedFullRun(modelId: string, datasetId: string): Promise<void> {
  const { prisma } = gateway.db;
  const made = { modelSha256: digest(), reportSha256: digest() };
  await prisma.artifact.createMany({
    data: Object.values(made).map((sha256) => ({ sha256, bytes: 10n, mediaType: 'application/octet-stream' })),
  });
  const report = measuredResult({ task: 'yaw', epsilon: 0.01 });
  const training = { label: 'whole', modelName: 'net', tasks: [YAW], mode: 'whole', settings: { epochs: 3 } };
  const trained = { tasks: [], epochs: [], bestEpoch: 0, notes: [], stoppedEarly: false, seconds: 1 };
  const running = digest();
  const steps = [
    done('extract', {}, { responsesSha256: digest() }),
    done(PRUNE.kind, { modelName: 'net', options: { epsilon: 0.01 } }, { ...made, report }),
    done(FINETUNE.kind, training, { ...trained, ...made, imagesPerSecond: 1, provider: 'cpu' }),
    done(REPORT.kind, { modelName: 'net', task: 'yaw', label: '0.01' }, { ...made, report }),
    done(BENCHMARK.kind, {}, { provider: 'cpu', batch: 1, runs: 1, networks: [] }),
    {
      ...{ kind: FINETUNE.kind, key: running, input: storedJson(training) },
      ...{ state: 'RUNNING', leaseUntil: new Date(Date.now() + 3600_000) },
    },
  ].map((step, position) => ({
    ...step,
    ...{ position, service: 'trainer', name: step.kind },
    attempts: { create: [1, 2].map((number) => ({ number, token: digest(), worker: 'w' })) },
  }));
  await prisma.checkpoint.create({
    data: { key: running, sha256: digest(), position: storedJson({ epoch: 0, step: 1, epochs: [], best: null }) },
  });
  await prisma.run.create({
    data: { kind: 'COMPRESSION', state: 'RUNNING', input: {}, modelId, datasetId, steps: { create: steps } },
  });
}

function done(kind: string, input: object, output: object) {
  return { kind, key: digest(), state: 'SUCCEEDED', input: storedJson(input), output: storedJson(output) };
}

type List = Record<string, { edges: { node: Record<string, { edges: unknown[] }> }[] }>;

it('runs with all that can be asked of them', async () => {
  await times(MANY, async (index) => {
    const model = await seedModel(gateway, { name: `run net ${index}` });
    await seedFullRun(model.id, (await seedDataset(gateway, [YAW])).id);
  });
  const QUERY = `query($first: Int!) { runs(first: $first) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node ${RUN} } } }`;
  const ask = (first: number) =>
    statementsOf(
      QUERY,
      { first },
      ({ runs }: List) => {
        for (const { node } of runs!.edges)
          for (const field of ['prunings', 'trainings', 'compressions', 'steps', 'attempts'])
            expect(node[field]!.edges.length).toBeGreaterThan(0);
        return runs!.edges;
      },
      first,
    );
  // The few first: what has been read of a run is not read again before it changes.
  const { artifact: artifactsOfFew, step: stepsOfFew, ...few } = await ask(FEW);
  const { artifact: artifactsOfMany, step: stepsOfMany, ...many } = await ask(MANY);
  expect(many).toEqual(few);
  // The page, and its project for how many runs there are; attempts of runs and of steps; models and data sets, and what those are about; one
  // for each of the others.
  expect(many).toEqual({ run: 1, project: 1, attempt: 2, checkpoint: 1, model: 2, dataset: 2 });
  // Progress, steps, prunings, trainings and how many they are, compressions and benchmarks; and what was measured of prunings and
  // compressions, as those are known: whether they come together is a matter of time.
  for (const steps of [stepsOfFew, stepsOfMany]) expect([8, 9]).toContain(steps);
  // Files of prunings, trainings and reports, each as those are known: which of them come together is a matter of time.
  expect(artifactsOfMany).toBeLessThanOrEqual(3);
  expect(artifactsOfFew).toBeLessThanOrEqual(3);
});

it('prunings and compressions by their labels, without all that was measured', async () => {
  const lists = ['prunings', 'compressions'].map((name) => list(name, 'label epsilon')).join(' ');
  const statements = await gateway.statementsOf(() =>
    gateway.query(`{ runs(first: 5, filter: { kind: COMPRESSION }) { edges { node { ${lists} } } } }`),
  );
  expect(countsOf(statements)['step']).toBe(2);
  expect(statements.join()).not.toContain('"output"');
});

it('a page of runs that many ask for at once', async () => {
  const { projectId } = await gateway.db.prisma.run.findFirstOrThrow();
  const db = gateway.db.forProject(projectId);
  const ask = async (): Promise<number> =>
    (await listRuns({ db } as unknown as Context, { first: 20 }, null)).totalCount;
  const statements = await gateway.statementsOf(async () => {
    expect(new Set(await Promise.all(Array.from({ length: 12 }, ask)))).toHaveProperty('size', 1);
  });
  // The page, and what its project knows of how many there are.
  expect(countsOf(statements)).toEqual({ run: 1, project: 1 });
});

it('models and data sets with everything about them', async () => {
  await times(MANY, (index) => seedModel(gateway, { name: `net ${index}` }));
  await times(MANY, () => seedDataset(gateway, [YAW]));
  const QUERY = `query($first: Int!) { models(first: $first) { totalCount edges { node ${MODEL} } }
    datasets(first: $first) { totalCount edges { node ${DATASET} } } }`;
  const ask = (first: number) => statementsOf(QUERY, { first }, ({ models }: List) => models!.edges, first);
  const few = await ask(FEW);
  const many = await ask(MANY);
  expect(many).toEqual(few);
  expect(many).toEqual({ dataset: 3, model: 3 });
});

it('models and data sets by name, without what they are about', async () => {
  const statements = await gateway.statementsOf(() =>
    gateway.query(
      '{ models(first: 5) { edges { node { id name } } } datasets(first: 5) { edges { node { id name } } } }',
    ),
  );
  expect(statements).toHaveLength(2);
  for (const long of ['inspection', 'preprocess"', 'tasks', 'notes']) expect(statements.join()).not.toContain(long);
});

it('the matrix', async () => {
  const dataset = await seedDataset(gateway, tasks(3));
  const models = await times(MANY, async (index) => {
    const model = await seedModel(gateway, { name: `matrix net ${index}`, primaryTask: `t${index}` });
    await seedResults(gateway, { model, dataset }, () => ({}));
    return model.globalId;
  });
  const QUERY = `query($models: [ID!]!, $dataset: ID!) { taskRelationships(models: $models, dataset: $dataset) { tasks
    rows { model ${MODEL} cells { task layer metric higherIsBetter value spread chance reductionPercent } } } }`;
  const ask = (count: number) =>
    statementsOf(
      QUERY,
      { models: models.slice(0, count), dataset: dataset.globalId },
      (data: { taskRelationships: { rows: { cells: unknown[] }[] } }) => {
        expect(data.taskRelationships.rows.flatMap(({ cells }) => cells)).not.toContain(null);
        return data.taskRelationships.rows;
      },
      count,
    );
  // What a data set is about is known from then on.
  await ask(1);
  const few = await ask(FEW);
  const many = await ask(MANY);
  expect(many).toEqual(few);
  expect(many).toEqual({ dataset: 1, model: 2, result: 1 });
  // Cells never change: only whether the models and the data set are still there is asked again.
  expect(await ask(MANY)).toEqual({ dataset: 1, model: 1 });
});

it('the curves of all layers with their knees', async () => {
  const dataset = await seedDataset(gateway, tasks(1));
  const curve = syntheticCurve(6, 1);
  const ask = async (layers: number) => {
    const taps = Array.from({ length: layers }, (_, index) => tap(`conv${index}`, 6));
    const model = await seedModel(gateway, { taps });
    await seedResults(
      gateway,
      { model, dataset },
      () => ({}),
      () => curve,
    );
    return statementsOf(
      `query($model: ID!, $dataset: ID!) { characteristicCurves(model: $model, dataset: $dataset, task: "t0") {
        layer task filters uncertified points { lambda filters rmseTrain rmseValidation }
        knee(epsilon: 0.01) { filters kept } loose: knee(epsilon: 0.1, on: TRAIN) { filters kept } } }`,
      { model: model.globalId, dataset: dataset.globalId },
      (data: { characteristicCurves: unknown[] }) => data.characteristicCurves,
      layers,
    );
  };
  await ask(1);
  const few = await ask(FEW);
  const many = await ask(MANY);
  expect(many).toEqual(few);
  expect(many).toEqual({ dataset: 1, model: 2, result: 1 });
});

it('a plan for several tasks in one network', async () => {
  const dataset = await seedDataset(gateway, tasks(MANY));
  const model = await seedTinyModel(gateway);
  const curves = layersOf(tinyNet().model).map((_, index) =>
    syntheticCurve(model.inspection.taps[index]!.channels, index),
  );
  await seedResults(
    gateway,
    { model, dataset },
    () => ({}),
    (_layer, index) => curves[index]!,
  );
  const ask = (count: number) =>
    statementsOf(
      `query($input: CompressionPlanInput!) { compressionPlan(input: $input) { bestLayer layers { name note } } }`,
      {
        input: {
          ...{ model: model.globalId, dataset: dataset.globalId, epsilon: 0.1 },
          plan: { tasks: tasks(count).map(({ name }) => name) },
        },
      },
      (data: { compressionPlan: object }) => [data.compressionPlan],
      1,
    );
  await ask(1);
  const few = await ask(FEW);
  const many = await ask(MANY);
  expect(many).toEqual(few);
  expect(many).toEqual({ dataset: 1, model: 1, result: 1 });
});

it('a benchmark of networks that runs made', async () => {
  const { prisma } = gateway.db;
  const made = await times(MANY, async () => {
    const [key, modelSha256] = [digest(), digest()];
    await prisma.result.create({ data: { key, kind: PRUNE.kind, output: { modelSha256 }, artifacts: [modelSha256] } });
    const run = await prisma.run.create({ data: { kind: 'PRUNE', state: 'SUCCEEDED', input: {} } });
    const step = { key, runId: run.id, position: 0, kind: PRUNE.kind, service: 'pruner', name: 'prune' };
    const input = { modelName: 'net', preprocess: {}, settings: { seed: 1 } };
    await prisma.step.create({ data: { ...step, state: 'SUCCEEDED', input } });
    return modelSha256;
  });
  const ask = (count: number) =>
    statementsOf(
      `mutation($input: LaunchBenchmarkInput!) { launchBenchmark(input: $input) { run { id } userErrors { code } } }`,
      { input: { artifacts: made.slice(0, count) } },
      ({ launchBenchmark }: { launchBenchmark: { run: object } }) => [launchBenchmark.run],
      1,
    );
  const few = await ask(FEW);
  const many = await ask(MANY);
  expect(many).toEqual(few);
  // What made the networks costs one of results, steps and runs each, and how many runs are open one; the rest is the launch.
  expect(many).toEqual({ result: 2, step: 2, run: 4, webhook: 1 });
});

it('one run costs what a page of runs costs', async () => {
  const { id } = await gateway.db.prisma.run.findFirstOrThrow({ where: { kind: 'COMPRESSION' } });
  await gateway.db.prisma.run.update({ where: { id }, data: { seq: { increment: 1 } } });
  const { artifact, step, ...others } = await statementsOf(
    `query($id: ID!) { run(id: $id) ${RUN} }`,
    { id: globalId('Run', id) },
    ({ run }: { run: object }) => [run],
    1,
  );
  expect(others).toEqual({ run: 1, attempt: 2, checkpoint: 1, model: 1, dataset: 1 });
  expect([8, 9]).toContain(step);
  expect(artifact).toBeLessThanOrEqual(3);
});

it('a change of a run, however many watch it', async () => {
  const { prisma } = gateway.db;
  const watch = async (clients: number): Promise<Record<string, number>> => {
    const { id } = await prisma.run.create({
      data: { kind: 'ANALYSIS', state: 'RUNNING', input: {}, steps: { create: [held()] } },
    });
    const sockets = Array.from({ length: clients }, () => gateway.socket());
    const query = `subscription { runUpdated(id: "${globalId('Run', id)}") { seq progress { done } ${list('steps', 'name')} } }`;
    const seen = sockets.map((socket) => socket.iterate<{ runUpdated: { seq: number } }>({ query }));
    const next = async (): Promise<number[]> =>
      Promise.all(seen.map(async (states) => ((await states.next()).value as Seen).data.runUpdated.seq));
    expect(new Set(await next())).toEqual(new Set([1]));
    await prisma.run.update({ where: { id }, data: { seq: 2 } });
    const tables = await gateway.statementsOf(async () => {
      gateway.bus.broadcast(`events.run.${id}`, { runId: id, seq: 2 });
      expect(new Set(await next())).toEqual(new Set([2]));
    });
    for (const socket of sockets) await socket.dispose();
    await prisma.run.delete({ where: { id } });
    return countsOf(tables);
  };
  const many = await watch(MANY);
  expect(many).toEqual(await watch(FEW));
  // The run, its progress and its steps.
  expect(many).toEqual({ run: 1, step: 2 });
});

interface Seen {
  readonly data: { readonly runUpdated: { readonly seq: number } };
}

/** A step in work, which the reconciler leaves alone for the whole test. */
function held() {
  const leaseUntil = new Date(Date.now() + 3600_000);
  const step = { kind: 'any', key: digest(), service: 'any', name: 'any', position: 0, input: {}, state: 'RUNNING' };
  return { ...step, leaseUntil, attempts: { create: [{ number: 1, token: digest(), worker: 'w' }] } };
}
