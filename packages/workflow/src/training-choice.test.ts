import fc from 'fast-check';
import { expect, it } from 'vitest';
import { trainingSettings } from './training-choice.ts';
import { checkTraining, DEFAULT_TRAINING, type TrainingMode } from './training-settings.ts';

const MODES = Object.keys(DEFAULT_TRAINING) as TrainingMode[];

it.each(MODES)('mode %s without a choice trains by its defaults', (mode) => {
  expect(trainingSettings(mode)).toEqual(DEFAULT_TRAINING[mode]);
});

it('what was chosen replaces the default, and only that', () => {
  const settings = trainingSettings('whole', { epochs: 40, learningRate: 0.1, augment: { flip: false } });
  expect(settings).toEqual({
    ...DEFAULT_TRAINING.whole,
    epochs: 40,
    learningRate: 0.1,
    augment: { ...DEFAULT_TRAINING.whole.augment, flip: false },
  });
});

it('any number of epochs that is allowed gives settings that are allowed, and warms up for a quarter at most', () => {
  fc.assert(
    fc.property(fc.constantFrom(...MODES), fc.integer({ min: 1, max: 10_000 }), (mode, epochs) => {
      const settings = trainingSettings(mode, { epochs });
      expect(() => checkTraining(settings)).not.toThrow();
      expect(settings.schedule.warmupEpochs ?? 0).toBeLessThanOrEqual(epochs / 4);
    }),
  );
});

it('a schedule of one’s own is taken as it is', () => {
  const schedule = { kind: 'constant', warmupEpochs: 2 } as const;
  expect(trainingSettings('whole', { epochs: 3, schedule }).schedule).toEqual(schedule);
});

it('what is out of bounds is refused with its field', () => {
  const refusal = (field: string): unknown =>
    expect.objectContaining({ code: 'TRAINING_OPTION_INVALID', where: field });
  expect(() => trainingSettings('whole', { batchSize: 0 })).toThrow(refusal('batchSize'));
  expect(() => trainingSettings('whole', { augment: { crop: 0.9 } })).toThrow(refusal('augment.crop'));
  expect(() => trainingSettings('fine' as TrainingMode)).toThrow(refusal('mode'));
});
