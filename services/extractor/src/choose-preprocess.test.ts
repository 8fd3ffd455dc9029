import { describe, expect, it } from 'vitest';
import { validatePreprocess } from '@kneepoint/datasets';
import { choosePreprocess } from './choose-preprocess.ts';

const INPUT = { name: 'image', channels: 3, height: 8, width: 8 };
const PLAIN = { channels: 'rgb', range: [0, 1], mean: [0], std: [1] } as const;
const choose = (declared: object | undefined, bytes: boolean) =>
  choosePreprocess({ declared: declared && validatePreprocess(declared) }, INPUT, bytes);

describe('a network that takes bytes', () => {
  it.each<[string, object | undefined]>([
    ['nothing', undefined],
    ['the order of the channels alone', { ...PLAIN, channels: 'bgr' }],
    ['a preset that neither subtracts nor divides', { preset: 'ultralytics' }],
  ])('gets numbers from 0 to 255 where %s is declared, and a note', (_, declared) => {
    const { preprocess, notes } = choose(declared, true);
    expect(preprocess).toEqual({ ...validatePreprocess(declared ?? PLAIN), range: [0, 255] });
    expect(notes).toEqual(['The file takes bytes, so images are taken as numbers from 0 to 255.']);
  });

  it('takes what is declared so, without a note', () => {
    expect(choose({ preset: 'openvino' }, true)).toEqual({
      preprocess: validatePreprocess({ preset: 'openvino' }),
      notes: [],
    });
  });

  it.each<[string, object]>([
    ['mean', { preset: 'torchvision' }],
    ['mean', { preset: 'keras-mobilenet' }],
    ['std', { ...PLAIN, range: [0, 255], std: [255] }],
  ])('refuses a %s, which no byte can hold: %j', (key, declared) => {
    expect(() => choose(declared, true)).toThrowError(
      expect.objectContaining({ code: 'PREPROCESS_INVALID', message: expect.stringContaining(`${key}: `) as string }),
    );
  });
});

describe('a network that takes floats', () => {
  it('gets what is declared, or the default and a note that names it', () => {
    expect(choose({ preset: 'torchvision' }, false)).toEqual({
      preprocess: validatePreprocess({ preset: 'torchvision' }),
      notes: [],
    });
    const { preprocess, notes } = choose(undefined, false);
    expect(preprocess).toEqual(PLAIN);
    expect(notes).toEqual([expect.stringContaining('the model declares no preprocessing')]);
  });

  it('is refused a preprocessing of other channels', () => {
    expect(() => choose({ ...PLAIN, mean: [0, 0] }, false)).toThrowError(
      expect.objectContaining({ code: 'PREPROCESS_CHANNELS' }),
    );
  });
});

describe('what an exporter wrote down', () => {
  const exported = (preset: string, rest: object = {}) => ({
    preprocess: validatePreprocess({ preset, ...rest }),
    from: `${preset}.json`,
  });

  it('stands where nothing is declared, and is said; the nearest that fits counts', () => {
    const sources = {
      exported: [exported('timm', { channels: 'rgba', mean: [0], alpha: undefined }), exported('torchvision')],
    };
    const { preprocess, notes } = choosePreprocess(sources, INPUT, false);
    expect(preprocess).toEqual(validatePreprocess({ preset: 'torchvision' }));
    expect(notes).toEqual([
      'timm.json does not fit 3 channels and is passed over',
      'preprocessing is that of torchvision.json: rgb, range [0, 1], mean [0.485, 0.456, 0.406], std [0.229, 0.224, 0.225]',
    ]);
    const declared = validatePreprocess(PLAIN);
    expect(choosePreprocess({ declared, ...sources }, INPUT, false)).toEqual({ preprocess: declared, notes: [] });
  });

  it('neither subtracts nor divides for a network that takes bytes', () => {
    const { preprocess } = choosePreprocess({ exported: [exported('torchvision')] }, INPUT, true);
    expect(preprocess).toMatchObject({ range: [0, 255], mean: [0], std: [1], fit: 'crop', cropShare: 0.875 });
  });
});
