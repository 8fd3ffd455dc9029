import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { Failure } from '@kneepoint/failures';
import type { ModelLimits, ModelProto } from '@kneepoint/onnx';
import { decodeModel, DEFAULT_LIMITS, inlineExternalData } from '@kneepoint/onnx';

/**
 * Reads a model with all its weights: external data is taken in, from inside the model's folder only, after links are followed.
 * `externalBytes`: only of tensors that are no larger, where nothing but constants is looked at; the others cannot be read then.
 * Blocks while it reads external data, so call it in a task. Throws MODEL_FILE_MISSING, MODEL_FILE_UNREADABLE,
 * MODEL_TOO_LARGE, EXTERNAL_DATA_MISSING, EXTERNAL_DATA_LOCATION, EXTERNAL_DATA_RANGE and what `decodeModel` throws.
 */
export async function readModelFile(
  path: string,
  limits: Partial<ModelLimits> = {},
  { externalBytes = Infinity }: { readonly externalBytes?: number } = {},
): Promise<ModelProto> {
  const most = limits.bytes ?? DEFAULT_LIMITS.bytes;
  const bytes = await readPlainFile(path, most);
  const model = decodeModel(bytes, limits);
  const folder = new ExternalFolder(dirname(realpathSync(path)), most - bytes.byteLength);
  try {
    inlineExternalData(model, (location, offset, length) => folder.read(location, offset, length), externalBytes);
  } finally {
    folder.close();
  }
  return model;
}

async function readPlainFile(path: string, most: number): Promise<Uint8Array> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    const missing = error.code === 'ENOENT' || error.code === 'ENOTDIR';
    throw new Failure(
      missing ? 'MODEL_FILE_MISSING' : 'MODEL_FILE_UNREADABLE',
      missing ? 'there is no such file' : `${error.code}`,
      {
        where: path,
        cause: error,
      },
    );
  });
  // A named pipe or a device would never end.
  if (!found.isFile()) {
    throw new Failure('MODEL_FILE_UNREADABLE', found.isDirectory() ? 'this is a folder' : 'this is not a plain file', {
      where: path,
      fix: 'give the path of an .onnx file',
    });
  }
  if (found.size > most) {
    throw new Failure('MODEL_TOO_LARGE', `the file has ${found.size} bytes; the limit is ${most}`, { where: path });
  }
  try {
    return await readFile(path);
  } catch (error) {
    throw new Failure('MODEL_FILE_UNREADABLE', `${(error as NodeJS.ErrnoException).code}`, {
      where: path,
      cause: error,
    });
  }
}

/** The files beside a model, opened once each. */
class ExternalFolder {
  private readonly root: string;
  private left: number;
  private readonly open = new Map<string, { readonly fd: number; readonly size: number }>();

  constructor(root: string, most: number) {
    this.root = root;
    this.left = most;
  }

  read(location: string, offset: number, length: number | undefined): Uint8Array {
    const { fd, size } = this.file(location);
    const wanted = length ?? size - offset;
    if (offset > size || wanted > size - offset) {
      throw new Failure(
        'EXTERNAL_DATA_RANGE',
        `bytes ${offset} to ${offset + wanted} were asked of a file of ${size}`,
        { where: location },
      );
    }
    this.left -= wanted;
    if (this.left < 0) {
      throw new Failure('MODEL_TOO_LARGE', 'the model and its external data exceed the limit for one model', {
        where: location,
      });
    }
    const bytes = new Uint8Array(wanted);
    for (let at = 0; at < wanted;) {
      const count = readSync(fd, bytes, at, wanted - at, offset + at);
      if (count === 0)
        throw new Failure('EXTERNAL_DATA_RANGE', `the file ended at byte ${offset + at}`, { where: location });
      at += count;
    }
    return bytes;
  }

  close(): void {
    for (const { fd } of this.open.values()) closeSync(fd);
    this.open.clear();
  }

  private file(location: string): { readonly fd: number; readonly size: number } {
    const known = this.open.get(location);
    if (known) return known;
    const file = this.openInside(location);
    this.open.set(location, file);
    return file;
  }

  private openInside(location: string): { readonly fd: number; readonly size: number } {
    try {
      const real = realpathSync(join(this.root, location));
      const inside = relative(this.root, real);
      if (inside === '..' || inside.startsWith(`..${sep}`)) {
        throw new Failure('EXTERNAL_DATA_LOCATION', 'a link leads out of the folder of the model', { where: location });
      }
      const found = statSync(real);
      // Opening a named pipe would wait for ever.
      if (!found.isFile()) throw new Failure('EXTERNAL_DATA_MISSING', 'this is not a plain file', { where: location });
      return { fd: openSync(real, 'r'), size: found.size };
    } catch (error) {
      if (error instanceof Failure) throw error;
      const { code } = error as NodeJS.ErrnoException;
      const reason = code === 'ENOENT' || code === 'ENOTDIR' ? 'there is no such file beside the model' : `${code}`;
      throw new Failure('EXTERNAL_DATA_MISSING', reason, {
        where: location,
        fix: 'put the file beside the model, or store all weights inside the model',
        cause: error,
      });
    }
  }
}
