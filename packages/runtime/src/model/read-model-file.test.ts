import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ModelProto } from '@kneepoint/onnx';
import {
  cloneModel,
  DataLocation,
  encodeModel,
  Graph,
  readTensor,
  smallNets,
  StringStringEntryProtoSchema,
} from '@kneepoint/onnx';
import { create } from '@bufbuild/protobuf';
import { withFolder } from '../testing/with-folder.ts';
import { readModelFile } from './read-model-file.ts';

/** The model with its first weight moved out, and the bytes that were moved. */
function external(
  location: string,
  entries: Readonly<Record<string, string>> = {},
): { model: ModelProto; bytes: Uint8Array; weight: string } {
  const model = cloneModel(smallNets['vgg']!(1));
  const tensor = model.graph!.initializer[0]!;
  const bytes = Uint8Array.from(tensor.rawData);
  tensor.rawData = new Uint8Array();
  Reflect.deleteProperty(tensor, 'rawData');
  tensor.dataLocation = DataLocation.EXTERNAL;
  tensor.externalData = Object.entries({ location, ...entries }).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value }),
  );
  return { model, bytes, weight: tensor.name };
}

describe('a model file', () => {
  it('is read with all its weights, wherever in the folder they lie', async () => {
    await withFolder(async (folder) => {
      const { model, bytes, weight } = external('weights/w.bin', { offset: '16' });
      await mkdir(join(folder, 'weights'));
      await writeFile(join(folder, 'weights/w.bin'), Buffer.concat([Buffer.alloc(16), bytes, Buffer.alloc(5)]));
      await writeFile(join(folder, 'm.onnx'), encodeModel(model));
      const read = new Graph(await readModelFile(join(folder, 'm.onnx')));
      expect(readTensor(read.initializer(weight)!).data).toEqual(
        new Graph(smallNets['vgg']!(1)).constant(weight)!.data,
      );
    });
  });

  it('may itself be a link; its folder is then the one that it leads to', async () => {
    await withFolder(async (folder) => {
      const { model, bytes } = external('w.bin');
      await mkdir(join(folder, 'real'));
      await writeFile(join(folder, 'real/w.bin'), bytes);
      await writeFile(join(folder, 'real/m.onnx'), encodeModel(model));
      await symlink('real/m.onnx', join(folder, 'm.onnx'));
      await expect(readModelFile(join(folder, 'm.onnx'))).resolves.toBeDefined();
    });
  });

  interface Reject {
    readonly name: string;
    readonly prepare: (folder: string) => Promise<string>;
    readonly code: string;
    readonly message: string | RegExp;
    readonly limit?: number;
  }

  const outside = async (
    folder: string,
    location: string,
    place?: (inner: string, bytes: Uint8Array) => Promise<unknown>,
    entries = {},
  ) => {
    const { model, bytes } = external(location, entries);
    await writeFile(join(folder, 'secret'), bytes);
    const inner = join(folder, 'model');
    await mkdir(inner);
    await place?.(inner, bytes);
    await writeFile(join(inner, 'm.onnx'), encodeModel(model));
    return join(inner, 'm.onnx');
  };

  const rejects: Reject[] = [
    {
      name: 'missing',
      prepare: (folder) => Promise.resolve(join(folder, 'no.onnx')),
      code: 'MODEL_FILE_MISSING',
      message: 'there is no such file',
    },
    {
      name: 'a folder',
      prepare: (folder) => Promise.resolve(folder),
      code: 'MODEL_FILE_UNREADABLE',
      message: 'this is a folder',
    },
    {
      name: 'a named pipe',
      prepare: (folder) => Promise.resolve(pipe(join(folder, 'p.onnx'))),
      code: 'MODEL_FILE_UNREADABLE',
      message: 'this is not a plain file',
    },
    {
      name: 'empty',
      prepare: (folder) => file(folder, new Uint8Array()),
      code: 'MODEL_EMPTY',
      message: 'the model is 0 bytes long',
    },
    {
      name: 'larger than the limit',
      prepare: (folder) => file(folder, new Uint8Array(101)),
      limit: 100,
      code: 'MODEL_TOO_LARGE',
      message: 'the file has 101 bytes; the limit is 100',
    },
    {
      name: 'with weights that are missing',
      prepare: (folder) => outside(folder, 'w.bin'),
      code: 'EXTERNAL_DATA_MISSING',
      message: 'there is no such file beside the model',
    },
    {
      name: 'with weights in a folder above',
      prepare: (folder) => outside(folder, '../secret'),
      code: 'EXTERNAL_DATA_LOCATION',
      message: /leads out of the folder/,
    },
    {
      name: 'with weights at an absolute path',
      prepare: (folder) => outside(folder, join(folder, 'secret')),
      code: 'EXTERNAL_DATA_LOCATION',
      message: /is absolute/,
    },
    {
      name: 'with weights behind a link out of the folder',
      prepare: (folder) => outside(folder, 'w.bin', (inner) => symlink('../secret', join(inner, 'w.bin'))),
      code: 'EXTERNAL_DATA_LOCATION',
      message: 'a link leads out of the folder of the model',
    },
    {
      name: 'with weights behind a linked folder',
      prepare: (folder) => outside(folder, 'up/secret', (inner) => symlink('..', join(inner, 'up'))),
      code: 'EXTERNAL_DATA_LOCATION',
      message: 'a link leads out of the folder of the model',
    },
    {
      name: 'with weights in a named pipe',
      prepare: (folder) => outside(folder, 'w.bin', (inner) => Promise.resolve(pipe(join(inner, 'w.bin')))),
      code: 'EXTERNAL_DATA_MISSING',
      message: 'this is not a plain file',
    },
    {
      name: 'with weights beyond the end of their file',
      prepare: (folder) =>
        outside(folder, 'w.bin', (inner, bytes) => writeFile(join(inner, 'w.bin'), bytes), { offset: '4' }),
      code: 'EXTERNAL_DATA_RANGE',
      message: 'bytes 4 to 868 were asked of a file of 864',
    },
  ];

  it.each(rejects)('is refused when it is $name', async ({ prepare, code, message, limit }) => {
    await withFolder(async (folder) => {
      const path = await prepare(folder);
      const expected = typeof message === 'string' ? message : (expect.stringMatching(message) as string);
      await expect(readModelFile(path, limit === undefined ? {} : { bytes: limit })).rejects.toMatchObject({
        name: 'Failure',
        code,
        message: expected,
      });
    });
  });

  it('counts external weights against the limit on its size', async () => {
    await withFolder(async (folder) => {
      const { model, bytes } = external('w.bin');
      const encoded = encodeModel(model);
      await writeFile(join(folder, 'm.onnx'), encoded);
      await writeFile(join(folder, 'w.bin'), bytes);
      const path = join(folder, 'm.onnx');
      await expect(readModelFile(path, { bytes: encoded.length + bytes.length - 1 })).rejects.toMatchObject({
        code: 'MODEL_TOO_LARGE',
      });
      await expect(readModelFile(path, { bytes: encoded.length + bytes.length })).resolves.toBeDefined();
    });
  });
});

async function file(folder: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, 'm.onnx');
  await writeFile(path, bytes);
  return path;
}

function pipe(path: string): string {
  execFileSync('mkfifo', [path]);
  return path;
}
