import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DataType, decodeModel, dimsOf, encodeModel, type ModelProto } from '@kneepoint/onnx';
import type { TaskContext } from '@kneepoint/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { declaredPreprocess, labelsOfFile } from '@kneepoint/extractor-service';
import inspectFile from '../../services/extractor/src/tasks/inspect-file.task.ts';
import surgery from '../../services/pruner/src/tasks/surgery.task.ts';
import { available } from '../support/available.ts';
import { kneepoint } from '../support/kneepoint.ts';
import { answersOf, feedsOf } from './answers-of.ts';
import { checkInPython, type PythonCase } from './check-in-python.ts';
import type { Door } from './door.ts';
import { DOORS } from './registry.ts';

let folder: string;
const written: PythonCase[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-doors-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const quiet = { progress: () => undefined } as unknown as TaskContext;
/** Of the largest answer. */
const TOLERANCE = 1e-4;
/** Of float32 near one, where a Sigmoid adds and takes away. */
const ROUNDING = 1e-7;
/** Half precision has eleven bits. */
const HALF_TOLERANCE = 5e-3;

async function laid(door: Door, place: string): Promise<{ path: string; model: ModelProto }> {
  const { model, files = {} } = door.make();
  const path = join(folder, place, 'whole.onnx');
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, encodeModel(model));
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, place, name), bytes);
  return { path, model };
}

/** Inputs and outputs by name, type and dimensions. What nobody feeds is not among them. */
function declared({ graph }: ModelProto) {
  const stored = new Set(graph!.initializer.map(({ name }) => name));
  const line = (value: NonNullable<ModelProto['graph']>['input'][number]) => {
    const type = value.type?.value;
    return [value.name, type?.case === 'tensorType' ? type.value.elemType : undefined, dimsOf(value)];
  };
  return [graph!.input.filter(({ name }) => !stored.has(name)).map(line), graph!.output.map(line)];
}

describe.each(Object.entries(DOORS))('%s', (family, doors) => {
  it.each(doors.map((door, i) => [door.name, door, `${family}-${i}`.replaceAll(/\W+/g, '-')] as const))(
    '%s',
    async (_, door, place) => {
      const { path, model } = await laid(door, place);
      const size = door.size ? { size: door.size } : {};
      const inspected = inspectFile({ path, ...size }, quiet);
      if (door.unreadable) await expect(inspected).rejects.toMatchObject({ code: door.unreadable });
      else {
        const { layers, parameters } = await inspected;
        expect(parameters).toBeGreaterThan(0);
        for (const [layer, reason] of Object.entries(door.stays)) {
          const { prunable, reason: said } = layers.find(({ name }) => name === layer)!;
          expect([prunable, said]).toEqual([false, expect.stringMatching(reason)]);
        }
      }
      // What the commands ask of a file besides, whatever it is.
      await Promise.all([declaredPreprocess(path), labelsOfFile(path)]);
      const out = join(folder, place, 'cut.onnx');
      const cut = surgery({ path, criterion: 'l1', ratio: 0.5, seed: 1, out, ...size });
      if (door.refused) {
        await expect(cut).rejects.toMatchObject({ code: door.refused });
        return;
      }
      const { before, after, proof } = await cut;
      expect(proof.passed).toBe(true);
      expect(after.parameters / before.parameters).toBeLessThan(door.left);
      const smaller = decodeModel(await readFile(out));
      expect(declared(smaller)).toEqual(declared(model));
      const feeds = feedsOf(model, door.size);
      const [wanted, found] = [await answersOf(path, feeds), await answersOf(out, feeds)];
      const isHalf = feeds.some(({ type }) => type === DataType.FLOAT16) || door.name.includes('half precision');
      const tolerance = isHalf ? HALF_TOLERANCE : TOLERANCE;
      expect([...found.keys()]).toEqual([...wanted.keys()]);
      for (const [name, { dims, data }] of wanted) {
        expect(found.get(name)!.dims).toEqual(dims);
        const numbers = Array.from(data, Number);
        const most = numbers.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
        Array.from(found.get(name)!.data, Number).forEach((value, i) => {
          expect(Math.abs(value - numbers[i]!)).toBeLessThanOrEqual(tolerance * most + ROUNDING);
        });
      }
      written.push({ name: door.name, whole: path, cut: out, feeds, tolerance });
    },
  );
});

it.skipIf(!available('onnxruntime'))('Python’s ONNX Runtime and onnx.checker find the same of every file', async () => {
  expect(written.length).toBeGreaterThan(60);
  expect(await checkInPython(folder, written)).toEqual([]);
});

it('the command takes them as the library does', async () => {
  const [named, unknown] = [DOORS['layout, type and size']![12]!, DOORS['quantised']!.find(({ refused }) => refused)!];
  const { path } = await laid(named, 'command');
  const out = join(folder, 'command', 'cut.onnx');
  const cut = await kneepoint(['surgery', path, '--out', out, '--json']);
  expect(cut).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(cut.stdout)).toMatchObject({ proof: { passed: true } });
  expect(declared(decodeModel(await readFile(out)))).toEqual(declared(decodeModel(await readFile(path))));
  const refused = await kneepoint(['inspect', (await laid(unknown, 'refused')).path]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(unknown.refused);
});
