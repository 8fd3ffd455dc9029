import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Manifest } from '../manifest/manifest.ts';
import { failureOf, pngOf } from '../testing/folder.ts';
import { type BatchOptions, batches } from './batches.ts';

const IMAGES = 11;
const OPTIONS: BatchOptions = {
  batchSize: 4,
  preprocess: { channels: 'rgb', range: [0, 255], mean: [0], std: [1] },
  size: { channels: 3, height: 2, width: 2 },
};

/** Image i has red = i; reads take a while, the earlier ones longer. */
function source(read?: (i: number) => Promise<Buffer>): Parameters<typeof batches>[0] & { reads: number[] } {
  const reads: number[] = [];
  return {
    reads,
    manifest: { images: Array.from({ length: IMAGES }, (_, i) => `${i}.png`) } as unknown as Manifest,
    read: async (i) => {
      reads.push(i);
      await sleep((IMAGES - i) % 5);
      return read === undefined ? pngOf(i) : read(i);
    },
  };
}

async function collect(options: Partial<BatchOptions>): Promise<{ sizes: number[]; order: number[]; reds: number[] }> {
  const [sizes, order, reds]: [number[], number[], number[]] = [[], [], []];
  for await (const { indices, data } of batches(source(), { ...OPTIONS, ...options })) {
    expect(data).toHaveLength(indices.length * 12);
    sizes.push(indices.length);
    order.push(...indices);
    // The middle of the picture is read after a pause: the memory must not be in use for the next batch yet.
    await sleep(3);
    indices.forEach((_, k) => reds.push(data[k * 12] ?? NaN));
  }
  return { sizes, order, reds };
}

describe('batches', () => {
  it.each([0, 1, 2, 5])('gives every image once, in order, with %i batches ahead', async (prefetch) => {
    const { sizes, order, reds } = await collect({ prefetch });
    const all = Array.from({ length: IMAGES }, (_, i) => i);
    expect({ sizes, order, reds }).toEqual({ sizes: [4, 4, 3], order: all, reds: all });
  });

  it('takes a range, or any images in any order', async () => {
    expect((await collect({ from: 3, to: 8 })).reds).toEqual([3, 4, 5, 6, 7]);
    expect((await collect({ indices: [9, 0, 9, 2, 10] })).reds).toEqual([9, 0, 9, 2, 10]);
    expect((await collect({ from: 5, to: 5 })).sizes).toEqual([]);
    expect((await collect({ batchSize: 100 })).sizes).toEqual([IMAGES]);
  });

  it('uses a bounded number of buffers again and again', async () => {
    const buffers = new Set<ArrayBufferLike>();
    for await (const { data } of batches(source(), { ...OPTIONS, batchSize: 1, prefetch: 2 })) buffers.add(data.buffer);
    expect(buffers.size).toBeLessThanOrEqual(4);
  });

  it('reads ahead while the caller is busy, but not further than it was told', async () => {
    const images = source();
    const iterator = batches(images, { ...OPTIONS, batchSize: 2, prefetch: 2 });
    await iterator.next();
    expect(images.reads).toHaveLength(6);
    await iterator.next();
    expect(images.reads).toHaveLength(8);
    await iterator.return();
    await sleep(20);
    expect(images.reads).toHaveLength(8);
  });

  it('has the next batch decoding before it lets the caller block the thread', async () => {
    let delivered = 0;
    const images = source(async (i) => {
      await sleep(5);
      delivered += 1;
      return pngOf(i);
    });
    const iterator = batches(images, { ...OPTIONS, batchSize: 2, prefetch: 1 });
    await iterator.next();
    expect(delivered).toBe(4);
    await iterator.return();
  });

  it('names the image that does not decode, after the batches before it', async () => {
    const seen: number[] = [];
    const images = source((i) => (i === 6 ? Promise.resolve(Buffer.from('nonsense')) : pngOf(i)));
    const failure = await failureOf(
      (async () => {
        for await (const { indices } of batches(images, { ...OPTIONS, batchSize: 2, prefetch: 3 }))
          seen.push(...indices);
      })(),
    );
    expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
    expect({ code: failure.code, where: failure.where }).toEqual({ code: 'DATASET_IMAGE_FORMAT', where: '6.png' });
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const images = source();
    const reading = (async () => {
      for await (const _ of batches(images, { ...OPTIONS, batchSize: 1, prefetch: 1, signal: stop.signal })) {
        stop.abort(new Error('enough'));
      }
    })();
    await expect(reading).rejects.toThrow('enough');
    expect(images.reads.length).toBeLessThan(4);
  });

  it.each<[Partial<BatchOptions>, string]>([
    [{ batchSize: 0 }, 'batchSize is 0'],
    [{ batchSize: 1.5 }, 'batchSize is 1.5'],
    [{ prefetch: -1 }, 'prefetch is -1'],
    [{ from: 4, to: 3 }, 'from is 4'],
    [{ to: 12 }, 'to is 12'],
    [{ indices: [0, 11] }, 'indices is 11'],
    [{ indices: [NaN] }, 'indices is NaN'],
  ])('refuses %o', async (options, message) => {
    const failure = await failureOf(batches(source(), { ...OPTIONS, ...options }).next());
    expect({ code: failure.code, message: failure.message }).toEqual({ code: 'DATASET_OPTION_INVALID', message });
  });
});
