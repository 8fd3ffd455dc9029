import { describe, expect, test } from 'vitest';
import type { NetworkFigures, ReportArmTask } from './report-measured.ts';
import { type VerdictFacts, verdictOf } from './report-verdict.ts';

const figures = (macs: number, bytes: number, p50: number, p95 = 1.1 * p50): NetworkFigures => ({
  parameters: bytes / 4,
  macs,
  bytes,
  latencyMs: { p50, p95 },
});
const task = (metric: number, standardError: number, name = 'gender'): ReportArmTask => ({
  task: name,
  metric,
  validation: metric,
  interval: { low: metric - 2 * standardError, high: metric + 2 * standardError, standardError },
  thresholds: [],
});
const stages = { chance: 0.5, probe: 0.8, pruned: 0.6, healed: 0.7, refit: 0.7 };
const accuracy = { task: 'gender', name: 'accuracy', higherIsBetter: true, ...stages };
const age = { task: 'age', name: 'rmse', higherIsBetter: false, ...stages };

/** A network of 6 % of the MACs that answers 91.7 % of 400 images right where the whole one answers 92.2 %. */
const facts = (more: Partial<VerdictFacts> = {}): VerdictFacts => ({
  before: figures(1000, 10_000, 1.9),
  after: figures(60, 300, 1),
  tasks: [accuracy],
  keep: null,
  target: null,
  reference: { name: 'unpruned', tasks: [task(0.922, 0.002)] },
  delivered: { arm: 'finetuned', epochs: 20, bestEpoch: 14, tasks: [{ ...task(0.917, 0.002), breakdown: NONE }] },
  images: 400,
  units: { gender: null, age: 'years' },
  ...more,
});
const NONE = { classes: [], confusion: null, residuals: [] };
const delivered = (own: ReportArmTask | readonly ReportArmTask[], more: Partial<VerdictFacts['delivered']> = {}) => ({
  ...facts().delivered,
  tasks: [own].flat().map((one) => ({ ...one, breakdown: NONE })),
  ...more,
});
const keep = (met: boolean): VerdictFacts['keep'] => ({ goal: { share: 0.99 }, met, tasks: [] });
const macs = { kind: 'macs', remove: 0.9 } as const;

