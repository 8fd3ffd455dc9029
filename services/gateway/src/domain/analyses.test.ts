import { knee, type TaskSpec } from '@kneepoint/regression';
import { planCompression } from '@kneepoint/workflow';
import { layersOf, syntheticCurve, tap, TINY_WIDTHS, tinyNet, YAW } from '@kneepoint/workflow/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedDataset, seedModel, seedResults, seedTinyModel } from '../testing/seed.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';

let gateway: TestGateway;
beforeAll(async () => (gateway = await openTestGateway()));
afterAll(() => gateway.close());

interface CellView {
  readonly task: string;
  readonly layer: string;
  readonly value: number;
  readonly reductionPercent: number | null;
}

interface Matrix {
  readonly taskRelationships: {
    readonly tasks: readonly string[];
    readonly rows: readonly {
      readonly model: { readonly name: string };
      readonly cells: readonly (CellView | null)[];
    }[];
  };
}

const MATRIX = `query($models: [ID!]!, $dataset: ID!, $tasks: [String!], $layer: String!) {
  taskRelationships(models: $models, dataset: $dataset, tasks: $tasks, layer: $layer) {
    tasks rows { model { name primaryTask } cells { task layer metric higherIsBetter value spread chance reductionPercent } } } }`;

const task = (name: string): TaskSpec => ({ ...YAW, name });

