import { modelReference, tap } from '@kneepoint/workflow/testing';
import { expect, it } from 'vitest';
import { requireCompressOptions } from './compress-options.ts';

const untrained = { node: 'pool1', operator: 'LpPool' };

it('a training through an operator without a derivative is refused before any work, and what goes is said', () => {
  const every = modelReference({ taps: ['conv1', 'conv2'].map((layer) => ({ ...tap(layer, 8), untrained })) });
  const last = modelReference({ taps: [tap('conv1', 8), { ...tap('conv2', 8), untrained }] });
  const asked = (model: typeof every, arms: ('finetuned' | 'unpruned')[], more: object = {}) =>
    requireCompressOptions({ plan: {}, epsilons: [0.1], arms, ...more }, model, { tasks: [], avoided: [] });
  const refusal = expect.objectContaining({
    code: 'AUTODIFF_OPERATOR',
    message: 'LpPool has no derivative: what lies before it cannot be trained',
    where: 'node pool1',
    fix: expect.stringContaining('--arms none') as string,
  }) as Error;
  expect(() => asked(every, ['finetuned'])).toThrow(refusal);
  expect(() => asked(last, ['finetuned'], { plan: { layer: 'conv2' } })).toThrow(refusal);
  expect(asked(every, [])).toHaveLength(1);
  expect(asked(last, ['finetuned', 'unpruned'])).toHaveLength(1);
  expect(asked(every, ['finetuned'], { training: { freeze: ['conv1'] } })).toHaveLength(1);
});
