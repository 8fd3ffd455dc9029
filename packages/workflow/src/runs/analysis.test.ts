import type { TaskSpec } from '@kneepoint/regression';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExtractInput } from '../steps/extract.ts';
import { layerTaskKey, type RegressInput } from '../steps/regress.ts';
import { DEFAULT_REGRESSION } from '../steps/regress.ts';
import { datasetReference, modelReference, tap, YAW } from '../testing/index.ts';
import { type AnalysisRequest, layerTaskKeys, planAnalysis, shardSize } from './analysis.ts';

const GENDER: TaskSpec = { name: 'gender', type: 'binary', classes: ['female', 'male'], targets: ['gender'] };

function request(overrides: Partial<AnalysisRequest> = {}): AnalysisRequest {
  return {
    model: modelReference(),
    dataset: datasetReference(),
    tasks: [YAW, GENDER],
    settings: DEFAULT_REGRESSION,
    ...overrides,
  };
}

const extractions = (plan: AnalysisRequest) =>
  planAnalysis(plan)
    .steps.filter((step) => step.kind === 'extract')
    .map((step) => step.input as ExtractInput);
const regressions = (plan: AnalysisRequest) => planAnalysis(plan).steps.filter((step) => step.kind === 'regress');

/** The same value with the members of every object in the opposite order. */
function reversed<T>(value: T): T {
  if (Array.isArray(value)) return value.map(reversed) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  ) as T;
}

describe('planAnalysis', () => {
  it('covers every image once, in order, whatever the cost of the network', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20_000 }),
        fc.double({ min: 1, max: 1e13, noNaN: true }),
        (images, macs) => {
          const shards = extractions(
            request({ model: modelReference({ macs }), dataset: datasetReference({ images }) }),
          );
          expect(shards[0]!.from).toBe(0);
          expect(shards.at(-1)!.to).toBe(images);
          shards.slice(1).forEach((shard, index) => expect(shard.from).toBe(shards[index]!.to));
          for (const { from, to } of shards) {
            expect(to).toBeGreaterThan(from);
            expect(to - from).toBeLessThanOrEqual(shardSize(macs));
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('makes shards of at least 32 and at most 2048 images', () => {
    expect([0, 1, 1e9, 15.5e9, 1e15].map(shardSize)).toEqual([2048, 2048, 2000, 129, 32]);
  });

  it('fits each layer once, after every shard', () => {
    const plan = planAnalysis(request({ dataset: datasetReference({ images: 5000 }) }));
    const shards = plan.steps.filter((step) => step.kind === 'extract');
    const fits = plan.steps.filter((step) => step.kind === 'regress');
    expect(shards).toHaveLength(3);
    expect(plan.extractKeys).toEqual(shards.map((step) => step.key));
    expect(fits.map((step) => (step.input as RegressInput).layer)).toEqual(['conv1', 'conv2']);
    for (const step of fits) {
      expect(step.dependsOn).toEqual(shards.map((shard) => shard.ref));
      expect((step.input as RegressInput).extractKeys).toEqual(plan.extractKeys);
    }
    expect(plan.regressKeys).toEqual([
      { layer: 'conv1', key: fits[0]!.key },
      { layer: 'conv2', key: fits[1]!.key },
    ]);
  });

  it('keys do not depend on the order of object members', () => {
    const plain = request();
    const keys = (plan: AnalysisRequest) => planAnalysis(plan).steps.map((step) => step.key);
    expect(keys(reversed(plain))).toEqual(keys(plain));
  });

  it('names of models and data sets are no part of a key', () => {
    const renamed = request({
      model: modelReference({}, { id: 'other', name: 'other' }),
      dataset: datasetReference({ id: 'other', name: 'other' }),
    });
    expect(planAnalysis(renamed)).toEqual(planAnalysis(request()));
  });

  const { inspection } = modelReference();
  it.each<[string, Partial<AnalysisRequest>]>([
    ['the model', { model: modelReference({}, { sha256: 'e'.repeat(64) }) }],
    [
      'the preprocessing',
      { model: modelReference({}, { preprocess: { ...modelReference().preprocess, mean: [0.5, 0, 0] } }) },
    ],
    [
      'where a tap reads',
      { model: modelReference({ taps: [{ ...tap('conv1', 8), value: 'x' }, inspection.taps[1]!] }) },
    ],
    ['the data set', { dataset: datasetReference({ sha256: 'e'.repeat(64) }) }],
    ['how many images there are', { dataset: datasetReference({ images: 239 }) }],
  ])('every key changes with %s', (_what, change) => {
    const before = planAnalysis(request()).steps.map((step) => step.key);
    const after = planAnalysis(request(change)).steps.map((step) => step.key);
    expect(after).toHaveLength(before.length);
    after.forEach((key, index) => expect(key).not.toBe(before[index]));
  });

  it.each<[string, Partial<AnalysisRequest>]>([
    ['the labels', { dataset: datasetReference({ manifestSha256: 'e'.repeat(64) }) }],
    ['the tasks', { tasks: [YAW] }],
    ['how a task is read', { tasks: [{ ...YAW, type: 'ordered', bins: [[0]] }, GENDER] }],
    ['the number of trials', { settings: { ...DEFAULT_REGRESSION, trials: 4 } }],
    ['the seed', { settings: { ...DEFAULT_REGRESSION, seed: 2 } }],
    ['the samples of the path', { settings: { ...DEFAULT_REGRESSION, lambdas: 50 } }],
  ])('fits are done again, and responses found again, when only %s changes', (_what, change) => {
    expect(planAnalysis(request(change)).extractKeys).toEqual(planAnalysis(request()).extractKeys);
    const before = regressions(request());
    regressions(request(change)).forEach((step, index) => expect(step.key).not.toBe(before[index]!.key));
  });
});

describe('layerTaskKeys', () => {
  it('names results by the input of the step that makes them', () => {
    const keys = layerTaskKeys(request());
    for (const task of [YAW, GENDER]) {
      expect(keys.get(task.name)).toEqual(
        regressions(request()).map((step) => {
          const input = step.input as RegressInput;
          return { layer: input.layer, key: layerTaskKey(input, task) };
        }),
      );
    }
  });

  it('finds a task by the same key whatever other tasks were fitted beside it', () => {
    const alone = layerTaskKeys(request({ tasks: [GENDER] }));
    expect(layerTaskKeys(request()).get('gender')).toEqual(alone.get('gender'));
    const all = [...layerTaskKeys(request()).values()].flat().map(({ key }) => key);
    expect(new Set(all).size).toBe(4);
  });
});