describe('taskRelationships', () => {
  const TASKS = ['yaw', 'pitch', 'age'].map(task);

  /** Accuracy rises on validation and falls on test with the layer, so that choosing by the wrong one is seen. */
  async function seedMatrix() {
    const dataset = await seedDataset(gateway, TASKS);
    const taps = [tap('conv1', 8), tap('conv2', 8)];
    const yaw = await seedModel(gateway, { name: 'yaw-net', primaryTask: 'yaw', taps });
    const pitch = await seedModel(gateway, { name: 'pitch-net', primaryTask: 'pitch', taps });
    for (const [model, own, other] of [
      [yaw, 0.8, 0.6],
      [pitch, 0.9, 0.45],
    ] as const) {
      await seedResults(gateway, { model, dataset }, ({ name }, _layer, index) =>
        name === 'age'
          ? { metric: 'mae', higherIsBetter: false, mean: model === yaw ? 5 : 6, validation: 5 - index }
          : {
              mean: (name === model.name.slice(0, -4) ? own : other) + (index === 0 ? 0.05 : 0),
              validation: 0.5 + index,
            },
      );
    }
    return { dataset, yaw, pitch, models: [yaw.globalId, pitch.globalId] };
  }

  it('a cell is the mean on test of the layer that is best on validation; its loss is against the column’s own network', async () => {
    const { dataset, models } = await seedMatrix();
    const { taskRelationships } = await gateway.query<Matrix>(MATRIX, {
      models,
      dataset: dataset.globalId,
      layer: 'BEST',
    });
    expect(taskRelationships.tasks).toEqual(['yaw', 'pitch', 'age']);
    expect(taskRelationships.rows.map(({ model }) => model.name)).toEqual(['yaw-net', 'pitch-net']);
    const cells = taskRelationships.rows.map((row) => row.cells.map((cell) => cell!));
    expect(cells.flat().every((cell) => cell.layer === 'conv2')).toBe(true);
    expect(cells.map((row) => row.map(({ value }) => value))).toEqual([
      [0.8, 0.6, 5],
      [0.45, 0.9, 6],
    ]);
    const lost = cells.map((row) => row.map(({ reductionPercent }) => reductionPercent));
    // Directed: 0.8 → 0.45 and 0.9 → 0.6 are different losses. Nobody was trained for age.
    expect(lost).toEqual([
      [0, expect.closeTo((100 * (0.9 - 0.6)) / 0.9), null],
      [expect.closeTo((100 * (0.8 - 0.45)) / 0.8), 0, null],
    ]);
  });

  it('an error that grows is a loss, not a gain', async () => {
    const { dataset, pitch } = await seedMatrix();
    const old = await seedModel(gateway, { name: 'age-net', primaryTask: 'age', taps: pitch.inspection.taps });
    await seedResults(gateway, { model: old, dataset }, () => ({ metric: 'mae', higherIsBetter: false, mean: 4 }));
    const { taskRelationships } = await gateway.query<Matrix>(MATRIX, {
      models: [old.globalId, pitch.globalId],
      dataset: dataset.globalId,
      tasks: ['age'],
      layer: 'BEST',
    });
    expect(taskRelationships.rows.map(({ cells }) => cells[0]!.reductionPercent)).toEqual([0, expect.closeTo(50)]);
  });

  it('a layer can be the last or named, and a task that was not analysed has no cell', async () => {
    const { dataset, yaw } = await seedMatrix();
    const fresh = await seedModel(gateway, { name: 'fresh', taps: yaw.inspection.taps });
    const ask = (layer: string) =>
      gateway.query<Matrix>(MATRIX, {
        models: [yaw.globalId, fresh.globalId],
        dataset: dataset.globalId,
        tasks: ['pitch', 'yaw', 'pitch'],
        layer,
      });
    const named = (await ask('conv1')).taskRelationships;
    expect(named.tasks).toEqual(['pitch', 'yaw']);
    expect(named.rows[0]!.cells.map((cell) => cell!.layer)).toEqual(['conv1', 'conv1']);
    expect(named.rows[1]!.cells).toEqual([null, null]);
    expect((await ask('LAST')).taskRelationships.rows[0]!.cells[0]!.layer).toBe('conv2');
  });

  it('3 models × 7 tasks × 8 layers cost a statement for each kind of row, and one for what models and data sets are about', async () => {
    const dataset = await seedDataset(
      gateway,
      Array.from({ length: 7 }, (_, index) => task(`task${index}`)),
    );
    const taps = Array.from({ length: 8 }, (_, index) => tap(`conv${index}`, 8));
    const models: string[] = [];
    for (let index = 0; index < 3; index++) {
      const model = await seedModel(gateway, { name: `net${index}`, primaryTask: `task${index}`, taps });
      await seedResults(gateway, { model, dataset }, () => ({}));
      models.push(model.globalId);
    }
    let matrix: Matrix | undefined;
    const statements = await gateway.statementsOf(async () => {
      matrix = await gateway.query<Matrix>(MATRIX, { models, dataset: dataset.globalId, layer: 'BEST' });
    });
    const cells = matrix!.taskRelationships.rows.flatMap((row) => row.cells);
    expect(cells).toHaveLength(21);
    expect(cells).not.toContain(null);
    const tables = statements.map((statement) => /FROM "public"\."(\w+)"/.exec(statement)![1]);
    expect(tables.sort()).toEqual(['dataset', 'dataset', 'model', 'model', 'result']);
  });
});