describe('a verdict', () => {
  test.each<[what: string, facts: VerdictFacts, verdict: string]>([
    [
      'says what was won, and what it costs against the whole network',
      facts({ delivered: delivered(task(0.914, 0.001)), reference: { name: 'unpruned', tasks: [task(0.922, 0.001)] } }),
      '94 % fewer MACs, 97 % smaller, 1.9 times as fast on this machine; accuracy 91.4 % against 92.2 % of the whole network finetuned: within 1 %.',
    ],
    [
      'says where so few images cannot tell the difference from none',
      facts({ delivered: delivered(task(0.917, 0.014)), reference: { name: 'unpruned', tasks: [task(0.922, 0.013)] } }),
      '94 % fewer MACs, 97 % smaller, 1.9 times as fast on this machine; accuracy 91.7 % against 92.2 % of the whole network finetuned: within 1 %, a difference that 400 test images do not tell from none.',
    ],
    [
      'of errors has their unit, and says what may help where more than a hundredth is lost',
      facts({
        tasks: [age],
        reference: { name: 'unpruned', tasks: [task(15.9, 0.1, 'age')] },
        delivered: delivered(task(16.6, 0.1, 'age'), { bestEpoch: 20 }),
      }),
      '94 % fewer MACs, 97 % smaller, 1.9 times as fast on this machine; rmse 16.6 against 15.9 years of the whole network finetuned: within 5 %, outside 2 %; more epochs or a larger network may help.',
    ],
    [
      'says how much worse it is beyond a tenth',
      facts({ delivered: delivered(task(0.7, 0.001)) }),
      '94 % fewer MACs, 97 % smaller, 1.9 times as fast on this machine; accuracy 70.0 % against 92.2 % of the whole network finetuned: 24 % worse; a larger network may help.',
    ],
    [
      'says that it is better where it is',
      facts({ delivered: delivered(task(0.95, 0.001)) }),
      '94 % fewer MACs, 97 % smaller, 1.9 times as fast on this machine; accuracy 95.0 % against 92.2 % of the whole network finetuned: better.',
    ],
    [
      'of a network that was not trained compares with the probe, and says that training may help',
      facts({
        reference: { name: 'probe', tasks: [task(0.8, 0.001)] },
        delivered: delivered(task(0.78, 0.001), { arm: 'refit', epochs: null, bestEpoch: null }),
      }),
      '94 % fewer MACs, 97 % smaller, 1.9 times as fast on this machine; accuracy 78.0 % against 80.0 % of a linear probe on the untouched network: within 5 %, outside 2 %; training it on may help.',
    ],
    [
      'says that a goal was kept, whatever the test images say',
      facts({ keep: keep(true), delivered: delivered(task(0.9, 0.014)) }),
      '94 % fewer MACs, 97 % smaller, 1.9 times as fast on this machine; accuracy 90.0 % against 92.2 % of the whole network finetuned: within 5 %, outside 2 %, a difference that 400 test images do not tell from none; it keeps 99 % of the whole network on validation, as asked.',
    ],
    [
      'says that a goal was not kept, and what may help',
      facts({ keep: keep(false), delivered: delivered(task(0.9, 0.001), { bestEpoch: 20 }) }),
      '94 % fewer MACs, 97 % smaller, 1.9 times as fast on this machine; accuracy 90.0 % against 92.2 % of the whole network finetuned: within 5 %, outside 2 %; less than asked, which was 99 % of the whole network on validation; more epochs or a larger network may help.',
    ],
    [
      'says that a target was missed',
      facts({
        target: { target: macs, atMost: 100, before: 1000, planned: 100, reached: 120 },
        delivered: delivered(task(0.922, 0.001)),
      }),
      '94 % fewer MACs, 97 % smaller, 1.9 times as fast on this machine; accuracy 92.2 % against 92.2 % of the whole network finetuned: the same; the target MACs −90 % was missed.',
    ],
    [
      'of several tasks names each, and goes by the worst',
      facts({
        tasks: [accuracy, age],
        reference: { name: 'unpruned', tasks: [task(0.922, 0.001), task(15.9, 0.1, 'age')] },
        delivered: delivered([task(0.93, 0.001), task(16, 0.1, 'age')]),
      }),
      '94 % fewer MACs, 97 % smaller, 1.9 times as fast on this machine; gender accuracy 93.0 % against 92.2 %, age rmse 16.0 against 15.9 years of the whole network finetuned: each within 1 %.',
    ],
  ])('%s', (_what, given, verdict) => {
    expect(verdictOf(given)).toBe(verdict);
  });

  test.each<[what: string, before: NetworkFigures, after: NetworkFigures, sizes: string]>([
    ['faster by less than two runs differ', figures(100, 100, 1), figures(50, 50, 0.97), 'no faster on this machine'],
    ['slower', figures(100, 100, 1), figures(50, 50, 1.5), '1.5 times as slow on this machine'],
    ['much faster', figures(100, 100, 30), figures(50, 50, 2), '15 times as fast on this machine'],
    ['disturbed', figures(100, 100, 2, 9), figures(50, 50, 1), '2.0 times as fast on this machine (p95 is noise here)'],
  ])('of a network that is %s says so', (_what, before, after, sizes) => {
    expect(verdictOf(facts({ before, after }))).toContain(`50 % fewer MACs, 50 % smaller, ${sizes};`);
  });

  test('of a network that became no smaller says so, and tells 99.6 % from all of it', () => {
    const whole = figures(1000, 1000, 1);
    expect(verdictOf(facts({ before: whole, after: whole }))).toMatch(/^As many MACs, as large a file, no faster/);
    expect(verdictOf(facts({ before: whole, after: figures(4, 1100, 1) }))).toMatch(/^99.6 % fewer MACs, 10 % larger,/);
    expect(verdictOf(facts({ before: figures(1e6, 1e6, 1), after: figures(1, 1, 1) }))).toMatch(
      /^99.9 % fewer MACs, 99.9 % smaller,/,
    );
  });
});
