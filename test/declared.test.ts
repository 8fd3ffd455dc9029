import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { decodeModel, encodeModel, Graph, type ModelProto, StringStringEntryProtoSchema } from '@kneepoint/onnx';
import type { ReportResult } from '@kneepoint/workflow';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bytesLast, half, modulated, SIDE, transparent } from './support/declared-networks.ts';
import { Kneepoint, kneepointJson, kneepointResult } from './support/kneepoint.ts';

let folder: string;
let server: Kneepoint;

const data = (): string => join(folder, 'data');
const SHA256 = /^[0-9a-f]{64}$/;
/** Colours of the images, which grow transparent. */
const CLASSES = { blue: [40, 60, 200], red: [200, 60, 40] } as const;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-declared-'));
  for (const [name, colour] of Object.entries(CLASSES)) {
    await mkdir(join(folder, 'images', name), { recursive: true });
    for (let i = 0; i < 24; i++) {
      const pixels = Buffer.alloc(SIDE * SIDE * 4);
      for (let at = 0; at < pixels.length; at++) {
        pixels[at] = at % 4 === 3 ? 255 - i : Math.max(0, Math.min(255, colour[at % 4]! + ((at * (i + 7)) % 97) - 48));
      }
      const image = sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 4 } });
      await image.png().toFile(join(folder, 'images', name, `${i}.png`));
    }
  }
  server = new Kneepoint(['up', '--port', '0', '--data-dir', data()], { env: { LOG_LEVEL: 'silent' } });
  await server.says(/serves http/);
});

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Compressed {
  readonly report: ReportResult;
  readonly model: ModelProto;
  readonly path: string;
  /** The metadata entries. */
  readonly said: ReadonlyMap<string, string>;
}

async function compress(name: string, model: ModelProto, ...flags: readonly string[]): Promise<Compressed> {
  const file = join(folder, `${name}.onnx`);
  model.metadataProps.push(create(StringStringEntryProtoSchema, { key: 'license', value: 'MIT' }));
  await writeFile(file, encodeModel(model));
  const out = join(folder, name);
  const report = await kneepointResult([
    ...['compress', '--model', file, '--data', join(folder, 'images'), '--task', 'class', '--data-dir', data()],
    ...['--epsilon', '0.3', '--round-to', '1', '--epochs', '1', '--no-teacher', '--out', out, ...flags],
  ]);
  const path = join(out, `${name}-class-0.3.onnx`);
  const made = decodeModel(await readFile(path));
  return { report, path, model: made, said: new Map(made.metadataProps.map(({ key, value }) => [key, value])) };
}

async function run(path: string, feeds: Record<string, Tensor>): Promise<Tensor> {
  const session = await InferenceSession.create(path, { logSeverityLevel: 3 });
  try {
    return Object.values(await session.run(feeds))[0] as Tensor;
  } finally {
    await session.release();
  }
}

const inputs = (model: ModelProto) => new Graph(model).inputs;
const operators = (model: ModelProto) => model.graph!.node.map(({ opType }) => opType);
const noise = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i));

it('a network of bytes with the channels last is trained and comes back as one, with what its user must know', async () => {
  const { report, model, path, said } = await compress('bytes', bytesLast(), '--arms', 'finetuned');
  expect(inputs(model)).toEqual(inputs(bytesLast()));
  expect(operators(model).slice(0, 5)).toEqual(['Cast', 'Sub', 'Div', 'Transpose', 'Conv']);
  const image = new Tensor(
    'uint8',
    Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) => CLASSES.red[i % 3]!),
    [...[1, SIDE, SIDE, 3]],
  );
  const answer = await run(path, { pixels: image });
  expect([answer.type, answer.dims]).toEqual(['float32', [1, 2]]);
  expect(report.after.parameters).toBeLessThan(report.before.parameters);
  const stored = (key: string) => JSON.parse(said.get(`kneepoint.${key}`)!) as Record<string, unknown>;
  expect(said.get('license')).toBe('MIT');
  expect(stored('classes')).toEqual(['blue', 'red']);
  expect(stored('model').sha256).toMatch(SHA256);
  expect(stored('dataset').sha256).toMatch(SHA256);
  expect([stored('epsilon'), stored('version')]).toEqual([0.3, expect.any(String)]);
  expect(stored('metric')).toMatchObject({ task: 'class', test: report.metric.finetuned });
  const runs = await kneepointJson<{ id: string; kind: string }[]>(['runs', '--data-dir', data()]);
  expect(stored('run')).toBe(runs.find(({ kind }) => kind === 'COMPRESSION')!.id);
  expect(said.has('kneepoint.declared')).toBe(false);
  expect(await readFile(join(folder, 'bytes', 'labels.txt'), 'utf8')).toBe('blue\nred\n');
  const preprocess = JSON.parse(await readFile(path.replace('.onnx', '.preprocess.json'), 'utf8')) as object;
  expect(preprocess).toMatchObject({ channels: 'rgb', range: [0, 255], mean: [0], std: [1] });
});

it('half precision stays half precision, or has another batch where it is asked for', async () => {
  const { model, path } = await compress('half', half(), '--arms', 'none', '--batch', '2');
  const fed = new Tensor('float16', new Uint16Array(2 * 3 * SIDE * SIDE).fill(0x3800), [2, 3, SIDE, SIDE]);
  const answer = await run(path, { x: fed });
  expect([answer.type, answer.dims]).toEqual(['float16', [2, 2]]);
  expect(
    new Set(model.graph!.initializer.filter(({ dims }) => dims.length === 4).map(({ dataType }) => dataType)),
  ).toEqual(new Set([10]));
});

it('a network that makes a kernel for each image is trained one image at a time', async () => {
  const { report, model, path } = await compress('modulated', modulated(), '--arms', 'finetuned');
  expect(inputs(model)).toEqual(inputs(modulated()));
  expect(report.warnings.join()).toContain('the network runs one image at a time, and is trained so');
  expect(report.proof.passed).toBe(true);
  const answer = await run(path, { x: new Tensor('float32', noise(3 * SIDE * SIDE), [1, 3, SIDE, SIDE]) });
  expect(answer.dims).toEqual([1, 2]);
  const refused = compress('modulated', modulated(), '--arms', 'finetuned', '--batch', 'free');
  await expect(refused).rejects.toThrow('ONNX_BATCH_FIXED');
});

it('images of any size with transparency are that again, and what nothing reads is declared again', async () => {
  const { model, path } = await compress('transparent', transparent(), '--arms', 'none', '--size', '24x32');
  expect(inputs(model)).toEqual(inputs(transparent()));
  for (const [height, width] of [
    [24, 32],
    [56, 40],
  ] as const) {
    const x = new Tensor('float32', noise(2 * 4 * height * width), [2, 4, height, width]);
    expect((await run(path, { training: new Tensor('bool', [false], []), x })).dims).toEqual([2, 2]);
  }
});
