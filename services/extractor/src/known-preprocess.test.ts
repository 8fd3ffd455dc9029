import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import {
  DataLocation,
  encodeModel,
  floatTensor,
  GraphBuilder,
  StringStringEntryProtoSchema,
  type TensorProto,
  vggStyle,
} from '@kneepoint/onnx';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { knownPreprocess, labelsOfFile, preprocessBeside } from './known-preprocess.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-known-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A model in a folder of its own, with metadata and files beside it. */
async function model(entries: Readonly<Record<string, string>>, files: Readonly<Record<string, string>> = {}) {
  const own = await mkdtemp(join(folder, 'model-'));
  const net = vggStyle({ widths: [4], size: 8, seed: 1 });
  net.metadataProps = Object.entries(entries).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value }),
  );
  const path = join(own, 'net.onnx');
  await writeFile(path, encodeModel(net));
  for (const [name, text] of Object.entries(files)) await writeFile(join(own, name), text);
  return path;
}

it("names of outputs are those of this product, of Ultralytics' dictionary, or of labels.txt", async () => {
  const ultralytics = { names: `{0: 'person', 1: "driver's seat", 2: 'it\\'s'}`, stride: '32' };
  expect(await labelsOfFile(await model({ ...ultralytics, 'kneepoint.classes': '["a","b"]' }))).toEqual(['a', 'b']);
  expect(await labelsOfFile(await model(ultralytics))).toEqual(['person', "driver's seat", "it's"]);
  expect(await labelsOfFile(await model({}, { 'labels.txt': 'cat\r\ndog\n' }))).toEqual(['cat', 'dog']);
  expect(await labelsOfFile(await model({ 'kneepoint.classes': 'nonsense' }))).toBeUndefined();
  expect(await labelsOfFile(await model({}))).toBeUndefined();
  // A text that no exporter writes is passed over as fast as any other.
  expect(await labelsOfFile(await model({ names: '1'.repeat(300_000), stride: '32' }))).toBeUndefined();
});

it('what is declared beside a model goes before what a hub wrote, and that before the metadata', async () => {
  const hub = { 'config.json': '{"pretrained_cfg":{"mean":[0.1],"std":[0.2]}}' };
  const own = { 'net.preprocess.json': '{"preset":"openvino"}' };
  const inside = { 'kneepoint.preprocess': '{"channels":"bgr","range":[0,255],"mean":[9],"std":[1]}' };
  expect(await knownPreprocess(await model(inside, { ...hub, ...own }))).toMatchObject({ mean: [0], channels: 'bgr' });
  expect(await knownPreprocess(await model(inside, hub))).toMatchObject({ mean: [0.1] });
  expect(await knownPreprocess(await model(inside))).toMatchObject({ mean: [9] });
  expect(await knownPreprocess(await model({}))).toMatchObject({ channels: 'rgb', range: [0, 1] });
  const told: string[] = [];
  await preprocessBeside(await model({}, hub), (text) => told.push(text));
  await preprocessBeside(await model({}, own), (text) => told.push(text));
  expect(told).toEqual(['preprocessing is that of config.json beside the model']);
});

it('a scaling whose numbers lie in a file beside the model is read, and weights there are left where they are', async () => {
  const g = new GraphBuilder();
  const x = g.node('Transpose', [g.input('x', [1, 8, 8, 3])], { perm: [0, 3, 1, 2] });
  const scale = floatTensor([], [1 / 255]);
  g.output(g.conv(g.node('Mul', [x, g.init(scale)]), floatTensor([16, 3, 3, 3], new Float32Array(16 * 27))));
  const net = g.build();
  const own = await mkdtemp(join(folder, 'apart-'));
  const path = join(own, 'net.onnx');
  const apart = async (tensor: TensorProto, file: string) => {
    const entry = create(StringStringEntryProtoSchema, { key: 'location', value: file });
    await writeFile(join(own, file), tensor.rawData);
    Object.assign(tensor, { rawData: new Uint8Array(0), dataLocation: DataLocation.EXTERNAL, externalData: [entry] });
  };
  const [factor, ...weights] = [...net.graph!.initializer].sort((a, b) => a.rawData.length - b.rawData.length);
  await apart(factor!, 'factor.bin');
  for (const [i, weight] of weights.entries()) await apart(weight, `${i}.bin`);
  await writeFile(path, encodeModel(net));
  await rm(join(own, '0.bin'));
  expect(await knownPreprocess(path)).toMatchObject({ range: [0, 255], mean: [0], std: [1] });
  await rm(join(own, 'factor.bin'));
  await expect(knownPreprocess(path)).rejects.toMatchObject({ code: 'EXTERNAL_DATA_MISSING' });
});
