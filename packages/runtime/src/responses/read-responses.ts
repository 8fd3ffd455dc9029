import { readFile } from 'node:fs/promises';
import type { FixedSizeList, RecordBatch } from 'apache-arrow';
import { Failure } from '@kneepoint/failures';
import type { Tap } from './pooled-responses.ts';
import { GRID_KEY, LAYER_KEY, VALUE_KEY } from './write-responses.ts';

/** What a file of responses holds. */
export interface ResponsesFile {
  readonly rows: number;
  /** Position in the data set of each row. */
  readonly indices: Int32Array;
  readonly taps: readonly Tap[];
  /** Rows × channels of one layer, a view into the file's bytes. Throws RUNTIME_LAYER_MISSING. */
  column(layer: string): Float32Array;
  /** Rows × 4·channels of one layer, the four averages of a channel beside each other; undefined where it has no grid. */
  grid(layer: string): Float32Array | undefined;
}

/** Rows × channels of one layer, row-major, without a copy. Throws RUNTIME_LAYER_MISSING, RUNTIME_FEATURES_INVALID. */
export async function readResponses(source: Uint8Array | string, layer: string): Promise<Float32Array> {
  return (await openResponses(source)).column(layer);
}

/** Opens a file that `writeResponses` wrote, from a path or its bytes. Throws RUNTIME_FEATURES_INVALID. */
export async function openResponses(source: Uint8Array | string): Promise<ResponsesFile> {
  const where = typeof source === 'string' ? source : 'responses';
  const batch = await readBatch(source, where);
  const indices: unknown = batch.data.children[0]?.values;
  const columns = batch.schema.fields.slice(1).map(({ name, type, metadata }, at): Column => ({
    tap: {
      layer: metadata.get(LAYER_KEY) ?? name,
      value: metadata.get(VALUE_KEY) ?? '',
      channels: (type as FixedSizeList).listSize,
    },
    grid: metadata.has(GRID_KEY),
    values: batch.data.children[at + 1]?.children[0]?.values,
  }));
  const sound =
    indices instanceof Int32Array && indices.length >= batch.numRows && columns.every(({ tap }) => tap.channels > 0);
  if (!sound) throw damaged(where, 'the columns are not `index` and lists of float32');
  const taps = columns.filter(({ grid }) => !grid).map(({ tap }) => tap);
  const read = ({ tap: { layer, channels }, values }: Column): Float32Array => {
    // Buffers are padded to whole blocks.
    const size = batch.numRows * channels;
    if (values instanceof Float32Array && values.length >= size) return values.subarray(0, size);
    throw damaged(where, `layer ${layer} does not hold ${batch.numRows} × ${channels} float32`);
  };
  const find = (layer: string, grid: boolean): Column | undefined =>
    columns.find((column) => column.grid === grid && column.tap.layer === layer);
  const column = (layer: string): Float32Array => {
    const found = find(layer, false);
    if (found) return read(found);
    throw new Failure('RUNTIME_LAYER_MISSING', `there is no layer ${layer}`, {
      where,
      fix: `ask for one of ${taps.map((t) => t.layer).join(', ')}`,
    });
  };
  const grid = (layer: string): Float32Array | undefined => {
    const found = find(layer, true);
    return found && read(found);
  };
  return { rows: batch.numRows, indices: indices.subarray(0, batch.numRows), taps, column, grid };
}

/** A column of lists; of a grid, `channels` of its tap are its averages. */
interface Column {
  readonly tap: Tap;
  readonly grid: boolean;
  readonly values: unknown;
}

async function readBatch(source: Uint8Array | string, where: string): Promise<RecordBatch> {
  const { RecordBatchReader } = await import('apache-arrow');
  try {
    const bytes = typeof source === 'string' ? await readFile(source) : source;
    // A typed array needs its own alignment, which a slice of a larger buffer may not have.
    const [batch, ...more] = RecordBatchReader.from(bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()).readAll();
    if (batch && more.length === 0) return batch;
    throw new Error(`found ${batch ? more.length + 1 : 0} record batches instead of 1`);
  } catch (error) {
    throw damaged(where, (error as Error).message, error);
  }
}

function damaged(where: string, message: string, cause?: unknown): Failure {
  return new Failure('RUNTIME_FEATURES_INVALID', message, { where, ...(cause === undefined ? {} : { cause }) });
}
