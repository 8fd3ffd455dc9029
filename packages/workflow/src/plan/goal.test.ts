import { expect, it } from 'vitest';
import { describeGoal, goalLabel } from './goal.ts';
import type { PruneOptions } from './prune-options.ts';

it.each<[PruneOptions, string, string]>([
  [{ epsilon: 0.01 }, '0.01', 'ε = 0.01'],
  [{ epsilon: 0.01, criterion: 'l1' }, '0.01-l1', 'ε = 0.01, by l1'],
  [{ epsilon: 0.01, criterion: 'lasso' }, '0.01', 'ε = 0.01'],
  [{ epsilon: 0.01, criterion: 'damage' }, '0.01-damage', 'ε = 0.01, by damage'],
  [{ target: { kind: 'macs', remove: 0.6 }, criterion: 'damage' }, 'macs-60pct', 'MACs −60 %'],
  [{ target: { kind: 'macs', remove: 0.6 }, criterion: 'lasso' }, 'macs-60pct-lasso', 'MACs −60 %, by lasso'],
  // Tasks are avoided by their curves.
  [{ target: { kind: 'macs', remove: 0.6 }, avoid: { tasks: ['who'] } }, 'macs-60pct', 'MACs −60 %'],
  // 100 · 0.55 is 55.00000000000001.
  [{ target: { kind: 'macs', remove: 0.55 } }, 'macs-55pct', 'MACs −55 %'],
  [{ keep: { share: 0.99 } }, 'keep-99pct', 'keep 99 % of the whole network'],
  [
    { keep: { within: 0.5 }, target: { kind: 'macs', remove: 0.9 } },
    'within-0.5-macs-90pct',
    'keep the whole network within 0.5, MACs −90 %',
  ],
  [{ target: { kind: 'parameters', atMost: 200_000 } }, 'parameters-200000', 'parameters ≤ 200000'],
  [
    { target: { kind: 'latency', atMost: 2.5 }, criterion: 'taylor' },
    'latency-2.5ms-taylor',
    'latency ≤ 2.5 ms, by taylor',
  ],
])('%o is called %s, and in a sentence %s', (options, label, sentence) => {
  expect([goalLabel(options), describeGoal(options)]).toEqual([label, sentence]);
});
