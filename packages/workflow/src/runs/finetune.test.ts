import { describe, expect, it } from 'vitest';
import type { FinetuneInput } from '../steps/finetune.ts';
import type { TeachInput } from '../steps/teach.ts';
import { datasetReference, modelReference, YAW } from '../testing/index.ts';
import { finetuneStep, type FinetuneRequest, planFinetune, teachStep } from './finetune.ts';

const request: FinetuneRequest = {
  network: { sha256: 'student' },
  modelName: 'student',
  preprocess: modelReference().preprocess,
  dataset: datasetReference(),
  tasks: [YAW],
  mode: 'whole',
  settings: { seed: 1 },
};
const place = { ref: 'here', dependsOn: [] };

describe('a training with a teacher', () => {
  const [teach, finetune, ...more] = planFinetune({ ...request, teacher: { network: { sha256: 'teacher' } } });

  it('waits for the answers, which a step of their own stores', () => {
    expect([teach!.kind, finetune!.kind, more]).toEqual(['teach', 'finetune', []]);
    expect(finetune!.dependsOn).toEqual([teach!.ref]);
    const { distill } = finetune!.input as FinetuneInput;
    expect(distill).toEqual({ answers: { key: teach!.key, field: 'answersSha256' }, weight: 0.7, temperature: 2 });
  });

  it('sees the images that the teacher saw', () => {
    const { augment, seed, split, tasks } = teach!.input as TeachInput;
    const { settings, ...input } = finetune!.input as FinetuneInput;
    expect({ augment, seed, split, tasks }).toEqual({
      ...{ augment: settings.augment, seed: settings.seed },
      ...{ split: input.split, tasks: input.tasks },
    });
  });

  it('listens to it as much as was said', () => {
    const teacher = { network: { sha256: 'teacher' }, weight: 0.2 };
    const [, step] = planFinetune({ ...request, teacher });
    expect((step!.input as FinetuneInput).distill).toMatchObject({ weight: 0.2, temperature: 2 });
  });
});

it('a training without one is a single step', () => {
  expect(planFinetune(request).map(({ kind }) => kind)).toEqual(['finetune']);
});

describe('the key of the answers', () => {
  const key = (change: Partial<FinetuneRequest>) => teachStep({ ...request, ...change }, place).key;

  it('does not depend on how those that learn are trained otherwise, nor on names', () => {
    const same = { modelName: 'other', training: { epochs: 2, learningRate: 0.1 } };
    expect(key(same)).toBe(key({}));
    expect(finetuneStep({ ...request, ...same }, place).key).not.toBe(finetuneStep(request, place).key);
  });

  it.each<Partial<FinetuneRequest>>([
    { network: { sha256: 'x' } },
    { tasks: [{ ...YAW, name: 'pitch' }] },
    { settings: { seed: 2 } },
    { training: { seed: 9 } },
    { training: { augment: { copies: 5 } } },
    { training: { augment: { crop: 0.2 } } },
    { dataset: { ...request.dataset, sha256: 'x' } },
    { preprocess: { ...request.preprocess, mean: [0.1] } },
  ])('is another for %j', (change) => {
    expect(key(change)).not.toBe(key({}));
  });
});
