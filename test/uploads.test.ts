import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, request as forward, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataLocation, decodeModel, encodeModel } from '@kneepoint/onnx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pngOf } from '../packages/datasets/src/testing/folder.ts';
import { zipEntriesOf, zipOf } from '../packages/datasets/src/testing/zip-of.ts';
import { type CliServer, startCliServer } from './support/cli-server.ts';
import { JSON_HEADERS, kneepoint, Kneepoint, kneepointJson } from './support/kneepoint.ts';

let server: CliServer;
let url: string;
beforeAll(async () => {
  server = await startCliServer('uploads');
  ({ url } = JSON.parse(await readFile(join(server.data, 'server.json'), 'utf8')) as { url: string });
});
afterAll(() => server.stop());

interface Registered {
  readonly id: string;
  readonly name: string;
  readonly notes: readonly string[];
}

async function ask<Data>(query: string, variables: object = {}): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: JSON_HEADERS,
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: Data; errors?: readonly object[] };
  expect(errors).toBeUndefined();
  return data;
}

/** Uploads bytes as any client would; their SHA-256. */
async function upload(bytes: Buffer): Promise<string> {
  const created = await ask<{ createUpload: { upload: { id: string; url: string } } }>(
    `mutation { createUpload(bytes: ${bytes.length}) { upload { id url } } }`,
  );
  const { id, url: target } = created.createUpload.upload;
  expect((await fetch(target, { method: 'PUT', body: new Uint8Array(bytes) })).ok).toBe(true);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await ask(`mutation { completeUpload(id: "${id}", sha256: "${sha256}") { userErrors { code } } }`);
  return sha256;
}

interface ImportedSet {
  readonly state: string;
  readonly failure: { readonly code: string } | null;
  readonly dataset: {
    readonly createdBy: string | null;
    readonly subject: string | null;
    readonly notes: readonly string[];
    readonly images: number;
    readonly tasks: readonly { readonly name: string }[];
  } | null;
}

/** Registers an upload and waits for its run. */
async function register(input: object): Promise<ImportedSet> {
  const { registerDataset } = await ask<{ registerDataset: { run: { id: string }; userErrors: readonly object[] } }>(
    'mutation($input: RegisterDatasetInput!) { registerDataset(input: $input) { run { id } userErrors { code } } }',
    { input },
  );
  expect(registerDataset.userErrors).toEqual([]);
  for (;;) {
    const { run } = await ask<{ run: ImportedSet }>(
      `{ run(id: "${registerDataset.run.id}") { state failure { code } dataset { createdBy subject notes images tasks { name } } } }`,
    );
    if (['SUCCEEDED', 'FAILED'].includes(run.state)) return run;
    await sleep(50);
  }
}

describe('a zip of a folder, uploaded', () => {
  it('is read as the folder, and what was found and left out is said', async () => {
    const names = ['train/disc/1', 'train/disc/2', 'train/square/3', 'train/square/4', 'val/disc/5', 'val/square/6'];
    const files = await Promise.all(names.map(async (name, i) => [`shapes/${name}.png`, await pngOf(i)] as const));
    const archive = zipOf(zipEntriesOf({ ...Object.fromEntries(files), 'shapes/train/disc/x.txt': 'x' }));
    const { dataset } = await register({ name: 'shapes', upload: await upload(archive) });
    expect(dataset).toMatchObject({ images: 6, tasks: [{ name: 'class' }], createdBy: 'admin' });
    expect(dataset!.notes[0]).toMatch(/2 classes; train\/ taken as training, val\/ taken as validation$/);
    expect(dataset!.notes).toContain('skipped 1: a file that is no image, such as "train/disc/x.txt"');
  });

  it('is read as the registration says', async () => {
    const labels = 'file,age,who\na,20,p\nb,30,p\nc,40,q\nd,50,q\n';
    const files = await Promise.all(
      ['a', 'b', 'c', 'd'].map(async (name, i) => [`${name}.png`, await pngOf(i)] as const),
    );
    const sha256 = await upload(zipOf(zipEntriesOf({ ...Object.fromEntries(files), 'ages.csv': labels })));
    const schema = { tasks: { years: { type: 'ordered', column: 'age', bins: [25, 45] } } };
    const run = await register({ name: 'ages', upload: sha256, group: 'who', schema, reading: { format: 'kaggle' } });
    expect(run.dataset).toMatchObject({ subject: 'who', images: 4 });
    expect(run.dataset!.tasks.map(({ name }) => name).sort()).toEqual(['who', 'years']);
    const other = await register({ name: 'ages', upload: sha256, reading: { format: 'imagefolder' } });
    expect(other).toMatchObject({ state: 'FAILED', failure: { code: 'DATASET_MANIFEST_EMPTY' } });
  });
});

