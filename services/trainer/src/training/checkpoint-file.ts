import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { Failure } from '@kneepoint/failures';

/** Named arrays of float32 and whatever JSON says beside them. */
export interface CheckpointContent {
  readonly tensors: Readonly<Record<string, Float32Array>>;
  readonly meta: unknown;
}

/** Raised when what a checkpoint holds changes its meaning: an old one is then no use. */
const FORMAT = 2;
const MAGIC = `KNEEPOINT CHECKPOINT ${FORMAT}\n`;
const SUM_BYTES = 32;

/**
 * Writes a checkpoint: magic, length of the header (uint32, little endian), header as JSON (names and lengths of the arrays, meta), the
 * arrays one after the other as little-endian float32, sha256 of all that. Throws CHECKPOINT_NOT_WRITTEN.
 */
export async function writeCheckpoint(path: string, { tensors, meta }: CheckpointContent): Promise<void> {
  if (endianness() !== 'LE') throw new Failure('CHECKPOINT_NOT_WRITTEN', 'checkpoints need a little-endian machine');
  const names = Object.keys(tensors);
  const header = Buffer.from(JSON.stringify({ tensors: names.map((name) => [name, tensors[name]!.length]), meta }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const parts = [Buffer.from(MAGIC), length, header, ...names.map((name) => bytesOf(tensors[name]!))];
  const sum = createHash('sha256');
  try {
    const file = await open(path, 'w');
    try {
      for (const part of parts) {
        sum.update(part);
        await file.writeFile(part);
      }
      await file.writeFile(sum.digest());
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new Failure('CHECKPOINT_NOT_WRITTEN', `the checkpoint was not written: ${(cause as Error).message}`, {
      where: path,
      cause,
    });
  }
}

/** Reads a checkpoint; undefined for a file of another format or one whose bytes have changed. */
export async function readCheckpoint(path: string): Promise<CheckpointContent | undefined> {
  const bytes = await readFile(path);
  const body = bytes.subarray(0, -SUM_BYTES);
  const magic = Buffer.from(MAGIC);
  if (bytes.length < magic.length + 4 + SUM_BYTES || !body.subarray(0, magic.length).equals(magic)) return undefined;
  if (!createHash('sha256').update(body).digest().equals(bytes.subarray(-SUM_BYTES))) return undefined;
  let at = magic.length + 4;
  const end = at + body.readUInt32LE(magic.length);
  const header = JSON.parse(body.toString('utf8', at, end)) as { tensors: [string, number][]; meta: unknown };
  at = end;
  const tensors: Record<string, Float32Array> = {};
  for (const [name, length] of header.tensors) {
    const values = new Float32Array(length);
    bytesOf(values).set(body.subarray(at, at + 4 * length));
    tensors[name] = values;
    at += 4 * length;
  }
  return { tensors, meta: header.meta };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
