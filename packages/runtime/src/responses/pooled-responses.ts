import { Failure } from '@kneepoint/failures';
import { averageGrid, GRID_CELLS, type MapSize } from '@kneepoint/onnx';
import { gridName, pooledName } from '../model/expose-pooled.ts';
import type { Port, Session } from '../session/session.ts';

/** Where a prunable layer is read: `value` in the graph, with one column per filter. */
export interface Tap {
  readonly layer: string;
  readonly value: string;
  readonly channels: number;
  /** Height and width of its maps; absent for a layer without positions, or where only the mean over all of them is wanted. */
  readonly size?: MapSize;
}

/** The maps that are averaged on a grid too, by value: those of at least 2 × 2. */
export function gridsOf(taps: readonly Tap[]): ReadonlyMap<string, MapSize> {
  return new Map(taps.flatMap(({ value, size }) => (size && averageGrid(size) ? [[value, size]] : [])));
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
  /** Layer to N × 4·C, for those of `gridsOf`: the four averages of a channel stand together. */
  readonly grids: ReadonlyMap<string, Float32Array>;
  /** Position in the data set of each row. */
  readonly indices: Int32Array;
  readonly imagesPerSecond: number;
}

/**
 * Runs a model made by `exposePooled` over images and gathers the pooled responses of every tap; for taps whose `size` has a grid, from a model
 * exposed with `gridsOf(taps)`, those too. Throws RUNTIME_CANCELED,
 * RUNTIME_VALUE_UNKNOWN, RUNTIME_FEED_INVALID, RUNTIME_RUN_FAILED, RUNTIME_RESPONSES_SHAPE when images or filters are not as many
 * as said, RUNTIME_RESPONSES_NOT_FINITE naming layer, filter and image, and what the batches throw.
 */
export async function pooledResponses(session: Session, options: PooledOptions): Promise<PooledResponses> {
  const { taps, images, batches, onProgress, signal } = options;
  const reads = readsOf(taps);
  const input = requirePorts(session, reads);
  const columns = reads.map(({ width }) => new Float32Array(images * width));
  const outputs = [...new Set(reads.map(({ output }) => output))];
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
    reads.forEach((read, i) => {
      const rows = results[read.output]?.data as Float32Array;
      checkRows(read, rows, batch.indices);
      columns[i]!.set(rows, done * read.width);
    });
    indices.set(batch.indices, done);
    done += count;
    onProgress?.(done);
  }
  if (done < images) throw new Failure('RUNTIME_RESPONSES_SHAPE', `${done} images came, ${images} were announced`);
  const seconds = Math.max((performance.now() - started) / 1000, 1e-9);
  const gathered = (grid: boolean): Map<string, Float32Array> =>
    new Map(reads.flatMap((read, i) => (read.grid === grid ? [[read.layer, columns[i]!]] : [])));
  return { responses: gathered(false), grids: gathered(true), indices, imagesPerSecond: images / seconds };
}

/** One output that is gathered, and how many numbers it has for an image. */
interface Read {
  readonly layer: string;
  readonly value: string;
  readonly output: string;
  readonly grid: boolean;
  readonly width: number;
}

function readsOf(taps: readonly Tap[]): readonly Read[] {
  const grids = gridsOf(taps);
  const plain = taps.map((tap): Read => ({ ...tap, output: pooledName(tap.value), grid: false, width: tap.channels }));
  const onGrid = taps
    .filter(({ value }) => grids.has(value))
    .map((tap): Read => ({ ...tap, output: gridName(tap.value), grid: true, width: GRID_CELLS * tap.channels }));
  return [...plain, ...onGrid];
}

function requirePorts(session: Session, reads: readonly Read[]): Port {
  const [input] = session.inputs;
  if (!input || session.inputs.length > 1) {
    throw new Failure('RUNTIME_FEED_INVALID', `the model has ${session.inputs.length} inputs`, {
      fix: 'use a model with one image input',
    });
  }
  const made = new Set(session.outputs.map(({ name }) => name));
  for (const { layer, value, output } of reads) {
    if (made.has(output)) continue;
    throw new Failure('RUNTIME_VALUE_UNKNOWN', `the session does not give the responses of ${value}`, {
      where: `layer ${layer}`,
      fix: 'open the session on exposePooled(model, values, { grids: gridsOf(taps) }) with this value',
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

function checkRows({ layer, width, grid }: Read, rows: Float32Array, images: Int32Array): void {
  const cells = grid ? GRID_CELLS : 1;
  if (rows.length !== images.length * width) {
    const found = rows.length / images.length / cells;
    throw new Failure('RUNTIME_RESPONSES_SHAPE', `${found} filters answered, ${width / cells} were expected`, {
      where: `layer ${layer}`,
    });
  }
  for (let i = 0; i < rows.length; i++) {
    if (Number.isFinite(rows[i])) continue;
    const image = images[Math.floor(i / width)];
    const filter = Math.floor((i % width) / cells);
    throw new Failure('RUNTIME_RESPONSES_NOT_FINITE', `filter ${filter} answers ${rows[i]} to image ${image}`, {
      where: `layer ${layer}`,
    });
  }
}
