import { describe, expect, it } from 'vitest';
import { type Standing, standing } from './progress-text.ts';

const TRAINING: Standing = {
  ...{ state: 'RUNNING', message: 'trying where to begin' },
  ...{ done: 1200, total: 4000, unit: 'images', etaSeconds: 95 },
};

describe('standing', () => {
  it('says what a step does, how far it is, and how long that takes', () => {
    expect(standing(TRAINING)).toEqual([
      'trying where to begin',
      '1.20\u00a0k of 4.00\u00a0k images',
      'about 1\u00a0min 35\u00a0s left',
    ]);
  });

  it('says of a step that waits for what, and nothing of work', () => {
    expect(standing({ ...TRAINING, state: 'QUEUED' })).toEqual(['waits for a worker']);
    expect(standing({ ...TRAINING, state: 'WAITING' })).toEqual(['waits for what comes before it']);
  });

  it('foretells nothing by a count of stages, and nothing of what has ended', () => {
    expect(standing({ ...TRAINING, message: 'proving', unit: 'stages' })).toEqual(['proving']);
    expect(standing({ ...TRAINING, state: 'SUCCEEDED' })).toEqual([]);
  });
});
