import { describe, expect, it } from 'vitest';
import type { Arm, MeasuredResult, MeasuredArm } from './report-measured.ts';
import { reportWarnings } from './report-warnings.ts';

const figures = (macs: number, p50: number) => ({ parameters: 1, macs, bytes: 4, latencyMs: { p50, p95: p50 } });

function arm(name: Arm, metric: number, more: Partial<MeasuredArm> = {}): MeasuredArm {
  return {
    arm: name,
    metric,
    validation: metric,
    interval: null,
    tasks: [],
    ...figures(10, 1),
    modelSha256: 'a'.repeat(64),
    epochs: name === 'refit' ? null : 20,
    bestEpoch: name === 'refit' ? null : 10,
    seconds: null,
    imagesPerSecond: null,
    history: [],
    ...more,
  };
}

function warnings(
  arms: readonly MeasuredArm[],
  { higherIsBetter = true, ...more }: Partial<MeasuredResult> & { readonly higherIsBetter?: boolean } = {},
): readonly string[] {
  const name = higherIsBetter ? 'accuracy' : 'rmse';
  return reportWarnings({
    metric: { name, higherIsBetter, chance: 0.5, probe: 0.8, pruned: 0.5, refit: 0.6 },
    before: figures(100, 10),
    after: figures(10, 1),
    layers: [],
    arms,
    target: null,
    avoidance: null,
    keep: null,
    rounds: [],
    epsilon: 0.01,
    damageBy: null,
    split: { shared: true, test: 100 },
    ...more,
  } as unknown as MeasuredResult);
}

