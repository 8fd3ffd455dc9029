import { describe, expect, it } from 'vitest';
import { Failure } from '@kneepoint/failures';
import { inputSize } from './input-size.ts';
import { DEFAULT_PREPROCESS, defaultPreprocess, type Preprocess, validatePreprocess } from './preprocess.ts';

const GOOD = { channels: 'bgr', range: [0, 255], mean: [127, 127, 127], std: [128, 128, 128] };

function thrown(work: () => unknown): Failure {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    return error as Failure;
  }
  throw new Error('nothing was thrown');
}

describe('validatePreprocess', () => {
  it('takes what a model declares, with or without size and fit', () => {
    expect(validatePreprocess(GOOD)).toEqual(GOOD);
    const full = { ...GOOD, channels: 'grey', range: [0, 1], size: { width: 60, height: 64 }, fit: 'cover' };
    expect(validatePreprocess(full)).toEqual(full);
    expect(validatePreprocess(DEFAULT_PREPROCESS)).toEqual(DEFAULT_PREPROCESS);
  });

  it.each<[string, unknown, string]>([
    ['nothing', null, 'expected object'],
    ['other channels', { ...GOOD, channels: 'hsv' }, 'channels: Invalid option'],
    ['another range', { ...GOOD, range: [0, 100] }, 'range: '],
    ['a std of zero', { ...GOOD, std: [1, 0, 1] }, 'std.1: Too small'],
    ['a mean of four channels', { ...GOOD, mean: [1, 2, 3, 4] }, 'mean: Too big'],
    ['no mean', { ...GOOD, mean: [] }, 'mean: Too small'],
    ['a mean that is no number', { ...GOOD, mean: ['a'] }, 'mean.0: Invalid input'],
    ['a picture of no size', { ...GOOD, size: { width: 0, height: 9 } }, 'size.width: Too small'],
    ['a key that it does not know', { ...GOOD, scale: 2 }, 'Unrecognized key: "scale"'],
  ])('refuses %s', (_, json, message) => {
    const failure = thrown(() => validatePreprocess(json, 'm.preprocess.json'));
    expect({ code: failure.code, where: failure.where }).toEqual({
      code: 'PREPROCESS_INVALID',
      where: 'm.preprocess.json',
    });
    expect(failure.message).toContain(message);
  });

  it('names the default that it falls back to', () => {
    expect(defaultPreprocess(3).preprocess).toEqual(DEFAULT_PREPROCESS);
    expect(defaultPreprocess(1).preprocess.channels).toBe('grey');
    expect(defaultPreprocess(1).note).toContain('assuming channels grey, range [0, 1]');
  });
});

describe('inputSize', () => {
  const good = GOOD as unknown as Preprocess;

  it('takes the size from the graph, and from the preprocessing where the graph leaves it open', () => {
    expect(inputSize([null, 3, 60, 61], { ...good, size: { width: 9, height: 9 } })).toEqual({
      channels: 3,
      height: 60,
      width: 61,
    });
    expect(inputSize([1, 3, -1, null], { ...good, size: { width: 9, height: 8 } })).toEqual({
      channels: 3,
      height: 8,
      width: 9,
    });
    expect(inputSize([null, null, 5, 6], { ...good, channels: 'grey', mean: [0], std: [1] }).channels).toBe(1);
  });

  it.each<[string, (number | null)[], Partial<Preprocess>, string]>([
    ['a size that nobody names', [1, 3, null, 60], {}, 'PREPROCESS_SIZE_MISSING'],
    ['an input that is no image', [1, 512], {}, 'PREPROCESS_CHANNELS'],
    ['channels last', [1, 224, 224, 3], {}, 'PREPROCESS_CHANNELS'],
    ['colour for a grey model', [1, 1, 60, 60], {}, 'PREPROCESS_CHANNELS'],
    ['three means for one channel', [1, 1, 60, 60], { channels: 'grey' }, 'PREPROCESS_CHANNELS'],
  ])('refuses %s', (_, shape, change, code) => {
    expect(thrown(() => inputSize(shape, { ...good, ...change })).code).toBe(code);
  });
});
