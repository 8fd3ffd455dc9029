import { Failure } from '@kneepoint/failures';
import type { FixedSizeList, Schema } from 'apache-arrow';
import { GRID_KEY, LAYER_KEY } from './write-responses.ts';

/** Bytes `start` up to and including `end` of a file that lies anywhere. */
export type ReadRange = (range: { readonly start: number; readonly end: number }) => Promise<Uint8Array>;

export interface ResponsesColumn {
  readonly rows: number;
  readonly channels: number;
  /** Rows × channels, row-major. */
  readonly values: Float32Array;
}

/** `ARROW1`, filled up to eight bytes; the first message follows. */
const MAGIC_BYTES = 8;
/** In front of each message: four bytes that are all ones, and the length of what describes it. */
const PREFIX_BYTES = 8;
/** Schema and positions of a network of usual depth; more is asked for where it is not enough. */
const HEAD_BYTES = 64 * 1024;
const MOST_HEAD_BYTES = 16 * 2 ** 20;

/**
 * One layer's responses out of a file that `writeResponses` wrote, without reading the others: what describes the file, then the one block
 * that the layer's column is. Throws RUNTIME_FEATURES_INVALID, RUNTIME_LAYER_MISSING, and what `read` throws.
 */
export async function readColumn(
  read: ReadRange,
  bytes: number,
  layer: string,
  where = 'responses',
): Promise<ResponsesColumn> {
  const { Message } = await import('apache-arrow');
  const head = new Head(read, bytes, where);
  const schemaAt = MAGIC_BYTES + PREFIX_BYTES;
  const schemaBytes = await head.length(MAGIC_BYTES);
  const batchAt = schemaAt + schemaBytes + PREFIX_BYTES;
  const batchBytes = await head.length(schemaAt + schemaBytes);
  const [schema, batch] = await Promise.all([head.slice(schemaAt, schemaBytes), head.slice(batchAt, batchBytes)]);
  const described = decoded(where, () => {
    const [one, two] = [Message.decode(schema), Message.decode(batch)];
    return one.isSchema() && two.isRecordBatch() ? { schema: one.header(), batch: two.header() } : undefined;
  });
  const fields = described.schema.fields.slice(1);
  const at = fields.findIndex(
    ({ metadata, name }) => !metadata.has(GRID_KEY) && (metadata.get(LAYER_KEY) ?? name) === layer,
  );
  if (at < 0) throw missing(layer, described.schema, where);
  const rows = described.batch.length;
  const channels = (fields[at]!.type as FixedSizeList).listSize;
  // Two buffers of the index, then three of each list: which lists there are, which values there are, the values.
  const region = described.batch.buffers[2 + 3 * at + 2];
  const size = 4 * rows * channels;
  if (region === undefined || !(channels > 0) || region.length < size) {
    throw damaged(where, `layer ${layer} does not hold ${rows} × ${channels} float32`);
  }
  if (size === 0) return { rows, channels, values: new Float32Array(0) };
  const start = batchAt + batchBytes + region.offset;
  if (start + size > bytes) throw damaged(where, `layer ${layer} ends behind the end of the file`);
  const block = await read({ start, end: start + size - 1 });
  if (block.length !== size) throw damaged(where, `${block.length} bytes came where ${size} were asked for`);
  // A typed array needs its own alignment.
  const aligned = block.byteOffset % 4 === 0 ? block : block.slice();
  return { rows, channels, values: new Float32Array(aligned.buffer, aligned.byteOffset, rows * channels) };
}

/** The beginning of a file, read as far as it is looked into. */
class Head {
  readonly #read: ReadRange;
  readonly #bytes: number;
  readonly #where: string;
  #known = new Uint8Array(0);

  constructor(read: ReadRange, bytes: number, where: string) {
    [this.#read, this.#bytes, this.#where] = [read, bytes, where];
  }

  /** Bytes of what describes the message whose prefix stands there. */
  async length(at: number): Promise<number> {
    const prefix = await this.slice(at, PREFIX_BYTES);
    const view = new DataView(prefix.buffer, prefix.byteOffset);
    const length = view.getInt32(4, true);
    if (view.getUint32(0, true) === 0xffffffff && length > 0) return length;
    throw damaged(this.#where, `there is no message at byte ${at}`);
  }

  async slice(at: number, length: number): Promise<Uint8Array> {
    const end = at + length;
    if (end > Math.min(this.#bytes, MOST_HEAD_BYTES)) throw damaged(this.#where, `the file is cut off at byte ${end}`);
    if (end > this.#known.length) {
      const wanted = Math.min(this.#bytes, Math.max(HEAD_BYTES, end));
      this.#known = Uint8Array.from(await this.#read({ start: 0, end: wanted - 1 }));
    }
    return this.#known.slice(at, end);
  }
}

function decoded<Described>(where: string, decode: () => Described | undefined): Described {
  let described: Described | undefined;
  try {
    described = decode();
  } catch (error) {
    throw damaged(where, (error as Error).message, error);
  }
  if (described !== undefined) return described;
  throw damaged(where, 'the file is no schema with a record batch behind it');
}

function missing(layer: string, { fields }: Schema, where: string): Failure {
  const layers = fields
    .slice(1)
    .flatMap(({ metadata, name }) => (metadata.has(GRID_KEY) ? [] : [metadata.get(LAYER_KEY) ?? name]));
  return new Failure('RUNTIME_LAYER_MISSING', `there is no layer ${layer}`, {
    where,
    fix: `ask for one of ${layers.join(', ')}`,
  });
}

function damaged(where: string, message: string, cause?: unknown): Failure {
  return new Failure('RUNTIME_FEATURES_INVALID', message, { where, ...(cause === undefined ? {} : { cause }) });
}
