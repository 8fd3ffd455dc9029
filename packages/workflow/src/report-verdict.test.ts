import { describe, expect, test } from 'vitest';
import type { MeasuredTask, NetworkFigures } from './report-measured.ts';
import { type VerdictFacts, verdictOf } from './report-verdict.ts';

const figures = (macs: number, bytes: number, p50: number, p95 = 1.1 * p50): NetworkFigures => ({
  parameters: bytes / 4,
  macs,
  bytes,
  latencyMs: { p50, p95 },
});
type Task = Pick<MeasuredTask, 'task' | 'metric' | 'draws'>;
const drawn = (metric: number, standardError: number, signs: readonly number[], task: string): Task => ({
  ...{ task, metric, draws: signs.map((sign) => metric + sign * standardError) },
});
/** Of the network that is delivered, and of the one beside it: they err on different images. */
const task = (metric: number, standardError: number, name = 'gender'): Task =>
  drawn(metric, standardError, [1, -1, 1, -1], name);
const was = (metric: number, standardError: number, name = 'gender'): Task =>
  drawn(metric, standardError, [1, 1, -1, -1], name);
const stages = { images: 400, chance: 0.5, probe: 0.8, pruned: 0.6, healed: 0.7, refit: 0.7 };
const accuracy = { task: 'gender', name: 'accuracy', higherIsBetter: true, ...stages };
const age = { task: 'age', name: 'rmse', higherIsBetter: false, ...stages };

/** A network of 6 % of the MACs that answers 91.7 % of 400 images right where the whole one answers 92.2 %. */
const facts = (more: Partial<VerdictFacts> = {}): VerdictFacts => ({
  before: figures(1000, 10_000, 1.9),
  after: figures(60, 300, 1),
  tasks: [accuracy],
  keep: null,
  target: null,
  reference: { name: 'unpruned', tasks: [was(0.922, 0.002)] },
  delivered: { arm: 'finetuned', epochs: 20, bestEpoch: 14, tasks: [task(0.917, 0.002)] },
  units: { gender: null, age: 'years' },
  ...more,
});
const delivered = (own: Task | readonly Task[], more: Partial<VerdictFacts['delivered']> = {}) => ({
  ...facts().delivered,
  tasks: [own].flat(),
  ...more,
});
const keep = (met: boolean): VerdictFacts['keep'] => ({ goal: { share: 0.99 }, met, tasks: [] });
const macs = { kind: 'macs', remove: 0.9 } as const;

describe('a verdict', () => {
  test.each<[what: string, facts: VerdictFacts, verdict: string]>([
    [
      'says what was won, and what it costs against the whole network',
      facts({ delivered: delivered(task(0.914, 0.001)), reference: { name: 'unpruned', tasks: [was(0.922, 0.001)] } }),
      '94 % fewer MACs, 97 % smaller, 1.9 times as fast on this machine; accuracy 91.4 % against 92.2 % of the whole network finetuned: within 1 %.',
    ],
    [
      'says where so few images cannot tell the difference from none',
      facts({ delivered: delivered(task(0.917, 0.014)), reference: { name: 'unpruned', tasks: [was(0.922, 0.013)] } }),
      '94 % fewer MACs, 97 % smaller, 1.9 times as fast on this machine; accuracy 91.7 % against 92.2 % of the whole network finetuned: within 1 %, a difference that 400 test images do not tell from none.',
    ],
    [
      'of errors has their unit, and says what may help where more than a hundredth is lost',
      facts({
        tasks: [age],
        reference: { name: 'unpruned', tasks: [was(15.9, 0.1, 'age')] },
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
        reference: { name: 'probe', tasks: [was(0.8, 0.001)] },
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
        reference: { name: 'unpruned', tasks: [was(0.922, 0.001), was(15.9, 0.1, 'age')] },
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

  test('compares two networks draw by draw: what both get wrong in a draw tells nothing', () => {
    const together = [0.06, -0.06, 0.05, -0.05];
    const drawnAlike = (metric: number, apart: number): Task => ({
      ...{ task: 'gender', metric, draws: together.map((moved, i) => metric + moved + apart * (-1) ** (i >> 1)) },
    });
    const reference = { name: 'unpruned', tasks: [drawnAlike(0.9, 0)] } as const;
    const untold = 'a difference that 400 test images do not tell from none';
    expect(verdictOf(facts({ reference, delivered: delivered(drawnAlike(0.84, 0.01)) }))).not.toContain(untold);
    expect(verdictOf(facts({ reference, delivered: delivered(drawnAlike(0.84, 0.05)) }))).toContain(untold);
  });

  test('of several tasks counts one that is the same as told apart by nothing', () => {
    const tasks = [accuracy, { ...accuracy, task: 'hat' }];
    const reference = { name: 'unpruned', tasks: [was(0.9, 0.03), was(0.9, 0.05, 'hat')] } as const;
    const own = (gender: number) => delivered([task(gender, 0.03), task(0.86, 0.05, 'hat')]);
    const untold = 'differences that 400 test images do not tell from none';
    expect(verdictOf(facts({ tasks, reference, delivered: own(0.9) }))).toContain(untold);
    expect(verdictOf(facts({ tasks, reference, delivered: own(0.89) }))).toContain(untold);
    const apart = [accuracy, { ...accuracy, task: 'hat', images: 90 }];
    expect(verdictOf(facts({ tasks: apart, reference, delivered: own(0.89) }))).toContain(
      'differences that 90 to 400 test images do not tell from none',
    );
  });
});
