import { execFile } from 'node:child_process';
import { copyFile, link, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { unpackTar } from 'modern-tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { available, program } from '../../../../test/support/available.ts';
import type { UploadSource } from '../upload.ts';
import { createClient, download, uploadFolder, uploadModel } from './index.ts';

const PYTHON = join(import.meta.dirname, '..', '..', '..', '..', 'python', 'src');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-files-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Files of a folder; what begins with `->` is a link. */
async function lay(name: string, files: Record<string, string>): Promise<string> {
  const root = join(folder, name);
  for (const [file, text] of Object.entries(files)) {
    await mkdir(join(root, dirname(file)), { recursive: true });
    if (text.startsWith('->')) await symlink(text.slice(2), join(root, file));
    else await writeFile(join(root, file), text);
  }
  return root;
}

type Contents = Record<string, string>;

async function contentsOf(archive: string): Promise<Contents> {
  const entries = await unpackTar(await readFile(archive));
  const links = entries.filter(({ header }) => header.type !== undefined && header.type !== 'file');
  expect(links).toEqual([]);
  return Object.fromEntries(entries.map(({ header, data }) => [header.name, Buffer.from(data!).toString()]));
}

/** What this client would send. */
async function sentBy(send: (client: ReturnType<typeof createClient>) => Promise<unknown>): Promise<Contents> {
  const archive = join(folder, 'sent.tar');
  const upload = async ({ name }: UploadSource): Promise<string> => {
    await copyFile(name!, archive);
    return '';
  };
  await send(Object.assign(createClient({ url: 'http://127.0.0.1' }), { upload }));
  return contentsOf(archive);
}

/** What the Python client would send. */
async function packedByPython(call: string): Promise<Contents> {
  const archive = join(folder, 'packed.tar');
  const script = `from pathlib import Path; from kneepoint import transfer; transfer.${call}, Path("${archive}"))`;
  const environment = { ...process.env, PYTHONPATH: PYTHON, PYTHONDONTWRITEBYTECODE: '1' };
  await promisify(execFile)(join(dirname(program('gql')), 'python'), ['-c', script], { env: environment });
  return contentsOf(archive);
}

describe('what is packed', () => {
  it('of a data set is what its links lead to, once for each way, and ends where they go in circles', async () => {
    await lay('elsewhere', { '3.png': 'three' });
    const root = await lay('set', {
      'a/1.png': 'one',
      'a/2.png': '->1.png',
      'a/up': '->..',
      'a/itself': '->itself',
      'a/gone.png': '->nowhere',
      b: '->a',
      'c/3.png': '->../../elsewhere/3.png',
      d: '->../elsewhere',
    });
    await link(join(root, 'a', '1.png'), join(root, 'a', 'hard.png'));
    const wanted = {
      ...{ 'a/1.png': 'one', 'a/2.png': 'one', 'a/hard.png': 'one' },
      ...{ 'b/1.png': 'one', 'b/2.png': 'one', 'b/hard.png': 'one', 'c/3.png': 'three', 'd/3.png': 'three' },
    };
    expect(await sentBy((client) => uploadFolder(client, root))).toEqual(wanted);
    if (available('gql')) expect(await packedByPython(`pack_folder(Path("${root}")`)).toEqual(wanted);
  });

  it('of a model has the names that lie there, whatever they are links to', async () => {
    const cache = await lay('cache', {
      'blobs/1': 'network',
      'blobs/2': 'weights',
      'snapshots/x/model.onnx': '->../../blobs/1',
      'snapshots/x/model.onnx_data': '->../../blobs/2',
    });
    const versions = await lay('versions', {
      'net-v2.onnx': 'network',
      'net.onnx': '->net-v2.onnx',
      'net.preprocess.json': '{}',
    });
    const rows: [string, string, Contents][] = [
      [
        join(cache, 'snapshots', 'x', 'model.onnx'),
        'model.onnx_data',
        { 'model.onnx': 'network', 'model.onnx_data': 'weights' },
      ],
      [join(versions, 'net.onnx'), 'net.preprocess.json', { 'net.onnx': 'network', 'net.preprocess.json': '{}' }],
    ];
    for (const [model, beside, wanted] of rows) {
      const files = [model, join(dirname(model), beside)];
      expect(await sentBy((client) => uploadModel(client, files))).toEqual(wanted);
      if (available('gql')) expect(await packedByPython(`pack_model(Path("${model}"), []`)).toEqual(wanted);
    }
    const outside = uploadModel(createClient({ url: 'http://127.0.0.1' }), [rows[0]![0], rows[1]![0]]);
    await expect(outside).rejects.toMatchObject({ code: 'EXTERNAL_DATA_LOCATION' });
  });
});

it('two downloads to one path at once leave a whole file and nothing else', async () => {
  const place = join(folder, 'down');
  const downloads = ['slow', 'fast'].map((text, slow) => {
    const stream = (): Promise<ReadableStream<Uint8Array>> =>
      Promise.resolve(
        new ReadableStream({
          async start(to) {
            to.enqueue(Buffer.from(text.slice(0, 1)));
            await new Promise((resolve) => setTimeout(resolve, slow === 0 ? 60 : 20));
            to.enqueue(Buffer.from(text.slice(1)));
            to.close();
          },
        }),
      );
    const client = Object.assign(createClient({ url: 'http://127.0.0.1' }), { stream });
    return download(client, 'a sum', join(place, 'net.onnx'));
  });
  await Promise.all(downloads);
  expect(await readFile(join(place, 'net.onnx'), 'utf8')).toBe('slow');
  expect(await readdir(place)).toEqual(['net.onnx']);
});
