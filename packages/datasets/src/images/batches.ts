import { Failure } from '@kneepoint/failures';
import type { Dataset } from '../archive/open-dataset.ts';
import { decodeImage } from './decode-image.ts';
import { readImageHeader } from './image-header.ts';
import type { InputSize } from './input-size.ts';
import type { Preprocess } from './preprocess.ts';

export interface BatchOptions {
  /** Images by number; without it `from` (0) up to but not including `to` (all). */
  readonly indices?: ArrayLike<number>;
  readonly from?: number;
  readonly to?: number;
  readonly batchSize: number;
  readonly preprocess: Preprocess;
  readonly size: InputSize;
  /** How many batches decode ahead of the one in use. Default 2. */
  readonly prefetch?: number;
  readonly signal?: AbortSignal;
}

export interface Batch {
  readonly indices: Int32Array;
  /** n × C × H × W. Valid until the next batch is asked for: its memory is then used again. */
  readonly data: Float32Array;
}

interface Pending {
  readonly batch: Batch;
  readonly buffer: Float32Array;
  /** All bytes are read and every decoder has its job, as far as memory allows. */
  readonly queued: Promise<void>;
  readonly decoded: Promise<void>;
}

/**
 * Images as model input, decoded ahead in libuv's threads while the caller computes. The last batch may be smaller.
 * @throws DATASET_IMAGE_*, DATASET_OPTION_INVALID, the signal's reason; `where` names the image
 */
export async function* batches(
  dataset: Pick<Dataset, 'manifest' | 'read'>,
  options: BatchOptions,
): AsyncGenerator<Batch, void, void> {
  const { batchSize, prefetch = 2, signal } = options;
  const indices = indicesOf(dataset.manifest.images.length, options);
  requireInteger('batchSize', batchSize, 1, 65_536);
  requireInteger('prefetch', prefetch, 0, 64);
  const area = options.size.channels * options.size.height * options.size.width;
  const free: Float32Array[] = [];
  const ahead: Pending[] = [];
  let next = 0;

  const fill = (): void => {
    while (next < indices.length && ahead.length <= prefetch) {
      const chosen = indices.slice(next, next + batchSize);
      const buffer = free.pop() ?? new Float32Array(Math.min(batchSize, indices.length) * area);
      ahead.push(start(dataset, options, chosen, buffer, area));
      next += chosen.length;
    }
  };

  try {
    for (fill(); ahead.length > 0; fill()) {
      signal?.throwIfAborted();
      const current = ahead.shift();
      if (current === undefined) return;
      await current.decoded;
      // A caller that computes on this thread stops the event loop: the decoders must have their work before that.
      await ahead[0]?.queued;
      signal?.throwIfAborted();
      yield current.batch;
      free.push(current.buffer);
    }
  } finally {
    await Promise.allSettled(ahead.map((pending) => pending.decoded));
  }
}

function start(
  dataset: Pick<Dataset, 'manifest' | 'read'>,
  { preprocess, size, signal }: BatchOptions,
  indices: Int32Array,
  buffer: Float32Array,
  area: number,
): Pending {
  const nameOf = (position: number): string => dataset.manifest.images[indices[position] ?? 0] ?? '';
  const opening = [...indices].map(async (index, position) => {
    const bytes = await dataset.read(index);
    return { bytes, header: await readImageHeader(bytes, nameOf(position)) };
  });
  const decoding = opening.map(async (opened, position) => {
    const { bytes, header } = await opened;
    signal?.throwIfAborted();
    await decodeImage(bytes, preprocess, size, buffer, position * area, nameOf(position), header);
  });
  // Settled rather than all: no decoder may still write into the buffer when it is used again or given up.
  const decoded = Promise.allSettled(decoding).then((outcomes) => {
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  });
  decoded.catch(() => undefined);
  const queued = Promise.allSettled(opening).then(() => undefined);
  return { batch: { indices, data: buffer.subarray(0, indices.length * area) }, buffer, queued, decoded };
}

function indicesOf(images: number, { indices, from = 0, to = images }: BatchOptions): Int32Array {
  if (indices === undefined) {
    requireInteger('to', to, 0, images);
    requireInteger('from', from, 0, to);
    return Int32Array.from({ length: to - from }, (_, i) => from + i);
  }
  const chosen = Array.from(indices);
  for (const index of chosen) requireInteger('indices', index, 0, images - 1);
  return Int32Array.from(chosen);
}

function requireInteger(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new Failure('DATASET_OPTION_INVALID', `${name} is ${value}`, {
    where: name,
    fix: `a whole number from ${least} to ${most}`,
  });
}
