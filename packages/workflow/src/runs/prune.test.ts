import type { TaskSpec } from '@kneepoint/regression';
import { expect, it } from 'vitest';
import type { PruneInput } from '../steps/prune.ts';
import { DEFAULT_REGRESSION } from '../steps/regress.ts';
import { datasetReference, modelReference, YAW } from '../testing/index.ts';
import { planAnalysis } from './analysis.ts';
import type { PruneOptions } from '../plan/prune-options.ts';
import { planPrune, type PruneRequest } from './prune.ts';

const WHO: TaskSpec = { ...YAW, name: 'who' };

function request(overrides: Partial<PruneRequest> = {}): PruneRequest {
  return {
    model: modelReference(),
    dataset: datasetReference(),
    tasks: [YAW],
    settings: DEFAULT_REGRESSION,
    options: [{ epsilon: 0.01 }, { epsilon: 0.1 }],
    ...overrides,
  };
}

const prunings = (plan: PruneRequest) => planPrune(plan).filter((step) => step.kind === 'prune');

it('a pruning waits for the analysis of its one task, and reads it by its keys', () => {
  const steps = planPrune(request());
  const analysis = planAnalysis({ ...request(), tasks: [YAW] });
  expect(steps.slice(0, analysis.steps.length)).toEqual(analysis.steps);
  for (const step of steps.slice(analysis.steps.length)) {
    expect(step.dependsOn).toEqual(analysis.steps.map(({ ref }) => ref));
    const { extractKeys, regressKeys } = step.input as PruneInput;
    expect({ extractKeys, regressKeys }).toEqual({
      extractKeys: analysis.extractKeys,
      regressKeys: analysis.regressKeys,
    });
  }
});

it('each ε is a step of its own, with a ref and key of its own', () => {
  const steps = prunings(request());
  expect(steps.map((step) => (step.input as PruneInput).options.epsilon)).toEqual([0.01, 0.1]);
  expect(new Set(steps.map((step) => step.key)).size).toBe(2);
  expect(new Set(steps.map((step) => step.ref)).size).toBe(2);
});

it('a model that was only renamed is not pruned again', () => {
  const keys = (name: string) => prunings(request({ model: modelReference({}, { name }) })).map((step) => step.key);
  expect(keys('other')).toEqual(keys('net'));
});

it.each<[string, Partial<PruneRequest>]>([
  ['its ε', { options: [{ epsilon: 0.02 }] }],
  ['the ε of one layer', { options: [{ epsilon: 0.01, layerEpsilon: { conv1: 0.2 } }] }],
  ['the layer of the head', { options: [{ epsilon: 0.01, layer: 'conv2' }] }],
  ['the least number of filters', { options: [{ epsilon: 0.01, minFilters: 2 }] }],
  ['the task', { tasks: [{ ...YAW, name: 'pitch' }] }],
  ['another task beside it', { tasks: [YAW, { ...YAW, name: 'pitch' }] }],
  ['a target', { options: [{ target: { kind: 'macs', remove: 0.5 } }] }],
  ['the criterion', { options: [{ epsilon: 0.01, criterion: 'l1' }] }],
  ['the multiple', { options: [{ epsilon: 0.01, roundTo: 8 }] }],
  ['the least number of filters of one layer', { options: [{ epsilon: 0.01, layerMinFilters: { conv1: 4 } }] }],
  ['the decision', { options: [{ epsilon: 0.01, decide: 'vote' }] }],
  ['a task to avoid', { avoided: [WHO], options: [{ epsilon: 0.01, avoid: { tasks: ['who'] } }] }],
  ['the labels', { dataset: datasetReference({ manifestSha256: 'e'.repeat(64) }) }],
])('the key of a pruning changes with %s', (_what, change) => {
  expect(prunings(request(change))[0]!.key).not.toBe(prunings(request())[0]!.key);
});

it('saying a default changes no key, nor does the order of tasks to avoid', () => {
  const keyOf = (option: PruneOptions) => prunings(request({ avoided: [WHO], options: [option] }))[0]!.key;
  const said: PruneOptions = { criterion: 'lasso', decide: 'union', minFilters: 1, roundTo: 1, layerMinFilters: {} };
  expect(keyOf({ epsilon: 0.01, ...said, layerEpsilon: {} })).toBe(keyOf({ epsilon: 0.01 }));
  expect(keyOf({ epsilon: 0.01, avoid: { tasks: ['who', 'who'], strength: 1 } })).toBe(
    keyOf({ epsilon: 0.01, avoid: { tasks: ['who'] } }),
  );
});

it('what was planned for one provider is no result for another, where widths follow from it', () => {
  const keyOf = (option: PruneOptions, provider: PruneRequest['provider']) =>
    prunings(request({ options: [option], ...(provider ? { provider } : {}) }))[0]!.key;
  const target = { kind: 'macs', remove: 0.5 } as const;
  const latency = { kind: 'latency', remove: 0.5 } as const;
  for (const option of [{ target }, { keep: { share: 0.99 } }, { target: latency, roundTo: 8 }] as PruneOptions[]) {
    const keys = [undefined, 'cuda', 'auto'].map((provider) => keyOf(option, provider as PruneRequest['provider']));
    expect(new Set(keys).size).toBe(3);
    expect(keyOf(option, 'cpu')).toBe(keys[0]);
  }
  for (const option of [{ target, roundTo: 8 }, { epsilon: 0.01 }] as PruneOptions[]) {
    expect(keyOf(option, 'cuda')).toBe(keyOf(option, 'cpu'));
  }
});

it('what shall be avoided is analysed with what is wanted, and only its options know of it', () => {
  const options = [{ epsilon: 0.01 }, { epsilon: 0.1, avoid: { tasks: ['who'] } }];
  const steps = planPrune(request({ avoided: [WHO], options }));
  const analysis = planAnalysis({ ...request(), tasks: [YAW, WHO] });
  expect(steps.slice(0, analysis.steps.length)).toEqual(analysis.steps);
  const [plain, avoiding] = steps.slice(analysis.steps.length).map((step) => step.input as PruneInput);
  expect([plain!.avoided, avoiding!.avoided]).toEqual([undefined, [WHO]]);
  expect([plain!.tasks, avoiding!.tasks]).toEqual([[YAW], [YAW]]);
});
