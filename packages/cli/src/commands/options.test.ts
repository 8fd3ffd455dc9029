import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { validatePreprocess } from '@kneepoint/datasets';
import { describe, expect, it } from 'vitest';
import { readSize } from './numbers.ts';
import { type PreprocessOptions, readPreprocess as readFor } from './options.ts';

const MODEL = 'none.onnx';
const readPreprocess = (options: PreprocessOptions, model = MODEL) => readFor(options, model);

describe('readPreprocess', () => {
  it('is nothing where nothing is said', async () => {
    expect(await readPreprocess({})).toBeUndefined();
  });

  it('takes flags, and what they leave out as it is assumed of any model', async () => {
    expect(await readPreprocess({ channels: 'bgr', mean: '0.4,0.5,0.6' })).toEqual({
      ...{ channels: 'bgr', range: [0, 1], mean: [0.4, 0.5, 0.6], std: [1] },
    });
  });

  it('takes a preset by its name, and flags in the place of what it says', async () => {
    const preset = validatePreprocess({ preset: 'ultralytics' });
    expect(await readPreprocess({ preset: 'ultralytics' })).toEqual(preset);
    expect(await readPreprocess({ preset: 'ultralytics', channels: 'bgr' })).toEqual({ ...preset, channels: 'bgr' });
  });

  it.each([
    [{ preset: 'caffe' }, 'preset: "caffe" is none'],
    [{ mean: '123.7', range: '0,1' }, 'mean: 123.7 is no mean of pixels from 0 to 1'],
    [{ preset: 'timm', std: 'x' }, 'std.0: '],
    [{ channels: '' }, 'channels: '],
  ])('refuses %j', async (options, message) => {
    await expect(readPreprocess(options)).rejects.toMatchObject({
      code: 'PREPROCESS_INVALID',
      message: expect.stringContaining(message) as string,
    });
  });

  it('takes a file, and flags in the place of what it says', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kneepoint-options-'));
    try {
      const preprocess = join(folder, 'p.json');
      await writeFile(preprocess, '{"preset":"openvino"}');
      expect(await readPreprocess({ preprocess })).toEqual(validatePreprocess({ preset: 'openvino' }));
      expect(await readPreprocess({ preprocess, channels: 'rgb', size: '96x64' })).toEqual({
        ...validatePreprocess({ preset: 'openvino' }),
        ...{ channels: 'rgb', size: { height: 96, width: 64 } },
      });
      await writeFile(join(folder, 'm.preprocess.json'), '{"preset":"timm"}');
      expect(await readPreprocess({ size: '96x64' }, join(folder, 'm.onnx'))).toEqual(
        validatePreprocess({ preset: 'timm', size: { height: 96, width: 64 } }),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('--size', () => {
  it.each([
    ['224x192', { height: 224, width: 192 }],
    ['224×192', { height: 224, width: 192 }],
    ['224', { height: 224, width: 224 }],
    ['16000', { height: 16_000, width: 16_000 }],
  ])('%s', (text, size) => {
    expect(readSize(text)).toEqual(size);
  });

  it.each(['', '0', '0x8', '8x', '8x0', '-8', '8.5', '8x8x8', '12345678', 'all'])('"%s" is refused', (text) => {
    expect(() => readSize(text)).toThrow(expect.objectContaining({ code: 'SIZE_INVALID', where: '--size' }));
  });
});
