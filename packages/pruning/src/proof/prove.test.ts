import { cloneModel, floatTensor, Layers, readTensor, smallNets, writeTensor } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { analyzeChannels } from '../analysis/analysis.ts';
import { randomPlan } from '../plan/plan-by-criterion.ts';
import { measureShapes, noise, runBatches as run } from '../testing/ort.ts';
import { provePlan } from '../testing/prove-plan.ts';
import { heInitialise } from './he-initialise.ts';
import type { ProofInput } from './prove.ts';
import { prove } from './prove.ts';

async function input(model = smallNets.residual!(1)): Promise<ProofInput> {
  const shapes = await measureShapes(model);
  const plan = randomPlan(analyzeChannels(model, shapes), 0.5, 1);
  return { model, shapes, plan, run, images: [noise([2, 3, 16, 16], 1)] };
}

/** A runner that disturbs what the pruned graph gives; the masked one is known by its masks. */
const disturbed =
  (change: (value: number) => number): ProofInput['run'] =>
  async (model, batches, options) => {
    const results = await run(model, batches, options);
    if (Buffer.from(model).includes('_masked1')) return results;
    return results.map((result) => {
      return new Map(
        [...result].map(([name, { dims, data }]) => [name, { dims, data: data.map(change) as Float32Array }]),
      );
    });
  };

describe('a proof fails', () => {
  it('when the pruned graph is off by a thousandth', async () => {
    const proof = await prove({ ...(await input()), run: disturbed((value) => value * 1.001) });
    expect(proof.passed).toBe(false);
    expect(proof.gates.own.passed).toBe(false);
    expect(proof.gates.he.passed).toBe(false);
    expect(proof.maxRelDiff).toBeCloseTo(1e-3, 4);
  });

  it('when the output hardly depends on the image, although the difference is zero', async () => {
    const net = new Layers(1);
    const x = net.relu(net.conv(net.image(3, 16), 8));
    const zero = net.graph.init(floatTensor([], [0]));
    net.heads(net.pointwise('Mul', [net.relu(net.conv(x, 8)), zero]), { logits: 2 });
    const proof = await prove(await input(net.build()));
    expect(proof.maxAbsDiff).toBe(0);
    expect(proof.passed).toBe(false);
    expect(proof.gates.dependence).toEqual({
      passed: false,
      detail: 'no output depends on the image, with either set of weights: the comparison proves nothing',
    });
    expect(proof.negativeControl).toMatchObject({ applicable: true, detected: false });
    expect(proof.gates.control.passed).toBe(false);
    expect(JSON.stringify(proof)).not.toMatch(/NaN|Infinity/);
  });
});

it('weights that silence the image are made up for by He-initialised ones, and the proof says so', async () => {
  const model = cloneModel(smallNets.vgg!(1));
  const faint = model.graph!.initializer.find((tensor) => tensor.name === 'conv1.weight')!;
  const { dims, type, data } = readTensor(faint);
  Object.assign(
    faint,
    writeTensor(faint.name, { dims, type, data: (data as Float32Array).map((value) => value * 1e-9) }),
  );
  const { proof } = await provePlan(model);
  expect(proof.relativeDependence).toBeLessThan(1e-4);
  expect(proof.he.relativeDependence).toBeGreaterThan(1e-2);
  expect(proof.gates.dependence.detail).toMatch(/hardly depends on the image/);
  expect(proof.passed).toBe(true);
});

it('every removed class left out of the mask is noticed, in every wiring', async () => {
  for (const make of Object.values(smallNets)) {
    const { proof } = await provePlan(make(2));
    expect(proof.negativeControl).toMatchObject({ applicable: true, detected: true });
    expect(proof.negativeControl.diff).toBeGreaterThan(100 * proof.he.maxRelDiff);
  }
});

it('a proof asks for two whole images of finite effect', async () => {
  const one = { ...(await input()), images: [noise([1, 3, 16, 16], 1)] };
  await expect(prove(one)).rejects.toMatchObject({ code: 'PROOF_TOO_FEW_IMAGES', message: '1 images were given' });
  const part = { ...one, images: [new Float32Array(1000)] };
  await expect(prove(part)).rejects.toMatchObject({
    code: 'PROOF_TOO_FEW_IMAGES',
    fix: 'give a multiple of 768 numbers',
  });
  const wild = { ...one, images: [noise([2, 3, 16, 16], 1).fill(Number.NaN)] };
  await expect(prove(wild)).rejects.toMatchObject({ code: 'PROOF_NOT_FINITE', where: 'output logits' });
});

it('He-initialised weights differ from the given ones in value alone, and follow the seed', () => {
  const model = smallNets.depthwise!(1);
  const shape = (of: typeof model) =>
    of.graph!.initializer.map((tensor) => [tensor.name, tensor.dims, tensor.dataType]);
  const he = heInitialise(model, 3);
  expect(shape(he)).toEqual(shape(model));
  expect(heInitialise(model, 3)).toEqual(he);
  expect(heInitialise(model, 4)).not.toEqual(he);
  const clip = model.graph!.node.find((node) => node.opType === 'Clip')!.input[2];
  const bound = he.graph!.initializer.find((tensor) => tensor.name === clip)!;
  expect(readTensor(bound).data[0]).toBe(6);
});
