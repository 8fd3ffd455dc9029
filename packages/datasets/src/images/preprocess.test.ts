import { describe, expect, it } from 'vitest';
import { Failure } from '@kneepoint/failures';
import { inputSize } from './input-size.ts';
import { DEFAULT_PREPROCESS, defaultPreprocess, type Preprocess, validatePreprocess } from './preprocess.ts';
import { PRESET_NAMES, PRESETS } from './presets.ts';

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
    const full = { ...DEFAULT_PREPROCESS, channels: 'grey', size: { width: 60, height: 64 }, fit: 'cover' };
    expect(validatePreprocess(full)).toEqual(full);
    expect(validatePreprocess(DEFAULT_PREPROCESS)).toEqual(DEFAULT_PREPROCESS);
  });

  it.each<[string, unknown, string]>([
    ['nothing', null, 'expected object'],
    ['other channels', { ...GOOD, channels: 'hsv' }, 'channels: Invalid option'],
    ['another range', { ...GOOD, range: [0, 100] }, 'range: '],
    ['a std of zero', { ...GOOD, std: [1, 0, 1] }, 'std.1: Too small'],
    [
      'transparency that is laid on black and kept',
      { ...GOOD, channels: 'rgba', alpha: 'black' },
      'alpha: goes with "rgb"',
    ],
    ['a mean of four channels', { ...GOOD, mean: [1, 2, 3, 4] }, 'mean: bgr has no fourth channel'],
    ['no mean', { ...GOOD, mean: [] }, 'mean: Too small'],
    ['a mean that is no number', { ...GOOD, mean: ['a'] }, 'mean.0: Invalid input'],
    ['a picture of no size', { ...GOOD, size: { width: 0, height: 9 } }, 'size.width: Too small'],
    ['a key that it does not know', { ...GOOD, scale: 2 }, 'Unrecognized key: "scale"'],
    ['a mean above the range', { ...GOOD, range: [0, 1], std: [1] }, 'mean: 127 is no mean of pixels from 0 to 1'],
    ['a mean below it', { ...GOOD, mean: [-1] }, 'mean: -1 is no mean of pixels from 0 to 255'],
    ['a spread above the range', { ...GOOD, range: [0, 1], mean: [0] }, 'std: 128 is no spread of pixels from 0 to 1'],
    [
      'statistics of the other range',
      { ...GOOD, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
      'mean and std are of pixels from 0 to 1, "range" is [0, 255]',
    ],
    ['another kernel', { ...GOOD, kernel: 'lanczos' }, 'kernel: Invalid option'],
    ['another resizing', { ...GOOD, resize: true }, 'resize: Invalid option'],
    ['a short side without a crop', { ...GOOD, shortSide: 256 }, 'shortSide: goes with "fit": "crop"'],
    ['a share without a crop', { ...GOOD, fit: 'letterbox', cropShare: 0.8 }, 'cropShare: goes with "fit": "crop"'],
    [
      'two short sides',
      { ...GOOD, fit: 'crop', shortSide: 9, cropShare: 0.8 },
      'cropShare: says the same as shortSide',
    ],
    ['a colour of nothing', { ...GOOD, background: [1, 2, 3] }, 'background: goes with "fit"'],
    ['a colour of two', { ...GOOD, fit: 'letterbox', background: [1, 2] }, 'background'],
    ['a colour out of range', { ...GOOD, fit: 'letterbox', background: [1, 2, 256] }, 'background.2: Too big'],
    ['a place of a crop', { ...GOOD, fit: 'crop', place: 'centre' }, 'place: goes with "fit": "letterbox"'],
    ['EXIF by a word', { ...GOOD, exif: 'yes' }, 'exif: Invalid input'],
    ['a depth that nobody uses', { ...GOOD, depth: 11 }, 'depth'],
    ['a preset that is none', { preset: 'toString' }, 'preset: "toString" is none'],
    ['a preset that is no name', { preset: 3 }, 'preset: number is none'],
    ['what a preset does not allow', { preset: 'torchvision', mean: [124] }, 'mean: 124 is no mean of pixels'],
  ])('refuses %s', (_, json, message) => {
    const failure = thrown(() => validatePreprocess(json, 'm.preprocess.json'));
    expect({ code: failure.code, where: failure.where }).toEqual({
      code: 'PREPROCESS_INVALID',
      where: 'm.preprocess.json',
    });
    expect(failure.message).toContain(message);
  });

  it('takes how pictures are resized, placed and read', () => {
    const crop = { ...GOOD, fit: 'crop', shortSide: 256, resize: 'plain', kernel: 'area', exif: false, icc: true };
    expect(validatePreprocess(crop)).toEqual(crop);
    const box = { ...GOOD, fit: 'letterbox', background: [114, 0, 255], place: 'top-left', alpha: 'ignore', depth: 12 };
    expect(validatePreprocess(box)).toEqual(box);
  });

  it.each(PRESET_NAMES)('takes the preset %s by its name, and what it stands for', (preset) => {
    const settings = validatePreprocess({ preset });
    expect(settings).toEqual(PRESETS[preset]);
    expect(validatePreprocess(settings)).toEqual(settings);
  });

  it('puts what is written beside a preset in its place', () => {
    const size = { width: 299, height: 299 };
    const own = { preset: 'torchvision', channels: 'bgr', kernel: 'cubic', size };
    expect(validatePreprocess(own)).toEqual({ ...PRESETS.torchvision, channels: 'bgr', kernel: 'cubic', size });
    const { cropShare: _share, ...rest } = PRESETS.torchvision;
    expect(validatePreprocess({ preset: 'torchvision', shortSide: 232 })).toEqual({ ...rest, shortSide: 232 });
    expect(validatePreprocess({ preset: 'torchvision', fit: 'stretch' })).toEqual({ ...rest, fit: 'stretch' });
  });

  it.each([
    ['torchvision', 'crop'],
    ['timm', 'cover'],
    ['ultralytics', 'letterbox'],
    ['ultralytics', 'contain'],
    ['openvino', 'fill'],
  ] as const)('keeps what belongs to the fit of %s where "%s" says the same fit', (preset, fit) => {
    expect(validatePreprocess({ preset, fit })).toEqual({ ...PRESETS[preset], fit });
  });

  it('takes what belonged to the fit of a preset away where another is said', () => {
    const { place: _place, background: _background, ...rest } = PRESETS.ultralytics;
    expect(validatePreprocess({ preset: 'ultralytics', fit: 'cover' })).toEqual({ ...rest, fit: 'cover' });
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
