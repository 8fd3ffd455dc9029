import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { type ModelProto, StringStringEntryProtoSchema, vggStyle } from '@kneepoint/onnx';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfigBeside, readPreprocessBeside } from '../preprocess-beside.ts';
import { preprocessInMetadata } from './in-metadata.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-beside-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What the files beside a model say. */
async function beside(files: Readonly<Record<string, unknown>>) {
  const own = await mkdtemp(join(folder, 'model-'));
  for (const [name, json] of Object.entries(files)) {
    await writeFile(join(own, name), typeof json === 'string' ? json : JSON.stringify(json));
  }
  return readConfigBeside(join(own, 'model.onnx'));
}

function described(entries: Readonly<Record<string, string>>): ModelProto {
  const model = vggStyle({ widths: [4], size: 8, seed: 1 });
  model.metadataProps = Object.entries(entries).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value }),
  );
  return model;
}

const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

it("timm's config.json gives mean, std, kernel, crop and size", async () => {
  const config = {
    ...IMAGENET,
    input_size: [3, 288, 256],
    interpolation: 'bicubic',
    crop_pct: 0.95,
    crop_mode: 'center',
  };
  expect(await beside({ 'config.json': { architecture: 'resnet18', pretrained_cfg: config } })).toEqual({
    from: 'config.json beside the model',
    preprocess: {
      ...{ channels: 'rgb', range: [0, 1], ...IMAGENET, kernel: 'cubic', resize: 'antialias' },
      ...{ fit: 'crop', cropShare: 0.95, size: { width: 256, height: 288 }, exif: false, alpha: 'ignore' },
    },
  });
  const squashed = await beside({ 'config.json': { pretrained_cfg: { ...config, crop_mode: 'squash' } } });
  expect(squashed!.preprocess).toMatchObject({ fit: 'stretch' });
});

it.each<[string, object, object]>([
  [
    'a vision transformer that stretches',
    {
      ...{ do_resize: true, size: { height: 224, width: 224 }, resample: 2, do_rescale: true, rescale_factor: 1 / 255 },
      ...{ do_normalize: true, image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] },
    },
    { range: [0, 1], mean: [0.5, 0.5, 0.5], fit: 'stretch', kernel: 'linear', size: { width: 224, height: 224 } },
  ],
  [
    'a short side and a centre crop',
    {
      ...{ do_resize: true, size: { shortest_edge: 256 }, resample: 3, do_center_crop: true },
      ...{ crop_size: { height: 224, width: 224 }, image_mean: IMAGENET.mean, image_std: IMAGENET.std },
    },
    { ...IMAGENET, fit: 'crop', shortSide: 256, kernel: 'cubic', size: { width: 224, height: 224 } },
  ],
  [
    'ConvNeXt, which crops small pictures out of larger ones',
    { size: { shortest_edge: 224 }, crop_pct: 0.875, resample: 3, image_mean: IMAGENET.mean, image_std: IMAGENET.std },
    { fit: 'crop', cropShare: 0.875, size: { width: 224, height: 224 } },
  ],
  [
    'EfficientNet, whose pixels become −1 to 1',
    { size: 260, rescale_factor: 1 / 127.5, rescale_offset: true, do_normalize: false },
    { range: [0, 255], mean: [127.5], std: [127.5] },
  ],
  [
    'blue first, numbers as they are',
    { do_rescale: false, do_normalize: false, do_flip_channel_order: true },
    { channels: 'bgr', range: [0, 255], mean: [0] },
  ],
])("Hugging Face's preprocessor_config.json: %s", async (_, config, wanted) => {
  const found = await beside({ 'config.json': { model_type: 'vit' }, 'preprocessor_config.json': config });
  expect(found!.from).toBe('preprocessor_config.json beside the model');
  expect(found!.preprocess).toMatchObject(wanted);
});

it.each<[string, Record<string, unknown>]>([
  ['of anything else', { 'config.json': { plugins: [] }, 'preprocessor_config.json': { feature_size: 80 } }],
  ['that is no JSON', { 'config.json': '{' }],
  ['of statistics that no picture has', { 'config.json': { pretrained_cfg: { mean: [99], std: [1] } } }],
])('a file %s says nothing', async (_, files) => {
  expect(await beside(files)).toBeUndefined();
});

it('Ultralytics writes into the file that pictures lie in a box, or for its classifiers that they are cut', () => {
  const own = { imgsz: '[480, 640]', stride: '32', names: "{0: 'person'}", batch: '1' };
  expect(preprocessInMetadata(described({ ...own, task: 'detect' }))!.preprocess).toMatchObject({
    ...{ fit: 'letterbox', background: [114, 114, 114], size: { height: 480, width: 640 } },
  });
  expect(preprocessInMetadata(described({ ...own, task: 'classify' }))!.preprocess).toMatchObject({
    fit: 'crop',
    range: [0, 1],
  });
  expect(preprocessInMetadata(described({ author: 'somebody' }))).toBeUndefined();
});

it('a network that was made here says how it is fed', () => {
  const preprocess = { channels: 'bgr', range: [0, 255], mean: [127], std: [128] };
  expect(preprocessInMetadata(described({ 'kneepoint.preprocess': JSON.stringify(preprocess) }))!.preprocess).toEqual(
    preprocess,
  );
  expect(preprocessInMetadata(described({ 'kneepoint.preprocess': '{}' }))).toBeUndefined();
});

it('a file too large for a configuration is not read: passed over, or refused where it was meant for the model', async () => {
  const own = await mkdtemp(join(folder, 'large-'));
  for (const name of ['config.json', 'net.preprocess.json']) {
    await writeFile(join(own, name), '');
    // No bytes on the disk; a text of this length would be an error by itself.
    await truncate(join(own, name), 600 * 2 ** 20);
  }
  expect(await readConfigBeside(join(own, 'net.onnx'))).toBeUndefined();
  await expect(readPreprocessBeside(join(own, 'net.onnx'))).rejects.toMatchObject({
    code: 'PREPROCESS_INVALID',
    message: `the file has ${600 * 2 ** 20} bytes`,
  });
});
