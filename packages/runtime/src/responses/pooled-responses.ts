import { Failure } from '@kneepoint/failures';
import { pooledName } from '../model/expose-pooled.ts';
import type { Port, Session } from '../session/session.ts';

/** Where a prunable layer is read: `value` in the graph, with one column per filter. */
export interface Tap {
  readonly layer: string;
  readonly value: string;
  readonly channels: number;
}

/** Some images, ready to be fed. */
export interface ImageBatch {
  /** Position of each image in its data set. */
  readonly indices: Int32Array;
  /** n × C × H × W, row-major. May be overwritten once the next batch is asked for. */
  readonly data: Float32Array;
}

export interface PooledOptions {
  readonly taps: readonly Tap[];
  /** How many images the batches hold in all. */
  readonly images: number;
  readonly batches: AsyncIterable<ImageBatch>;
  readonly onProgress?: (done: number) => void;
  readonly signal?: AbortSignal;
}

export interface PooledResponses {
  /** Layer to N × C, row-major, in the order in which images came. */
  readonly responses: ReadonlyMap<string, Float32Array>;
  /** Position in the data set of each row. */
  readonly indices: Int32Array;
  readonly imagesPerSecond: number;
}

/**
 * Runs a model made by `exposePooled` over images and gathers the pooled responses of every tap. Throws RUNTIME_CANCELED,
 * RUNTIME_VALUE_UNKNOWN, RUNTIME_FEED_INVALID, RUNTIME_RUN_FAILED, RUNTIME_RESPONSES_SHAPE when images or filters are not as many
 * as said, RUNTIME_RESPONSES_NOT_FINITE naming layer, filter and image, and what the batches throw.
 */
export async function pooledResponses(session: Session, options: PooledOptions): Promise<PooledResponses> {
  const { taps, images, batches, onProgress, signal } = options;
  const input = requirePorts(session, taps);
  const responses = new Map(taps.map(({ layer, channels }) => [layer, new Float32Array(images * channels)]));
  const outputs = [...new Set(taps.map(({ value }) => pooledName(value)))];
  const indices = new Int32Array(images);
  const started = performance.now();
  let done = 0;
  for await (const batch of batches) {
    if (signal?.aborted) throw new Failure('RUNTIME_CANCELED', `canceled after ${done} of ${images} images`);
    const count = batch.indices.length;
    if (done + count > images) throw new Failure('RUNTIME_RESPONSES_SHAPE', `more than ${images} images came`);
    const results = await session.run(
      { [input.name]: { data: batch.data, dims: [count, ...imageDims(input)] } },
      outputs,
    );
    for (const tap of taps) {
      const rows = results[pooledName(tap.value)]?.data as Float32Array;
      checkRows(tap, rows, batch.indices);
      responses.get(tap.layer)?.set(rows, done * tap.channels);
    }
    indices.set(batch.indices, done);
    done += count;
    onProgress?.(done);
  }
  if (done < images) throw new Failure('RUNTIME_RESPONSES_SHAPE', `${done} images came, ${images} were announced`);
  const seconds = Math.max((performance.now() - started) / 1000, 1e-9);
  return { responses, indices, imagesPerSecond: images / seconds };
}

function requirePorts(session: Session, taps: readonly Tap[]): Port {
  const [input] = session.inputs;
  if (!input || session.inputs.length > 1) {
    throw new Failure('RUNTIME_FEED_INVALID', `the model has ${session.inputs.length} inputs`, {
      fix: 'use a model with one image input',
    });
  }
  const made = new Set(session.outputs.map(({ name }) => name));
  for (const { layer, value } of taps) {
    if (made.has(pooledName(value))) continue;
    throw new Failure('RUNTIME_VALUE_UNKNOWN', `the session does not give the responses of ${value}`, {
      where: `layer ${layer}`,
      fix: 'open the session on exposePooled(model, values) with this value',
    });
  }
  return input;
}

/** C × H × W of the input; a size that the model leaves free cannot be told from the data. */
function imageDims({ name, dims }: Port): number[] {
  return dims.slice(1).map((dim) => {
    if (typeof dim === 'number') return dim;
    throw new Failure('RUNTIME_FEED_INVALID', 'the model leaves its image size free', {
      where: `input ${name}`,
      fix: 'export the model with a fixed image size',
    });
  });
}

function checkRows({ layer, channels }: Tap, rows: Float32Array, images: Int32Array): void {
  if (rows.length !== images.length * channels) {
    throw new Failure(
      'RUNTIME_RESPONSES_SHAPE',
      `${rows.length / images.length} filters answered, ${channels} were expected`,
      {
        where: `layer ${layer}`,
      },
    );
  }
  for (let i = 0; i < rows.length; i++) {
    if (Number.isFinite(rows[i])) continue;
    const image = images[Math.floor(i / channels)];
    throw new Failure('RUNTIME_RESPONSES_NOT_FINITE', `filter ${i % channels} answers ${rows[i]} to image ${image}`, {
      where: `layer ${layer}`,
    });
  }
}
