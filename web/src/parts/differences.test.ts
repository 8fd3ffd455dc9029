import { expect, it } from 'vitest';
import { differing, factsOf } from './differences.ts';

const RUN: Parameters<typeof factsOf>[0] = {
  ...{
    id: 'a',
    kind: 'COMPRESSION',
    state: 'SUCCEEDED',
    name: null,
    createdBy: null,
    createdAt: '2026-01-01T00:00:00Z',
  },
  ...{ labels: [{ key: 'team', value: 'vision' }], metadata: null, tasks: ['age'] },
  ...{ startedAt: '2026-01-01T00:00:00Z', endedAt: '2026-01-01T00:01:30Z', report: null },
  ...{ model: { name: 'net' }, dataset: { name: 'faces' } },
  input: {
    model: 'TW9kZWw',
    plan: { task: 'age', criterion: 'LASSO' },
    epsilons: [0.01, 0.1],
    training: { epochs: 3 },
  },
};

it('only what is not the same in all runs is shown, each fact by itself', () => {
  const other = {
    ...RUN,
    labels: [],
    endedAt: null,
    input: { model: 'b3RoZXI', plan: { task: 'age', criterion: 'L1' }, epsilons: [0.01], training: { epochs: 3 } },
  };
  expect(differing([RUN, other].map(factsOf))).toEqual([
    { name: 'labels.team', values: ['vision', undefined] },
    { name: 'plan.criterion', values: ['LASSO', 'L1'] },
    { name: 'epsilons', values: ['0.01, 0.1', '0.01'] },
    { name: 'seconds', values: ['90', undefined] },
  ]);
});

it('runs that are the same differ in nothing', () => {
  expect(differing([RUN, RUN].map(factsOf))).toEqual([]);
});
