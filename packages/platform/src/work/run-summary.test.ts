import { describe, expect, it } from 'vitest';
import { type StepProgress, summarizeProgress } from './run-summary.ts';

function step(
  kind: string,
  state: string,
  done = 0,
  total: number | null = null,
  ratePerSecond: number | null = null,
): StepProgress {
  return {
    ...{ kind, state, done, total, ratePerSecond, name: `${kind} ${state}` },
    ...{ unit: total === null ? null : 'images', share: total === null ? 0 : done / total, message: `${done} so far` },
  };
}

describe('the progress of a run', () => {
  it('is the sum over the shards of what runs now', () => {
    const steps = [
      step('extract', 'SUCCEEDED', 100, 100),
      step('extract', 'RUNNING', 50, 100, 10),
      step('extract', 'RUNNING', 20, 100, 5),
      step('extract', 'QUEUED'),
      step('regress', 'WAITING'),
    ];
    expect(summarizeProgress(steps)).toEqual({
      fraction: (1 + 0.5 + 0.2) / 5,
      done: 170,
      total: 400,
      unit: 'images',
      ratePerSecond: 15,
      etaSeconds: 230 / 15,
      ...{ step: 'extract RUNNING', kind: 'extract', state: 'RUNNING', message: '50 so far' },
    });
  });

  it('adds up what is counted in one unit only, that of the step that runs', () => {
    const reading = { ...step('train', 'RUNNING', 25, 100, 5), unit: 'batches' };
    const steps = [reading, step('train', 'SUCCEEDED', 7550, 7550), step('train', 'QUEUED')];
    expect(summarizeProgress(steps)).toMatchObject({ done: 25, total: 200, unit: 'batches', etaSeconds: 175 / 5 });
    const training = step('train', 'RUNNING', 50, 7550, 10);
    expect(summarizeProgress([training, step('train', 'SUCCEEDED', 7550, 7550)])).toMatchObject({
      ...{ done: 7600, total: 15_100, unit: 'images' },
    });
  });

  it('is whole when every step is done, and counts nothing then', () => {
    expect(summarizeProgress([step('a', 'SUCCEEDED'), step('b', 'SUCCEEDED', 3, 3)])).toEqual({
      fraction: 1,
      done: 0,
      total: null,
      unit: null,
      ratePerSecond: null,
      etaSeconds: null,
      ...{ step: null, kind: null, state: null, message: null },
    });
  });

  it('does not fall when a worker hands a step back', () => {
    const begun = { ...step('a', 'RUNNING', 30, 40, 2), message: 'epoch 3' };
    const [running, queued] = [begun, { ...begun, state: 'QUEUED' }].map((a) =>
      summarizeProgress([a, step('b', 'WAITING')]),
    );
    expect([running!.fraction, queued!.fraction]).toEqual([0.375, 0.375]);
  });

  it('names what comes next while nothing runs, and knows no time', () => {
    expect(summarizeProgress([step('a', 'SUCCEEDED', 4, 4), step('b', 'QUEUED'), step('c', 'WAITING')])).toMatchObject({
      fraction: 1 / 3,
      total: null,
      etaSeconds: null,
      // Nobody does it yet, so it says nothing.
      ...{ step: 'b QUEUED', kind: 'b', state: 'QUEUED', message: null },
    });
  });
});