describe('characteristicCurves and compressionPlan', () => {
  const EPSILON = 0.01;
  let request: { model: string; dataset: string; task: string };
  const { model: net, shapes } = tinyNet();
  const layers = layersOf(net);
  const curves = new Map(layers.map((layer, index) => [layer, syntheticCurve(TINY_WIDTHS[index]!, index + 1)]));
  const rollCurves = new Map(
    layers.map((layer, index) => [layer, syntheticCurve(TINY_WIDTHS[index]!, index + 7, { carriers: [1, 6] })]),
  );
  beforeAll(async () => {
    const model = await seedTinyModel(gateway);
    const dataset = await seedDataset(gateway, [YAW, task('pitch'), task('roll')]);
    await seedResults(
      gateway,
      { model, dataset: { ...dataset, tasks: [YAW] } },
      (_task, _layer, index) => ({ validation: [0.2, 0.9, 0.4][index]! }),
      (layer) => curves.get(layer)!,
    );
    await seedResults(
      gateway,
      { model, dataset: { ...dataset, tasks: [task('roll')] } },
      (_task, _layer, index) => ({ validation: [0.9, 0.8, 0.1][index]! }),
      (layer) => rollCurves.get(layer)!,
    );
    request = { model: model.globalId, dataset: dataset.globalId, task: 'yaw' };
  });

  interface CurveView {
    readonly layer: string;
    readonly filters: number;
    readonly uncertified: readonly number[];
    readonly points: readonly { readonly lambda: number; readonly filters: number }[];
    readonly validation: { readonly filters: number; readonly lambda: number; readonly kept: readonly number[] };
    readonly train: { readonly rmse: number };
  }
  const CURVES = `query($model: ID!, $dataset: ID!, $task: String!, $maxPoints: Int!, $epsilon: Float!) {
    characteristicCurves(model: $model, dataset: $dataset, task: $task, maxPoints: $maxPoints) {
      layer task filters uncertified points { lambda filters rmseTrain rmseValidation }
      validation: knee(epsilon: $epsilon) { epsilon filters lambda rmse kept }
      train: knee(epsilon: $epsilon, on: TRAIN) { rmse } } }`;
  const ask = async (maxPoints: number, epsilon = EPSILON) =>
    (await gateway.query<{ characteristicCurves: CurveView[] }>(CURVES, { ...request, maxPoints, epsilon }))
      .characteristicCurves;

  it('every layer shows its curve, and a knee at any ε without fitting anything again', async () => {
    const views = await ask(100);
    expect(views.map(({ layer, filters }) => [layer, filters])).toEqual(
      layers.map((layer, index) => [layer, TINY_WIDTHS[index]]),
    );
    for (const view of views) {
      const source = curves.get(view.layer)!;
      expect(view.points).toHaveLength(100);
      expect(view.points.map(({ lambda }) => lambda)).toEqual(source.points.map(({ lambda }) => lambda));
      const { filters, lambda, kept } = knee(source, EPSILON);
      expect(view.validation).toMatchObject({ filters, lambda, kept });
      expect(view.train.rmse).toBe(knee(source, EPSILON, { on: 'train' }).rmse);
    }
    const loose = await ask(2, 0.9);
    loose.forEach((view, index) => expect(view.validation.filters).toBeLessThan(views[index]!.validation.filters));
  });

  it('a thinned curve keeps its ends', async () => {
    const [whole, thin] = [(await ask(500))[0]!, (await ask(7))[0]!];
    expect(thin.points).toHaveLength(7);
    expect([thin.points[0], thin.points.at(-1)]).toEqual([whole.points[0], whole.points.at(-1)]);
    const lambdas = thin.points.map(({ lambda }) => lambda);
    expect(lambdas).toEqual([...new Set(lambdas)].sort((a, b) => b - a));
  });

  const ids = () => ({ model: request.model, dataset: request.dataset });

  interface PlanView {
    readonly bestLayer: string;
    readonly before: object;
    readonly after: object;
    readonly layers: readonly { readonly name: string; readonly kept: number; readonly indices: readonly number[] }[];
  }
  /** What is different in the plan, and beside it. */
  const plan = async (planned: object = {}, more: object = {}) =>
    (
      await gateway.query<{ compressionPlan: PlanView }>(
        `query($input: CompressionPlanInput!) { compressionPlan(input: $input) {
          bestLayer before { parameters macs bytes } after { parameters macs bytes }
          layers { name op filters kept indices lambda prunable reason frozenBy { node operator reason } note } } }`,
        { input: { ...ids(), plan: { task: 'yaw', ...planned }, epsilon: EPSILON, ...more } },
      )
    ).compressionPlan;

  it('a plan from the stored skeleton is what planning on the whole network gives', async () => {
    const view = await plan();
    const best = layers[1]!;
    const planned = planCompression({
      model: net,
      shapes,
      tasks: [{ task: 'yaw', curves }],
      layer: best,
      head: {
        name: 'any',
        outputName: 'any-out',
        weights: new Float64Array(TINY_WIDTHS[1]),
        bias: new Float64Array(1),
      },
      options: { epsilon: EPSILON },
    });
    expect(view.bestLayer).toBe(best);
    expect(view.after).toEqual(planned.after);
    expect(view.layers).toEqual(
      planned.layers.map(({ name, op, filters, kept, indices, lambda, prunable, reason, frozenBy, note }) => ({
        name,
        op,
        filters,
        kept,
        indices,
        lambda,
        prunable,
        reason,
        frozenBy,
        note,
      })),
    );
  });

  it('a plan for a target needs a run that measures, unless the curves are asked to say what layers lose', async () => {
    const { errors } = await gateway.post(
      'query($input: CompressionPlanInput!) { compressionPlan(input: $input) { bestLayer } }',
      { input: { ...ids(), plan: { task: 'yaw' }, target: { kind: 'MACS', remove: 0.5 } } },
    );
    expect(errors).toMatchObject([{ extensions: { code: 'TARGET_NEEDS_RUN', where: 'target' } }]);
  });

  it('a plan for a target leaves at most that of the whole network', async () => {
    for (const kind of ['MACS', 'PARAMETERS', 'BYTES']) {
      const { before, after } = (await plan(
        { criterion: 'LASSO' },
        { epsilon: null, target: { kind, remove: 0.5 } },
      )) as unknown as Record<'before' | 'after', Record<string, number>>;
      expect(after[kind.toLowerCase()]).toBeLessThanOrEqual(before[kind.toLowerCase()]! / 2);
    }
    const absolute = await plan(
      { roundTo: 2, criterion: 'LASSO' },
      { epsilon: null, target: { kind: 'MACS', atMost: 30_000 } },
    );
    expect((absolute.after as { macs: number }).macs).toBeLessThanOrEqual(30_000);
    for (const { kept } of absolute.layers) expect(kept % 2).toBe(0);
  });

  it('a plan for several tasks keeps what any needs, at the layer of their best mean rank', async () => {
    const several = { task: null, tasks: ['roll', 'yaw'] };
    const both = await plan(several);
    // yaw ranks the layers 2, 3, 1 and roll 1, 2, 3.
    expect(both.bestLayer).toBe(layers[1]);
    const [yaw, roll] = [await plan({ layer: layers[1] }), await plan({ task: 'roll', layer: layers[1] })];
    both.layers.forEach(({ indices }, i) => {
      const union = new Set([...yaw.layers[i]!.indices, ...roll.layers[i]!.indices]);
      expect(indices).toEqual([...union].sort((a, b) => a - b));
    });
  });

  it('a plan away from a task drops what rather carries that', async () => {
    const { layers: left } = await plan({ avoidTasks: ['roll'], avoidStrength: 100 });
    for (const { indices } of left) {
      expect(indices).not.toContain(1);
      expect(indices).not.toContain(6);
    }
  });

  it('a plan follows the layer, the ε of single layers and the least number of filters', async () => {
    const last = await plan({ layer: layers[2] });
    expect([last.bestLayer, last.layers.length]).toEqual([layers[2], 3]);
    const own = await plan({ layerEpsilon: [{ layer: layers[0], epsilon: 0.9 }] });
    const whole = await plan();
    expect(own.layers[0]!.kept).toBeLessThan(whole.layers[0]!.kept);
    expect(own.layers[1]!.kept).toBe(whole.layers[1]!.kept);
    const least = await plan({ minFilters: 6 }, { epsilon: 0.9 });
    expect(least.layers.map(({ kept }) => kept)).toEqual([6, 6]);
  });

  it('a plan is for every task of its own: one that was not analysed is refused', async () => {
    const { errors } = await gateway.post(
      'query($input: CompressionPlanInput!) { compressionPlan(input: $input) { bestLayer } }',
      { input: { ...ids(), plan: { task: 'pitch' }, epsilon: EPSILON } },
    );
    expect(errors).toMatchObject([
      {
        message: '"tiny" has not been analysed for "pitch" on "faces" (0 of 3 layers are done)',
        extensions: { code: 'ANALYSIS_MISSING', where: 'task' },
      },
    ]);
  });
});
