import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataLocation, encodeModel, smallNets } from '@kneepoint/onnx';
import { readModelFile } from '@kneepoint/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packModelFile } from './pack-model-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-pack-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('a model with weights in another file is sent as one file that holds them, any other as it is', async () => {
  const whole = smallNets.vgg!(1);
  const plain = join(folder, 'plain.onnx');
  await writeFile(plain, encodeModel(whole));
  const apart = smallNets.vgg!(1);
  const [weight] = apart.graph!.initializer;
  await writeFile(join(folder, 'weights.bin'), weight!.rawData);
  weight!.rawData = new Uint8Array(0);
  Object.assign(weight!, { dataLocation: DataLocation.EXTERNAL });
  weight!.externalData.push({ $typeName: 'onnx.StringStringEntryProto', key: 'location', value: 'weights.bin' });
  const path = join(folder, 'apart.onnx');
  await writeFile(path, encodeModel(apart));

  const out = join(folder, 'packed.onnx');
  expect(await packModelFile(plain, out)).toBe(plain);
  expect(await packModelFile(path, out)).toBe(out);
  await rm(join(folder, 'weights.bin'));
  expect((await readModelFile(out)).graph!.initializer[0]!.rawData).toEqual(whole.graph!.initializer[0]!.rawData);
});
