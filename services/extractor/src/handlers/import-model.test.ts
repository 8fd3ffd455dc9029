import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { DataLocation, encodeModel, smallNets } from '@kneepoint/onnx';
import { type ArtifactStore, openStore } from '@kneepoint/platform';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { entriesOf, tarOf } from '../../../../packages/datasets/src/testing/tar-of.ts';
import { zipEntriesOf, zipOf } from '../../../../packages/datasets/src/testing/zip-of.ts';
import { importModel } from './import-model.ts';

let folder: string;
let store: ArtifactStore;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-import-'));
  store = await openStore(pathToFileURL(join(folder, 'artifacts')).href, { baseUrl: () => '' });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('an uploaded model takes no artifact that lies beside it for its weights', async () => {
  const [weight] = smallNets.vgg!(1).graph!.initializer;
  const foreign = await store.put(Buffer.from(weight!.rawData));
  const path = await store.localPath(foreign.sha256);
  const artifact = await store.put(withWeightsIn(basename(path), (bytes) => bytes === foreign.sha256.slice(0, 2)));
  expect(artifact.sha256.slice(0, 2)).toBe(foreign.sha256.slice(0, 2));

  await expect(importOf(artifact.sha256)).rejects.toMatchObject({
    code: 'EXTERNAL_DATA_MISSING',
    where: basename(path),
  });
});

it('a model is taken with its weights in one archive, as the same model in one file', async () => {
  const whole = encodeModel(smallNets.vgg!(1));
  const { model, weights } = parted('weights/net.bin');
  const files = { 'net/net.onnx': model, 'net/weights/net.bin': weights, 'net/README.md': 'how it came about' };
  const tar = await tarOf(entriesOf(files));
  const expected = await importOf((await store.put(Buffer.from(whole))).sha256);
  for (const archive of [gzipSync(tar), zipOf(zipEntriesOf(files))]) {
    const { output } = await importOf((await store.put(archive)).sha256);
    expect(output).toMatchObject({ sha256: (expected.output as { sha256: string }).sha256 });
  }
});

it('an archive with no model, or with several, is refused by what is in it', async () => {
  const { model, weights } = parted('net.bin');
  const cases = [
    [{ 'net.bin': weights }, /holds no \.onnx file \(1 files\)/],
    [{ 'a.onnx': model, 'b.ONNX': model, 'net.bin': weights }, /holds 2 \.onnx files: a\.onnx, b\.ONNX/],
  ] as const;
  for (const [files, message] of cases) {
    const { sha256 } = await store.put(zipOf(zipEntriesOf(files)));
    const failure = await importOf(sha256).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'MODEL_ARCHIVE', message: expect.stringMatching(message) as string });
  }
});

it('a model in an archive finds no file outside of it', async () => {
  await writeFile(join(folder, 'net.bin'), new Uint8Array(1 << 16));
  const { model } = parted('../../net.bin');
  const { sha256 } = await store.put(zipOf(zipEntriesOf({ 'net.onnx': model })));
  await expect(importOf(sha256)).rejects.toMatchObject({ code: 'EXTERNAL_DATA_LOCATION' });
});

async function importOf(artifact: string): Promise<{ readonly output: unknown }> {
  const step = {
    input: { name: 'net', source: { artifact } },
    store,
    signal: new AbortController().signal,
    progress: () => undefined,
  };
  return importModel({ config: { dataDir: folder, memoryMb: 1024 } } as never)(step as never);
}

/** A model whose first weight lies in another file. */
function parted(location: string): { readonly model: Buffer; readonly weights: Buffer } {
  const model = smallNets.vgg!(1);
  const [weight] = model.graph!.initializer;
  const weights = Buffer.from(weight!.rawData);
  Object.assign(weight!, { rawData: new Uint8Array(0), dataLocation: DataLocation.EXTERNAL });
  weight!.externalData.push({ $typeName: 'onnx.StringStringEntryProto', key: 'location', value: location });
  return { model: Buffer.from(encodeModel(model)), weights };
}

/** A model whose first weight is another file, in a form whose sum begins as wanted, so that a store keeps both in one folder. */
function withWeightsIn(location: string, isWanted: (sum: string) => boolean): Buffer {
  const model = smallNets.vgg!(1);
  const [weight] = model.graph!.initializer;
  Object.assign(weight!, { rawData: new Uint8Array(0), dataLocation: DataLocation.EXTERNAL });
  weight!.externalData.push({ $typeName: 'onnx.StringStringEntryProto', key: 'location', value: location });
  for (let attempt = 0; ; attempt++) {
    model.docString = String(attempt);
    const bytes = Buffer.from(encodeModel(model));
    if (isWanted(createHash('sha256').update(bytes).digest('hex').slice(0, 2))) return bytes;
  }
}
