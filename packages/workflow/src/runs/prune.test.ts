import { expect, it } from 'vitest';
import type { PruneInput } from '../steps/prune.ts';
import { DEFAULT_REGRESSION } from '../steps/regress.ts';
import { datasetReference, modelReference, YAW } from '../testing/index.ts';
import { planAnalysis } from './analysis.ts';
import { planPrune, type PruneRequest } from './prune.ts';

function request(overrides: Partial<PruneRequest> = {}): PruneRequest {
  return {
    model: modelReference(),
    dataset: datasetReference(),
    task: YAW,
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
  ['the task', { task: { ...YAW, name: 'pitch' } }],
  ['the labels', { dataset: datasetReference({ manifestSha256: 'e'.repeat(64) }) }],
])('the key of a pruning changes with %s', (_what, change) => {
  expect(prunings(request(change))[0]!.key).not.toBe(prunings(request())[0]!.key);
});
