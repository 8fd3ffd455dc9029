import { describe, expect, it } from 'vitest';
import { Failure } from '@kneepoint/failures';
import { finetuneKey, type FinetuneInput } from './steps/finetune.ts';
import { checkTraining, DEFAULT_TRAINING, type TrainingMode } from './training-settings.ts';

const MODES = Object.keys(DEFAULT_TRAINING) as TrainingMode[];

describe('settings of a training', () => {
  it.each(MODES)('by default fit the mode %s', (mode) => {
    expect(() => checkTraining(DEFAULT_TRAINING[mode])).not.toThrow();
  });

  it.each([
    [{ learningRate: Number.NaN }, 'learningRate'],
    [{ learningRate: 0 }, 'learningRate'],
    [{ epochs: 0 }, 'epochs'],
    [{ batchSize: 1.5 }, 'batchSize'],
    [{ labelSmoothing: 0.9 }, 'labelSmoothing'],
    [{ clipNorm: -1 }, 'clipNorm'],
    [{ patience: 0 }, 'patience'],
    [{ seed: -1 }, 'seed'],
    [{ augment: { crop: 2, flip: false, copies: 3 } }, 'augment.crop'],
    [{ augment: { crop: 0, flip: false, copies: 0 } }, 'augment.copies'],
    [{ batchNorm: 'auto' as never }, 'batchNorm'],
    [{ optimizer: { kind: 'adam', momentum: 0.9 } as const }, 'optimizer.momentum'],
    [{ optimizer: { kind: 'rmsprop' as never } }, 'optimizer.kind'],
    [{ schedule: { kind: 'cosine', warmupEpochs: 30 } as const }, 'schedule.warmupEpochs'],
    [{ schedule: { kind: 'step', everyEpochs: 0, factor: 0.1 } as const }, 'schedule.everyEpochs'],
    [{ checkpointSeconds: Number.POSITIVE_INFINITY }, 'checkpointSeconds'],
  ])('%j are refused at their field', (change, where) => {
    let found: unknown;
    try {
      checkTraining({ ...DEFAULT_TRAINING.whole, ...change });
    } catch (error) {
      found = error;
    }
    expect(found).toBeInstanceOf(Failure);
    expect(found).toMatchObject({ code: 'TRAINING_OPTION_INVALID', where });
    expect((found as Failure).fix).toBeTruthy();
  });
});

describe('the key of a training', () => {
  const input: FinetuneInput = {
    network: { sha256: 'a' },
    preprocess: { channels: 'rgb', range: [0, 1], mean: [0], std: [1] },
    datasetSha256: 'b',
    manifestSha256: 'c',
    tasks: [{ name: 'yaw', type: 'continuous', targets: ['yaw'] }],
    mode: 'whole',
    settings: DEFAULT_TRAINING.whole,
    split: { seed: 1 },
    label: 'finetuned',
    modelName: 'net',
  };

  it('is the same whatever people call it and however often it is saved', () => {
    const settings = { ...input.settings, checkpointSeconds: 5 };
    expect(finetuneKey({ ...input, label: 'other', modelName: 'other', settings })).toBe(finetuneKey(input));
  });

  it.each([
    { network: { sha256: 'x' } },
    { network: { step: { key: 'a', field: 'modelSha256' } } },
    { network: { model: { sha256: 'a', layer: null } } },
    { mode: 'head' as const },
    { split: { seed: 2 } },
    { settings: { ...input.settings, seed: 2 } },
    { distill: { answers: { key: 't', field: 'answersSha256' }, weight: 0.5, temperature: 2 } },
  ])('is another for %j', (change) => {
    expect(finetuneKey({ ...input, ...change })).not.toBe(finetuneKey(input));
  });
});
