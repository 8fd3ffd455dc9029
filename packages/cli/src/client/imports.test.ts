import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type RunFieldsFragment } from '@kneepoint/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Imports, type ImportSubject } from './imports.ts';

let folder: string;
let imported: number;
/** What the gateway still knows. */
let known: Map<string, object>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-imports-'));
  imported = 0;
  known = new Map();
  await mkdir(join(folder, 'photos', 'a'), { recursive: true });
  await writeFile(join(folder, 'photos', 'a', '1.png'), 'one');
  await writeFile(join(folder, 'net.onnx'), 'no model: that is for the import to say');
});
afterEach(() => rm(folder, { recursive: true }));

const client = createClient({
  url: 'http://gateway',
  fetch: (_url, { body } = {}) => {
    const { id } = (JSON.parse(body as string) as { variables: { id: string } }).variables;
    return Promise.resolve(Response.json({ data: { run: known.get(id) ?? null } }));
  },
});

/** Imports as a command would that is started anew; whether it was there already. */
async function again(kind: 'model' | 'dataset', other: Partial<ImportSubject> = {}): Promise<boolean> {
  const path = join(folder, kind === 'model' ? 'net.onnx' : 'photos');
  const subject: ImportSubject = { kind, path, name: 'it', options: {}, ...other };
  const work = () => {
    const run = { id: `run ${(imported += 1)}`, state: 'SUCCEEDED', [kind]: { name: subject.name } };
    known.set(run.id, run);
    return Promise.resolve(run as unknown as RunFieldsFragment);
  };
  const before = imported;
  const { run, known: wasThere } = await new Imports(join(folder, 'imports.json'), 'here').once(client, subject, work);
  expect(run.id).toBe(`run ${imported}`);
  expect(imported - before).toBe(wasThere ? 0 : 1);
  return wasThere;
}

describe('what was imported', () => {
  it.each(['model', 'dataset'] as const)('a %s, is not imported again while nothing has changed', async (kind) => {
    expect([await again(kind), await again(kind), await again(kind)]).toEqual([false, true, true]);
  });

  const image = () => join(folder, 'photos', 'a', '1.png');
  it.each([
    ['an image is another one of the same size', 'dataset', () => writeFile(image(), 'two')],
    ['an image was there before, by its date', 'dataset', () => utimes(image(), new Date(1e12), new Date(1e12))],
    ['there is one more', 'dataset', () => writeFile(join(folder, 'photos', 'a', '2.png'), 'two')],
    ['one is gone', 'dataset', () => rm(image())],
    ['its preprocessing came beside it', 'model', () => writeFile(join(folder, 'net.preprocess.json'), '{}')],
    ['labels came beside it', 'model', () => writeFile(join(folder, 'labels.txt'), 'a')],
    ['its file is longer', 'model', () => writeFile(join(folder, 'net.onnx'), 'no model, and longer by some words')],
  ] as const)('is imported again where %s', async (_what, kind, change) => {
    await again(kind);
    await change();
    expect(await again(kind)).toBe(false);
    expect(await again(kind)).toBe(true);
  });

  it('is imported again where it is asked for otherwise, or the gateway has forgotten it', async () => {
    await again('model');
    expect(await again('model', { options: { primaryTask: 'age' } })).toBe(false);
    expect(await again('model', { name: 'other' })).toBe(false);
    expect(await again('model', { name: 'other' })).toBe(true);
    known.clear();
    expect(await again('model', { name: 'other' })).toBe(false);
  });
});