describe('through an address alone', () => {
  it('`dataset pack` writes what `dataset add` sends', async () => {
    const out = join(server.folder, 'packed.tar');
    await kneepointJson(['dataset', 'pack', server.sample.faces, '--out', out]);
    await kneepointJson(['dataset', 'add', server.sample.faces, '--name', 'faces', '--url', url]);
    const { datasets } = await ask<{ datasets: { edges: { node: { artifact: { sha256: string } } }[] } }>(
      '{ datasets(first: 1, name: "faces") { edges { node { artifact { sha256 } } } } }',
    );
    const sha256 = createHash('sha256')
      .update(await readFile(out))
      .digest('hex');
    expect(datasets.edges[0]!.node.artifact.sha256).toBe(sha256);
  });

  it('a model arrives with the weights that lie in another file, and a second name leaves the first', async () => {
    const folder = join(server.folder, 'apart');
    await mkdir(folder);
    const model = decodeModel(await readFile(server.sample.model));
    const [weight] = model.graph!.initializer;
    await writeFile(join(folder, 'net.onnx.data'), weight!.rawData);
    Object.assign(weight!, { rawData: new Uint8Array(0), dataLocation: DataLocation.EXTERNAL });
    weight!.externalData.push({ $typeName: 'onnx.StringStringEntryProto', key: 'location', value: 'net.onnx.data' });
    await writeFile(join(folder, 'net.onnx'), encodeModel(model));
    const whole = await kneepointJson<Registered>([
      'model',
      'add',
      server.sample.model,
      '--name',
      'whole',
      '--url',
      url,
    ]);
    const flags = ['--mean', '0.5', '--std', '0.25'];
    const apart = await kneepointJson<Registered>(['model', 'add', join(folder, 'net.onnx'), ...flags, '--url', url]);
    expect([whole.name, apart.name]).toEqual(['whole', 'net']);
    expect(await ask(`{ model(id: "${whole.id}") { name names } }`)).toEqual({
      model: { name: 'whole', names: ['whole', 'net'] },
    });
    expect((await kneepoint(['model', 'rename', 'net', 'apart', '--url', url])).code).toBe(0);
    expect((await kneepoint(['model', 'remove', 'whole', '--url', url])).code).toBe(0);
    expect(await ask('{ models(first: 9) { edges { node { name names } } } }')).toEqual({
      models: { edges: [{ node: { name: 'apart', names: ['apart'] } }] },
    });
  });
});

describe('behind a proxy that refuses WebSocket', () => {
  let proxy: Server;
  let address: string;
  beforeAll(async () => {
    const { port } = new URL(url);
    proxy = createServer((incoming, outgoing) => {
      const path = incoming.url!.replace(/^\/kp/, '');
      const onward = forward({ port, host: '127.0.0.1', path, method: incoming.method, headers: incoming.headers });
      onward.on('response', (answer) => answer.pipe(outgoing.writeHead(answer.statusCode!, answer.headers)));
      incoming.pipe(onward);
    });
    proxy.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n'));
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/kp`;
  });
  afterAll(() => void proxy.close());

  it('a command follows its run to the end', async () => {
    const { name } = await kneepointJson<Registered>(['model', 'add', server.sample.model, '--url', address]);
    expect(name).toBe('small');
  });

  it('SIGTERM ends it at once, also while nobody answers', async () => {
    const silent = createServer(() => undefined);
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const command = new Kneepoint([
      'model',
      'list',
      '--url',
      `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    ]);
    await once(silent, 'request');
    const asked = Date.now();
    const { code } = await command.stop('SIGTERM');
    expect(code).toBe(130);
    expect(Date.now() - asked).toBeLessThan(5_000);
    silent.closeAllConnections();
    silent.close();
  });
});
