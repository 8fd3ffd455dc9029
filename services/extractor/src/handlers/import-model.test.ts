import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DataLocation, encodeModel, smallNets } from '@kneepoint/onnx';
import { type ArtifactStore, openStore } from '@kneepoint/platform';
import { afterAll, beforeAll, expect, it } from 'vitest';
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

  const config = { dataDir: folder, memoryMb: 1024 };
  const step = {
    input: { name: 'net', source: { artifact: artifact.sha256 } },
    store,
    signal: new AbortController().signal,
    progress: () => undefined,
  };
  const failed = importModel({ config } as never)(step as never);
  await expect(failed).rejects.toMatchObject({ code: 'EXTERNAL_DATA_MISSING', where: basename(path) });
});

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
