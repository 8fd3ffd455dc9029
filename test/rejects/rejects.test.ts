import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeModel } from '@kneepoint/onnx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BAD_DATASETS, GOOD_LABELS, writeDataset } from './datasets.ts';
import { BAD_MODELS, goodModel } from './models.ts';
import { normalise, type Outcome } from './outcome.ts';
import { BAD_REQUESTS } from './requests.ts';
import { Server } from './server.ts';

let server: Server;
let model = '';
let dataset = '';

/** Imports a sound model and a sound data set; the ids that they got. */
async function importGood(name: string): Promise<readonly [string, string]> {
  const folder = await newFolder(name);
  await writeFile(join(folder, 'm.onnx'), encodeModel(goodModel()));
  await writeDataset(folder, { 'labels.csv': GOOD_LABELS });
  const states = [
    await server.register('Model', { name, path: join(folder, 'm.onnx') }),
    await server.register('Dataset', { name, path: folder }),
  ];
  expect(states.map(({ state, failure }) => failure ?? state)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
  return [states[0]!.model!.id, states[1]!.dataset!.id];
}

let folders = 0;
async function newFolder(name: string): Promise<string> {
  const folder = join(server.folder, 'input', `${folders++}-${name.replaceAll(/[^\w]/g, '-')}`, 'data');
  await mkdir(folder, { recursive: true });
  return folder;
}

beforeAll(async () => {
  server = await Server.start();
  [model, dataset] = await importGood('good');
});

afterAll(() => server.stop());

const shown = ({ code, message, where }: Outcome): Outcome => ({ code, message, where });

describe.each([
  ['model', BAD_MODELS],
  ['request', BAD_REQUESTS],
  ['data set', BAD_DATASETS],
])('the table of every bad %s', (_kind, rows: readonly { readonly name: string }[]) => {
  it('has no name twice', () => {
    expect(new Set(rows.map((row) => row.name)).size).toBe(rows.length);
  });
});

describe('a model is refused:', () => {
  it.each(BAD_MODELS)('$name', async ({ name, write, input, ...expected }) => {
    const folder = await newFolder(name);
    await write(folder);
    const { state, failure, attempts } = await server.register('Model', {
      name: 'm',
      path: join(folder, 'm.onnx'),
      ...input,
    });
    expect(failure && normalise(failure, new Map([[folder, '<folder>']]))).toEqual(shown(expected));
    // What is wrong with the input is still wrong the second time.
    expect([state, attempts.totalCount]).toEqual(['FAILED', 1]);
  });
});

describe('a data set is refused:', () => {
  it.each(BAD_DATASETS)('$name', async ({ name, files, input, ...expected }) => {
    const folder = await newFolder(name);
    await writeDataset(folder, await files());
    const { state, failure, attempts } = await server.register('Dataset', { name: 'd', path: folder, ...input });
    expect(failure && normalise(failure, new Map([[folder, '<folder>']]))).toEqual(shown(expected));
    expect([state, attempts.totalCount]).toEqual(['FAILED', 1]);
  });
});

describe('a request is refused:', () => {
  it.each(BAD_REQUESTS)('$name', async ({ send, ...expected }) => {
    const outcome = await send({ server, model, dataset });
    const names = new Map([
      [model, '<model>'],
      [dataset, '<dataset>'],
    ]);
    expect(outcome && normalise(outcome, names)).toEqual(shown(expected));
  });
});

describe('after all of that the same server', () => {
  it('answers that it is alive and ready', async () => {
    expect(server.process.child.exitCode).toBeNull();
    expect(await (await fetch(`${server.url}/healthz`)).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(`${server.url}/readyz`)).json()).toMatchObject({ status: 'ready' });
  });

  it('still imports what is sound', async () => {
    expect(await importGood('good')).toEqual([model, dataset]);
    // Another name is another row.
    for (const id of await importGood('good again')) expect([model, dataset]).not.toContain(id);
  });

  it('has no process and no folder of finished work left', async () => {
    expect(await server.tasks()).toEqual([]);
    expect(await server.leftovers()).toEqual([]);
  });
});
