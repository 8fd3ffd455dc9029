import type { Preprocess } from '@kneepoint/datasets';
import { DataType, dimsOf, type ModelProto, seededRandom } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { drawnPlanes, feedsOf, imageInput } from '../network/image-input.ts';
import { networkFacts } from '../network/network-facts.ts';
import { describedNetwork, TASKS } from '../testing/networks.ts';
import { proveAnswers } from './prove-answers.ts';
import { leastFloat, withAnswers } from './with-answers.ts';

const all = Object.values(TASKS);

function noise(model: ModelProto, batches = 3) {
  const { preprocess } = networkFacts(model);
  const input = imageInput(model, preprocess);
  const random = seededRandom(3);
  return Array.from({ length: batches }, () => feedsOf(model, input, drawnPlanes(input, preprocess, random)));
}

const outputsOf = (model: ModelProto) =>
  model.graph!.output.map((value) => {
    const type = value.type?.value;
    return [value.name, type?.case === 'tensorType' ? DataType[type.value.elemType] : '', dimsOf(value)];
  });

describe('answers in the graph', () => {
  it.each([...all.map((task) => [task.name, [task]] as const), ['all tasks together', all] as const])(
    'are those of the host, on scores at and beside every bound and through the network: %s',
    async (_, tasks) => {
      const raw = describedNetwork({ tasks });
      for (const kind of ['probabilities', 'labels'] as const) {
        await proveAnswers(raw, withAnswers(raw, kind), noise(raw));
      }
    },
  );

  it.each([9, 11, 13])('are written for opset %d', async (opset) => {
    const raw = describedNetwork({ tasks: all, opset });
    for (const kind of ['probabilities', 'labels'] as const) {
      await proveAnswers(raw, withAnswers(raw, kind), noise(raw));
    }
  });

  it('have thresholds that decide as those of scores do where probabilities are at their end', () => {
    const raw = describedNetwork({ tasks: [TASKS.things], thresholds: [[30, -120]] });
    const [[never, always]] = networkFacts(withAnswers(raw, 'probabilities')).thresholds as [[number, number]];
    const probability = (score: number) => Math.fround(1 / (1 + Math.exp(-score)));
    expect([20, 25].map((score) => probability(score) >= never)).toEqual([false, false]);
    expect([-119, -110, 3].map((score) => probability(score) >= always)).toEqual([true, true, true]);
  });

  it('stand under the names of their tasks, one output each', () => {
    const raw = describedNetwork({ tasks: all, batch: 2 });
    expect(outputsOf(withAnswers(raw, 'labels'))).toEqual([
      ['hat', 'INT64', [2, 1]],
      ['mood', 'INT64', [2, 1]],
      ['things', 'INT64', [2, 2]],
      ['pose', 'INT64', [2, 1]],
      ['age', 'FLOAT', [2, 1]],
    ]);
    expect(outputsOf(withAnswers(raw, 'probabilities'))).toEqual([
      ['hat', 'FLOAT', [2, 1]],
      ['mood', 'FLOAT', [2, 3]],
      ['things', 'FLOAT', [2, 2]],
      ['pose', 'FLOAT', [2, 2]],
      ['age', 'FLOAT', [2, 1]],
    ]);
    expect(withAnswers(raw, 'raw')).toBe(raw);
  });

  it('name another output where an input has the name of the task', async () => {
    const raw = describedNetwork({ tasks: [TASKS.mood], input: 'mood' });
    const answering = withAnswers(raw, 'labels');
    expect(outputsOf(answering)).toEqual([['mood_', 'INT64', ['N', 1]]]);
    await proveAnswers(raw, answering, noise(raw));
  });

  it('are said in the metadata, with thresholds as the file gives its answers', () => {
    const raw = describedNetwork({ tasks: [TASKS.things] });
    expect(networkFacts(withAnswers(raw, 'labels'))).toMatchObject({
      thresholds: [[]],
      answers: { kind: 'labels', outputs: [{ name: 'things', gives: 'label', columns: 2, thresholds: [-0.7, 0.1] }] },
    });
    const { thresholds } = networkFacts(withAnswers(raw, 'probabilities'));
    expect(thresholds[0]![0]).toBeCloseTo(1 / (1 + Math.exp(0.7)), 15);
  });

  it('would be found out if they were not', async () => {
    const raw = describedNetwork({ tasks: [TASKS.hat] });
    const shifted = describedNetwork({ tasks: [TASKS.hat], seed: 2 });
    await expect(proveAnswers(raw, withAnswers(shifted, 'probabilities'), noise(raw))).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('where the scores say') as string,
    });
  });

  it.each(['half', 'bytes'] as const)('are those of a network that takes %s', async (form) => {
    const preprocess = { channels: 'rgb', range: [0, 255], mean: [0], std: [1] } as Preprocess;
    const raw = describedNetwork({ tasks: [TASKS.things, TASKS.pose], form, preprocess });
    await proveAnswers(raw, withAnswers(raw, 'labels'), noise(raw));
    expect(outputsOf(withAnswers(raw, 'probabilities')).map(([, type]) => type)).toEqual(['FLOAT', 'FLOAT']);
  });
});

describe('what cannot be answered', () => {
  it.each([
    [
      'ANSWERS_NOT_LOGITS',
      () => withAnswers(describedNetwork({ tasks: [TASKS.hat], trained: false }), 'probabilities'),
    ],
    ['ANSWERS_NOT_PUT', () => withAnswers(withAnswers(describedNetwork({ tasks: [TASKS.hat] }), 'labels'), 'labels')],
    [
      'DEPLOYMENT_UNDESCRIBED',
      () => withAnswers({ ...describedNetwork({ tasks: [TASKS.hat] }), metadataProps: [] }, 'labels'),
    ],
  ] as const)('is refused with %s', (code, attempt) => {
    expect(attempt).toThrow(expect.objectContaining({ code }) as Error);
  });

  it('labels need no training', async () => {
    const raw = describedNetwork({ tasks: [TASKS.mood, TASKS.hat], trained: false });
    await proveAnswers(raw, withAnswers(raw, 'labels'), noise(raw));
  });
});

it('the least float at or above a number is on its side, and no float lies between', () => {
  const random = seededRandom(5);
  for (let i = 0; i < 2_000; i++) {
    const value = random.normal() * 10 ** Math.round(8 * random.normal());
    const least = leastFloat(value);
    expect(least >= value && Math.fround(least) === least).toBe(true);
    const below = Math.fround(least - Math.abs(least) * 2 ** -24 - 2 ** -149);
    expect(below < value || below === least).toBe(true);
  }
});
