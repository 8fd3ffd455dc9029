import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelProto } from '@kneepoint/onnx';
import { asDeclared, DataType, encodeModel, floatTensor, GraphBuilder, inputSpec } from '@kneepoint/onnx';
import { readModelFile, type TaskContext } from '@kneepoint/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import inspectFile from './tasks/inspect-file.task.ts';
import inspect from './tasks/inspect.task.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-inspect-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const context = { progress: () => undefined } as unknown as TaskContext;

async function file(model: ModelProto): Promise<string> {
  const path = join(folder, 'model-file.onnx');
  await writeFile(path, encodeModel(model));
  return path;
}

const filled = (g: GraphBuilder, ...dims: number[]) =>
  g.init(
    floatTensor(
      dims,
      Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i + 1)),
    ),
  );

/** A network of bytes with the channels last, of any size: two layers of 8 filters and an answer for each image. */
function camera(): ModelProto {
  const g = new GraphBuilder();
  const x = g.node('Cast', [g.input('x', ['N', 'H', 'W', 3], DataType.UINT8)], { to: DataType.FLOAT });
  const first = g.relu(g.node('Conv', [g.node('Transpose', [x], { perm: [0, 3, 1, 2] }), filled(g, 8, 3, 3, 3)]));
  const second = g.relu(g.node('Conv', [first, filled(g, 8, 8, 3, 3)]));
  g.output(g.node('MatMul', [g.flatten(g.globalAveragePool(second)), filled(g, 8, 2)]), ['N', 2]);
  return g.build();
}

describe('an import', () => {
  it('stores float images with channels first whatever the file takes, and says so', async () => {
    const path = await file(camera());
    const size = { height: 12, width: 10 };
    const { inspection, bytes } = await inspect({ path, outFolder: folder, size }, context);
    expect(bytes).toBe(true);
    expect(inspection.input).toEqual({ name: 'x', channels: 3, ...size });
    expect(inspection.notes).toHaveLength(3);
    const stored = await readModelFile(join(folder, 'model.onnx'));
    expect(inputSpec(stored)).toMatchObject({ channels: 3, ...size, batch: 'free', elemType: DataType.FLOAT });
    expect(inspection.layers.map(({ prunable }) => prunable)).toEqual([true, true, false]);
  });

  it('keeps the form that the file declares beside the one that is worked on', async () => {
    await inspect({ path: await file(camera()), outFolder: folder, size: { height: 12, width: 10 } }, context);
    const stored = await readModelFile(join(folder, 'model.onnx'));
    expect(asDeclared(stored).graph!.input).toEqual(camera().graph!.input);
  });

  it('of a network that runs one image at a time says whether its layers do, too', async () => {
    const alone = (front: (g: GraphBuilder, x: string) => string): ModelProto => {
      const g = new GraphBuilder();
      const y = g.relu(g.node('Conv', [front(g, g.input('x', [1, 3, 12, 10])), filled(g, 8, 3, 3, 3)]));
      g.output(g.node('ReduceMax', [g.node('Squeeze', [y])], { keepdims: 0 }), []);
      return g.build();
    };
    const of = async (model: ModelProto) => (await inspect({ path: await file(model) }, context)).inspection;
    const behind = await of(alone((_, x) => x));
    expect(behind.input).toMatchObject({ batch: 1, layersFree: true });
    expect(behind.notes.join()).toContain('It runs one image at a time');
    const modulated = alone((g, x) => {
      const style = g.node('Sigmoid', [g.globalAveragePool(x)]);
      return g.node(
        'Conv',
        [
          x,
          g.node('Mul', [
            g.init(floatTensor([3, 1, 1, 1], [1, 2, 3])),
            g.node('Transpose', [style], { perm: [1, 0, 2, 3] }),
          ]),
        ],
        { group: 3 },
      );
    });
    expect((await of(modulated)).input).toMatchObject({ batch: 1, layersFree: false });
  });

  it('asks for the size where the file leaves it free', async () => {
    await expect(inspect({ path: await file(camera()) }, context)).rejects.toMatchObject({
      code: 'MODEL_INPUT_SHAPE',
      fix: expect.stringContaining('preprocessing') as string,
    });
  });
});

describe('an inspection', () => {
  it('counts the same, and shows the input as the file declares it', async () => {
    const path = await file(camera());
    const found = await inspectFile({ path, size: { height: 12, width: 10 } }, context);
    expect(found.input).toEqual({ name: 'x', channels: 3, height: 12, width: 10 });
    expect(found.inputs).toEqual([{ name: 'x', type: 'UINT8', dims: ['N', 'H', 'W', 3] }]);
    expect(found.parameters).toBe(27 * 8 + 72 * 8 + 16);
    expect(found.macs).toBe(80 * 27 * 8 + 48 * 72 * 8 + 16);
  });

  it('takes several inputs that are no images', async () => {
    const g = new GraphBuilder();
    const signal = g.relu(g.node('Conv', [g.input('signal', ['N', 2, 20]), filled(g, 4, 2, 3)]));
    const pooled = g.node('ReduceMean', [signal], { axes: [2], keepdims: 0 });
    g.output(g.node('Add', [g.node('MatMul', [pooled, filled(g, 4, 2)]), g.input('bias', ['N', 2])]), ['N', 2]);
    const found = await inspectFile({ path: await file(g.build()) }, context);
    expect(found.input).toBeNull();
    expect(found.inputs.map(({ name }) => name)).toEqual(['signal', 'bias']);
    expect(found.layers.map(({ filters, prunable }) => [filters, prunable])).toEqual([
      [4, true],
      [2, false],
    ]);
  });
});
