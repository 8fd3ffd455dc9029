import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { DataType, encodeModel, floatTensor, GraphBuilder, smallNets, vggStyle } from '@kneepoint/onnx';
import { withFolder } from '../testing/with-folder.ts';
import { openSession } from './open-session.ts';

function doubling() {
  const net = new GraphBuilder();
  const x = net.input('x', ['N', 3]);
  net.output(net.node('Mul', [x, net.init(floatTensor([1], [2]))], {}, 'twice'), ['N', 3]);
  net.output(net.node('Cast', [x], { to: DataType.INT64 }, 'whole'), ['N', 3], DataType.INT64);
  return net.build();
}

const feeds = { x: { data: Float32Array.of(1, 2, 3.5), dims: [1, 3] } };

describe('a session', () => {
  it.runIf(process.platform === 'linux')('stays on the cores that its process was given', async () => {
    const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const script = fileURLToPath(new URL('../testing/thread-cores.ts', import.meta.url));
    const core = /^Cpus_allowed_list:\t(\d+)/m.exec(await readFile('/proc/self/status', 'utf8'))![1]!;
    const command = ['-c', core, process.execPath, '--import', loader, script];
    const { stdout } = await promisify(execFile)('taskset', command);
    expect(JSON.parse(stdout)).toEqual([core]);
  });

  it('runs a model from messages, bytes and a file alike', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'm.onnx');
      const bytes = encodeModel(doubling());
      await writeFile(path, bytes);
      for (const model of [doubling(), bytes, path]) {
        const session = await openSession(model);
        expect(session.provider).toBe('cpu');
        expect(session.inputs).toEqual([{ name: 'x', type: 'float32', dims: ['N', 3] }]);
        expect(session.outputs.map(({ name, type }) => [name, type])).toEqual([
          ['twice', 'float32'],
          ['whole', 'int64'],
        ]);
        expect(await session.run(feeds)).toEqual({
          twice: { data: Float32Array.of(2, 4, 7), dims: [1, 3] },
          whole: { data: BigInt64Array.of(1n, 2n, 3n), dims: [1, 3] },
        });
        expect(Object.keys(await session.run(feeds, ['whole']))).toEqual(['whole']);
        await session.release();
      }
    });
  });

  it('gives the same answer with and without optimization and threads', async () => {
    const image = {
      image: { data: Float32Array.from({ length: 3 * 256 }, (_, i) => Math.sin(i)), dims: [1, 3, 16, 16] },
    };
    const answers = await Promise.all(
      [{ optimization: 'disabled', threads: 1, arena: false } as const, { threads: 2 }].map(async (options) => {
        const session = await openSession(smallNets['residual']!(1), options);
        const { data } = (await session.run(image))[session.outputs[0]!.name]!;
        await session.release();
        return data as Float32Array;
      }),
    );
    const worst = Math.max(...answers[0]!.map((value, i) => Math.abs(value - answers[1]![i]!)));
    expect(worst).toBeLessThan(1e-5);
  });

  it('leaves the cores to others as soon as a run is over', async () => {
    const size = 96;
    const image = { image: { data: new Float32Array(8 * 3 * size ** 2), dims: [8, 3, size, size] } };
    const model = vggStyle({ size, seed: 1, widths: [16, 16, 16] });
    const session = await openSession(model, { threads: 2 });
    await session.run(image);
    const before = process.cpuUsage();
    await setTimeout(100);
    const { user, system } = process.cpuUsage(before);
    await session.release();
    // Threads that wait for the next run in a busy loop take some tens of them.
    expect((user + system) / 1000).toBeLessThan(15);
  });

  it.each([
    ['garbage', new TextEncoder().encode('this is no model'), 'Failed to load model because protobuf parsing failed.'],
    ['nothing', new Uint8Array(), 'the model is empty'],
    [
      'a path to nowhere',
      '/nowhere/m.onnx',
      "/nowhere/m.onnx cannot be read: ENOENT: no such file or directory, open '/nowhere/m.onnx'",
    ],
    ['an unknown operator', encodeModel(strange()), "Whatever is no operator of ONNX at the file's opset"],
  ])('refuses %s', async (_name, model, message) => {
    await expect(openSession(model)).rejects.toMatchObject({
      name: 'Failure',
      code: 'RUNTIME_MODEL_REFUSED',
      message,
    });
  });

  it.each([
    ['no feed', {}, 'nothing was fed'],
    ['another size', { x: { data: new Float32Array(4), dims: [1, 4] } }, '[1, 4] was fed'],
    ['another rank', { x: { data: new Float32Array(3), dims: [3] } }, '[3] was fed'],
    ['too few elements', { x: { data: new Float32Array(2), dims: [1, 3] } }, '[1, 3] does not hold 2 elements'],
    ['another type', { x: { data: new Int32Array(3), dims: [1, 3] } }, /^Int32Array was fed: /],
  ])('names what is wrong with %s', async (_name, wrong, message) => {
    const session = await openSession(doubling());
    const expected = typeof message === 'string' ? message : (expect.stringMatching(message) as string);
    await expect(session.run(wrong)).rejects.toMatchObject({
      code: 'RUNTIME_FEED_INVALID',
      where: 'input x',
      message: expected,
    });
    await session.release();
  });

  it('tells a failing run from a refused model', async () => {
    const net = new GraphBuilder();
    const x = net.input('x', ['A', 'B']);
    net.output(net.node('MatMul', [x, x]), ['A', 'B']);
    const session = await openSession(net.build());
    const wide = { x: { data: new Float32Array(6), dims: [2, 3] } };
    await expect(session.run(wide)).rejects.toMatchObject({ code: 'RUNTIME_RUN_FAILED' });
    await session.release();
  });
});

function strange() {
  const net = new GraphBuilder();
  net.output(net.node('Whatever', [net.input('x', [1])]), [1]);
  return net.build();
}
