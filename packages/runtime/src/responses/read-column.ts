import { Failure } from '@kneepoint/failures';
import type { Message as ArrowMessage } from 'apache-arrow';
import type { Tap } from './pooled-responses.ts';

/** Bytes `start` up to and including `end` of a file that lies anywhere. */
export type ReadRange = (range: { readonly start: number; readonly end: number }) => Promise<Uint8Array>;

export interface ColumnPlace {
  /** Bytes of the file. */
  readonly bytes: number;
  /** Of the extraction that wrote it: columns stand in their order. */
  readonly taps: readonly Pick<Tap, 'layer' | 'channels'>[];
  readonly layer: string;
  /** What failures name. */
  readonly where?: string;
}

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
/** What describes a network of usual depth; more is asked for where it is not enough. */
const HEAD_BYTES = 16 * 1024;
const MOST_HEAD_BYTES = 16 * 2 ** 20;

/**
 * One layer's responses out of a file that `writeResponses` wrote, without reading the others: where things lie stands at its beginning, and
 * the layer's column is one block. Throws RUNTIME_FEATURES_INVALID, RUNTIME_LAYER_MISSING, and what `read` throws.
 */
export async function readColumn(
  read: ReadRange,
  { bytes, taps, layer, where = 'responses' }: ColumnPlace,
): Promise<ResponsesColumn> {
  const at = taps.findIndex((tap) => tap.layer === layer);
  if (at < 0) {
    throw new Failure('RUNTIME_LAYER_MISSING', `there is no layer ${layer}`, {
      where,
      fix: `ask for one of ${taps.map((tap) => tap.layer).join(', ')}`,
    });
  }
  const { channels } = taps[at]!;
  const { batch, body } = await findBatch(new Head(read, bytes, where), where);
  const rows = batch.length;
  // Two buffers of the index, then three of each list: which lists there are, which values there are, the values.
  const region = batch.buffers[2 + 3 * at + 2];
  const size = 4 * rows * channels;
  // Blocks are filled up to a multiple of 64 bytes at most: one of another length is another layer's.
  if (region === undefined || region.length < size || region.length >= size + 64) {
    throw damaged(where, `layer ${layer} does not hold ${rows} × ${channels} float32`);
  }
  if (size === 0) return { rows, channels, values: new Float32Array(0) };
  const start = body + region.offset;
  if (start + size > bytes) throw damaged(where, `layer ${layer} ends behind the end of the file`);
  const block = await read({ start, end: start + size - 1 });
  if (block.length !== size) throw damaged(where, `${block.length} bytes came where ${size} were asked for`);
  // A typed array needs its own alignment.
  const aligned = block.byteOffset % 4 === 0 ? block : block.slice();
  return { rows, channels, values: new Float32Array(aligned.buffer, aligned.byteOffset, rows * channels) };
}

/** The one record batch, and the byte from which its buffers are counted. Some writers put the schema before it, others at the end alone. */
async function findBatch(head: Head, where: string) {
  const { Message } = await import('apache-arrow');
  let at = MAGIC_BYTES;
  for (let messages = 0; messages < 2; messages++) {
    const length = await head.length(at);
    const described = await head.slice(at + PREFIX_BYTES, length);
    const message = decoded(where, () => Message.decode(described));
    at += PREFIX_BYTES + length;
    if (message.isRecordBatch()) return { batch: message.header(), body: at };
    if (!message.isSchema()) break;
  }
  throw damaged(where, 'the file does not begin with a record batch');
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

function decoded(where: string, decode: () => ArrowMessage): ArrowMessage {
  try {
    const message = decode();
    message.header();
    return message;
  } catch (error) {
    throw damaged(where, (error as Error).message, error);
  }
}

function damaged(where: string, message: string, cause?: unknown): Failure {
  return new Failure('RUNTIME_FEATURES_INVALID', message, { where, ...(cause === undefined ? {} : { cause }) });
}
