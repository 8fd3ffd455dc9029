import { describe, expect, it } from 'vitest';
import { smallNets } from '@kneepoint/onnx';
import { exposePooled } from '../model/expose-pooled.ts';
import { openSession } from '../session/open-session.ts';
import type { Session } from '../session/session.ts';
import type { ImageBatch, PooledOptions, Tap } from './pooled-responses.ts';
import { gridsOf, pooledResponses } from './pooled-responses.ts';

const PIXELS = 3 * 16 * 16;
const TAPS = [
  { layer: 'first', value: 'relu1', channels: 8 },
  { layer: 'third', value: 'relu3', channels: 12 },
];

const SIZED: readonly Tap[] = [
  { ...TAPS[0]!, size: [16, 16] },
  { ...TAPS[1]!, size: [4, 1] },
];

function image(index: number): Float32Array {
  return Float32Array.from({ length: PIXELS }, (_, i) => Math.sin(index + i));
}

/** Images `from`.. in batches of the given sizes; the buffer is reused, as a prefetching reader may do. */
async function* batchesOf(from: number, sizes: readonly number[], make = image): AsyncGenerator<ImageBatch> {
  const buffer = new Float32Array(Math.max(...sizes) * PIXELS);
  for (const size of sizes) {
    const indices = Int32Array.from({ length: size }, (_, i) => from + i);
    indices.forEach((index, i) => buffer.set(make(index), i * PIXELS));
    from += size;
    await Promise.resolve();
    yield { indices, data: buffer.subarray(0, size * PIXELS) };
  }
}

async function withSession<T>(work: (session: Session) => Promise<T>): Promise<T> {
  const model = exposePooled(
    smallNets['vgg']!(1),
    TAPS.map(({ value }) => value),
    { grids: gridsOf(SIZED) },
  );
  const session = await openSession(model);
  try {
    return await work(session);
  } finally {
    await session.release();
  }
}

function gather(options: Partial<PooledOptions> = {}) {
  return withSession((session) =>
    pooledResponses(session, { taps: TAPS, images: 7, batches: batchesOf(20, [3, 3, 1]), ...options }),
  );
}

describe('responses gathered over batches', () => {
  it('do not depend on how images are divided into batches', async () => {
    const some = await gather();
    const each = await gather({ batches: batchesOf(20, [1, 1, 1, 1, 1, 1, 1]) });
    expect([...some.indices]).toEqual([20, 21, 22, 23, 24, 25, 26]);
    for (const { layer, channels } of TAPS) {
      const [a, b] = [some.responses.get(layer)!, each.responses.get(layer)!];
      expect(a).toHaveLength(7 * channels);
      a.forEach((value, i) => expect(value).toBeCloseTo(b[i]!, 5));
    }
    expect(some.imagesPerSecond).toBeGreaterThan(0);
  });

  it('come with those on a grid, whose cells have the mean of all positions for theirs, where maps allow one', async () => {
    const plain = await gather();
    const { responses, grids } = await gather({ taps: SIZED });
    expect(plain.grids.size).toBe(0);
    expect(responses).toEqual(plain.responses);
    expect([...grids.keys()]).toEqual(['first']);
    const [grid, whole] = [grids.get('first')!, responses.get('first')!];
    expect(grid).toHaveLength(4 * whole.length);
    whole.forEach((mean, i) => {
      const cells = [...grid.subarray(4 * i, 4 * i + 4)];
      expect(cells.reduce((sum, cell) => sum + cell / 4, 0)).toBeCloseTo(mean, 5);
    });
  });

  it('tell how far they are after every batch', async () => {
    const seen: number[] = [];
    await gather({ onProgress: (done) => seen.push(done) });
    expect(seen).toEqual([3, 6, 7]);
  });

  it('name filter, layer and image that are not finite', async () => {
    const make = (index: number) => (index === 24 ? image(index).fill(Number.NaN) : image(index));
    await expect(gather({ batches: batchesOf(20, [3, 3, 1], make) })).rejects.toMatchObject({
      code: 'RUNTIME_RESPONSES_NOT_FINITE',
      message: 'filter 0 answers NaN to image 24',
      where: 'layer first',
    });
  });

  it.each([
    ['too few images', { images: 9 }, 'RUNTIME_RESPONSES_SHAPE', '7 images came, 9 were announced'],
    ['too many images', { images: 5 }, 'RUNTIME_RESPONSES_SHAPE', 'more than 5 images came'],
    [
      'another number of filters',
      { taps: [{ ...TAPS[0]!, channels: 9 }] },
      'RUNTIME_RESPONSES_SHAPE',
      '8 filters answered, 9 were expected',
    ],
    [
      'a tap that is not exposed',
      { taps: [{ ...TAPS[0]!, value: 'relu2' }] },
      'RUNTIME_VALUE_UNKNOWN',
      'the session does not give the responses of relu2',
    ],
    ['a canceled signal', { signal: AbortSignal.abort() }, 'RUNTIME_CANCELED', 'canceled after 0 of 7 images'],
  ])('refuse %s', async (_name, options: Partial<PooledOptions>, code, message) => {
    await expect(gather(options)).rejects.toMatchObject({ code, message });
  });
});
