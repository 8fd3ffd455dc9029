import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batches, type Dataset, openDataset, packDataset, type Preprocess, renderFaces } from '@kneepoint/datasets';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PreparedPixels } from './prepared-pixels.ts';

const size = { channels: 3, height: 8, width: 8 };
const BYTES = 4 * 3 * 8 * 8;
const preprocess: Preprocess = { channels: 'rgb', range: [0, 1], mean: [0.5], std: [0.5] };
let folder: string;
let dataset: Dataset;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-prepared-'));
  await renderFaces({ count: 12, seed: 1, folder: join(folder, 'faces'), size: 16, persons: 8 });
  await packDataset(join(folder, 'faces'), { out: join(folder, 'faces.tar') });
  dataset = await openDataset(join(folder, 'faces.tar'));
});

afterAll(async () => {
  await dataset.close();
  await rm(folder, { recursive: true, force: true });
});

/** The data set, and which images were read of it. */
function watched(): { readonly source: Pick<Dataset, 'manifest' | 'read'>; readonly read: number[] } {
  const read: number[] = [];
  const source = {
    manifest: dataset.manifest,
    read: (row: number) => {
      read.push(row);
      return dataset.read(row);
    },
  };
  return { source, read };
}

async function all(given: ReturnType<typeof batches>): Promise<{ rows: number[]; pixels: Float32Array }[]> {
  const found: { rows: number[]; pixels: Float32Array }[] = [];
  for await (const { indices, data } of given) found.push({ rows: [...indices], pixels: data.slice() });
  return found;
}

describe.each([
  ['with room for all', 12 * BYTES, 12],
  ['with room for five', 5 * BYTES, 12 + 12 - 5 + 4 - 2],
  ['without room', 0, 12 + 12 + 4],
])('prepared pixels %s', (_, room, reads) => {
  it('are those that decoding gives, in any order and batch size', async () => {
    const { source, read } = watched();
    const prepared = new PreparedPixels(room);
    const orders = [
      Int32Array.from({ length: 12 }, (_, i) => i),
      Int32Array.from({ length: 12 }, (_, i) => (5 * i + 3) % 12),
      Int32Array.of(11, 1, 8, 4),
    ];
    for (const [i, indices] of orders.entries()) {
      const options = { indices, batchSize: 3 + i, preprocess, size };
      const wanted = await all(batches(dataset, options));
      expect(await all(prepared.batches(source, options))).toEqual(wanted);
    }
    expect(read).toHaveLength(reads);
  });
});

it('pass on what an image that does not decode throws, and give the same images when asked again', async () => {
  const { source } = watched();
  const broken = {
    manifest: source.manifest,
    read: (row: number) => (row === 4 ? Promise.resolve(Buffer.from('no image')) : source.read(row)),
  };
  const prepared = new PreparedPixels();
  const indices = Int32Array.of(0, 1, 2, 3, 4, 5);
  await expect(all(prepared.batches(broken, { indices, batchSize: 2, preprocess, size }))).rejects.toMatchObject({
    code: expect.stringMatching(/^DATASET_IMAGE_/u) as string,
  });
  const options = { indices, batchSize: 2, preprocess, size };
  expect(await all(prepared.batches(source, options))).toEqual(await all(batches(dataset, options)));
});

it('stop with their reader, and when they are told to', async () => {
  const { source } = watched();
  const prepared = new PreparedPixels();
  const indices = Int32Array.from({ length: 12 }, (_, i) => i);
  for await (const { indices: first } of prepared.batches(source, { indices, batchSize: 4, preprocess, size })) {
    expect([...first]).toEqual([0, 1, 2, 3]);
    break;
  }
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(all(prepared.batches(source, { indices, batchSize: 4, preprocess, size, signal }))).rejects.toThrow(
    'enough',
  );
});