describe('a report warns', () => {
  it('first of all of pixels that are clearly not what the network was trained with', () => {
    const [first] = warnings([arm('finetuned', 0.9)], { fed: ['the spread is 255 times what is stored'] });
    expect(first).toContain('the spread is 255 times what is stored');
  });

  it('of nothing when the pruned network holds what it promised', () => {
    expect(warnings([arm('refit', 0.7), arm('finetuned', 0.9), arm('scratch', 0.85), arm('unpruned', 0.95)])).toEqual(
      [],
    );
  });

  it('when the same architecture from fresh weights is better, in the direction of the metric', () => {
    expect(warnings([arm('finetuned', 0.9), arm('scratch', 0.91)])).toEqual([
      expect.stringContaining(
        'trained from fresh weights does better (91.0 %) than the pruned network finetuned (90.0 %)',
      ),
    ]);
    expect(warnings([arm('finetuned', 0.5), arm('scratch', 0.6)], { higherIsBetter: false })).toEqual([]);
    expect(warnings([arm('finetuned', 0.6), arm('scratch', 0.5)], { higherIsBetter: false })).toHaveLength(1);
  });

  it('when finetuning made it worse', () => {
    expect(warnings([arm('refit', 0.9), arm('finetuned', 0.85)])).toEqual([
      'Finetuning made the pruned network worse: 90.0 % refitted, 85.0 % finetuned.',
    ]);
  });

  it('when no pruned network reached the probe, whatever the unpruned ones did', () => {
    expect(warnings([arm('refit', 0.6), arm('finetuned', 0.7), arm('unpruned', 0.99)])).toEqual([
      'No pruned network reached the probe of the untouched one (80.0 %): refit 60.0 %, finetuned 70.0 %. A smaller ε keeps more filters.',
    ]);
  });

  it('when the last epoch was the best', () => {
    expect(warnings([arm('refit', 0.8), arm('finetuned', 0.9, { bestEpoch: 20 })])).toEqual([
      'The last epoch was the best of finetuned: more epochs may help.',
    ]);
  });

  it('when no epoch was better than the start', () => {
    expect(warnings([arm('refit', 0.8), arm('finetuned', 0.9, { bestEpoch: 0 })])).toEqual([
      'No epoch of finetuned was better on validation than its start.',
    ]);
  });

  it('when MACs fell and time did not', () => {
    expect(warnings([arm('refit', 0.9)], { after: figures(20, 9) })).toEqual([
      'MACs fell to 20 %, latency only to 90 %: channels that are no multiple of 8 or 16 often run no faster.',
    ]);
    const slower = { ...figures(20, 12), latencyMs: { p50: 12, p95: 40 } };
    expect(warnings([arm('refit', 0.9)], { after: slower })).toEqual([
      'MACs fell to 20 %, and latency rose to 120 %: channels that are no multiple of 8 or 16 often run no faster, and this machine had other work meanwhile.',
    ]);
  });

  it('of layers whose curve says next to nothing, but not of those that cannot be pruned anyway', () => {
    const layers = [
      { name: 'conv1', filters: 8, kept: 8, reason: null, chosen: 0 },
      { name: 'conv2', filters: 8, kept: 8, reason: 'it feeds Resize', chosen: 0 },
      { name: 'conv3', filters: 8, kept: 4, reason: null, chosen: 4 },
      { name: 'conv4', filters: 8, kept: 4, reason: null, chosen: 0 },
    ] as unknown as MeasuredResult['layers'];
    expect(warnings([arm('refit', 0.9)], { layers })).toEqual([
      'The curve of conv1 says next to nothing about the task: left whole.',
      'The curve of conv4 says next to nothing about the task: which of its filters stay was left to layers that share them.',
    ]);
  });

  it('when a latency was missed by more than two measurements differ', () => {
    const target = (reached: number) => ({
      target: { kind: 'latency', remove: 0.5 } as const,
      ...{ atMost: 2, before: 4, planned: 2, reached },
    });
    expect(warnings([arm('refit', 0.9)], { target: target(2.05) })).toEqual([]);
    expect(warnings([arm('refit', 0.9)], { target: target(2.2) })).toEqual([
      'The target latency −50 % was missed: 2.20 ms instead of 2.00 ms.',
    ]);
  });

  it('when a task that was to be avoided can still be read', () => {
    const accuracy = { name: 'accuracy', higherIsBetter: true, images: 100 };
    const readable = (after: number) => ({
      by: 'image',
      tasks: [
        { task: 'smile', role: 'wanted', ...accuracy, chance: 0.5, before: 0.9, after: 0.9 },
        { task: 'who', role: 'avoided', ...accuracy, chance: 0.1, before: 0.9, after },
      ] as const,
    });
    expect(warnings([arm('refit', 0.9)], { avoidance: readable(0.3) })).toEqual([]);
    // On a hundred images that is no more than chance.
    const few = { ...readable(0.14), tasks: [{ ...readable(0.14).tasks[1], before: 0.14 }] };
    expect(warnings([arm('refit', 0.9)], { avoidance: few })).toEqual([]);
    // Of ten thousand that carry its label it is, however many the tasks have together.
    const many = { ...few, tasks: [{ ...few.tasks[0]!, images: 10_000 }] };
    expect(warnings([arm('refit', 0.9)], { avoidance: many })).toEqual([expect.stringContaining('who can still')]);
    const worse = { ...few, tasks: [{ ...few.tasks[0]!, chance: 0.9, before: 0.95, after: 0.6 }] };
    expect(warnings([arm('refit', 0.9)], { avoidance: worse })).toEqual([]);
    expect(warnings([arm('refit', 0.9)], { avoidance: readable(0.8) })).toEqual([
      'who can still be read from what is left: accuracy 80.0 %, 90.0 % before the cut, 10.0 % by chance.',
    ]);
  });

  it('of intervals of a few people, where subjects are kept together', () => {
    const judged = (drawn: 'image' | 'subject') => [arm('refit', 0.9, { tasks: [{ interval: { drawn } }] as never })];
    const split = (by: string) => ({ ...{ by, train: 1, validation: 1, test: 1 }, shared: true });
    const few = [expect.stringMatching(/^Fewer than five subjects \(person\) are in the test part/) as string];
    expect(warnings(judged('image'), { split: split('person') })).toEqual(few);
    expect(warnings(judged('subject'), { split: split('person') })).toEqual([]);
    expect(warnings(judged('image'), { split: split('image') })).toEqual([]);
  });

  it('when tasks are judged on another split than their curves', () => {
    const split = { by: 'image', train: 1, validation: 1, test: 1, shared: false };
    expect(warnings([arm('refit', 0.9)], { split, task: 'a+b' })).toEqual([
      expect.stringContaining('The tasks a+b do not label the same images'),
    ]);
  });

  it('says where widths do not know what the answers depend on', () => {
    expect(warnings([], { damageBy: 'readers' })).toEqual([expect.stringContaining('has no derivative')]);
    expect(warnings([], { damageBy: 'answers' })).toEqual([]);
  });

  it('of layers that keep filters where a rank was wanted', () => {
    expect(warnings([], { unrotated: ['conv2', 'conv5'] })).toEqual([
      expect.stringMatching(/^conv2, conv5 keep filters, not a rank/),
    ]);
    expect(warnings([], { unrotated: [] })).toEqual([]);
  });

  it('says which goal was not kept, not that of the last round of its search', () => {
    const task = { task: 'pose', whole: { validation: 0.9, test: 0.9 }, bound: 0.89, validation: 0.8, test: 0.8 };
    const target = {
      target: { kind: 'macs', remove: 0.9 },
      atMost: 10,
      before: 100,
      planned: 20,
      reached: 20,
    } as const;
    const [warning, ...others] = warnings([], {
      keep: { goal: { share: 0.99 }, met: false, tasks: [task] },
      rounds: [{ share: 0.2 } as MeasuredResult['rounds'][number]],
      target,
    });
    expect(warning).toContain('keeps 99 % of the whole network');
    expect(warning).toContain('pose 80.0 % where 89.0 % was wanted');
    expect(others).toEqual([]);
  });
});
