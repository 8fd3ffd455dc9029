import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelProto } from '@kneepoint/onnx';
import { encodeModel, floatTensor, Layers, readTensor, writeTensor } from '@kneepoint/onnx';
import { openSession, readModelFile } from '@kneepoint/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import surgery from './tasks/surgery.task.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-proof-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function cut(model: ModelProto) {
  const [path, out] = [join(folder, 'whole.onnx'), join(folder, 'cut.onnx')];
  await writeFile(path, encodeModel(model));
  const result = await surgery({ path, criterion: 'l1', ratio: 0.5, seed: 1, out });
  return { ...result, written: await readModelFile(out) };
}

async function answers(model: ModelProto): Promise<readonly number[]> {
  const session = await openSession(model);
  try {
    const data = Float32Array.from({ length: 3 * 16 * 16 }, (_, i) => Math.sin(1 + i * i));
    const results = await session.run({ image: { dims: [1, 3, 16, 16], data } });
    return Array.from(Object.values(results)[0]!.data as Float32Array);
  } finally {
    await session.release();
  }
}

const scalar = (net: Layers, value: number) => net.graph.init(floatTensor([], [value]));

it('answers of 1e-5, of which rounding changes a thousandth, are proved and the figures told', async () => {
  const net = new Layers(4);
  const scores = net.conv(net.block(net.block(net.image(3, 16), 16), 32), 1, { kernel: 1 });
  net.output(net.pointwise('Sigmoid', [net.pointwise('Add', [scores, scalar(net, -11)])]));
  const { proof } = await cut(net.build());
  expect(proof.rounding).toBeGreaterThan(1e-4);
  expect(proof.gates.own.detail).toMatch(/where rounding alone does \d/);
});

/** Channels weighed by a map of their mean and maximum (Woo et al. 2018); of each layer the second half of the filters is at zero. */
function spatialAttention(alive: boolean): ModelProto {
  const net = new Layers(4);
  const x = net.relu(net.conv(net.image(3, 16), 16, { name: 'before' }));
  const maps = ['ReduceMean', 'ReduceMax'].map((op) => net.note(net.graph.node(op, [x], { axes: [1] }), [1, 16, 16]));
  const weight = net.pointwise('Sigmoid', [net.conv(net.concat(maps), 1, { kernel: 7 })]);
  net.heads(net.relu(net.conv(net.pointwise('Mul', [x, weight]), 16, { name: 'after' })), { logits: 5 });
  const model = net.build();
  model.graph!.initializer = model.graph!.initializer.map((tensor) => {
    if (alive || !/^(before|after)\./.test(tensor.name)) return tensor;
    const { dims, type, data } = readTensor(tensor);
    const zeroed = (data as Float32Array).map((value, i) => (i < data.length / 2 ? value : 0));
    return writeTensor(tensor.name, { dims, type, data: zeroed });
  });
  return model;
}

it('a mean and a maximum over channels of which those at zero went are as they were', async () => {
  const model = spatialAttention(false);
  const { written, notes, proof, after, before } = await cut(model);
  expect(after.parameters).toBeLessThan(0.6 * before.parameters);
  const now = await answers(written);
  (await answers(model)).forEach((value, i) => expect(now[i]).toBeCloseTo(value, 5));
  expect(proof.overChannels.map(({ countsRemoved }) => countsRemoved)).toEqual([true, true]);
  expect(notes).toEqual([expect.stringMatching(/^Over all channels as before/)]);
});

it('a mean and a maximum over channels of which others went are said to be over those that stay', async () => {
  const { notes, proof } = await cut(spatialAttention(true));
  expect(proof.passed).toBe(true);
  expect(notes).toEqual([expect.stringMatching(/^Over the channels that stay: .*ReduceMean.*ReduceMax.*left out/)]);
});

it('where rounding decides everything, nothing is called wrong and nothing is written', async () => {
  const net = new Layers(5);
  let x = net.conv(net.block(net.image(3, 16), 8), 8);
  for (let i = 0; i < 4; i++) x = net.pointwise('Sin', [net.pointwise('Mul', [x, scalar(net, 1000)])]);
  net.output(x);
  await expect(cut(net.build())).rejects.toMatchObject({
    code: 'SURGERY_UNDECIDED',
    message: expect.stringMatching(/rounding/) as string,
  });
});
