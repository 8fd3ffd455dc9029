import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelProto } from '@kneepoint/onnx';
import {
  decodeModel,
  encodeModel,
  freeBatch,
  Graph,
  Layers,
  readTensor,
  smallNets,
  valueInfo,
  vgg16,
} from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { analyzeChannels } from '../analysis/analysis.ts';
import type { Plan } from '../plan/plan.ts';
import { randomPlan } from '../plan/plan-by-criterion.ts';
import { measureShapes } from '../testing/ort.ts';
import { expectCostAsPlanned, expectProved, provePlan } from '../testing/prove-plan.ts';
import { prune } from './prune.ts';

describe('a network that lost half of its classes', () => {
  it.each(Object.entries(smallNets))('%s equals the masked one, and costs what the plan said', async (_, make) => {
    const model = make(5);
    const proved = await provePlan(model);
    expect(proved.plan.removedClasses.length).toBeGreaterThan(0);
    expectProved(proved.proof);
    await expectCostAsPlanned(model, proved);
    expect(proved.plan.after.macs).toBeLessThan(0.7 * proved.plan.before.macs);
  });

  it('is the same model when nothing is removed', async () => {
    const model = smallNets.residual!(2);
    const { plan, pruned, proof } = await provePlan(model, (analysis) => randomPlan(analysis, 0, 1));
    expect(plan.after).toEqual(plan.before);
    expect(proof.negativeControl.applicable).toBe(false);
    expectProved(proof);
    expect(pruned.graph!.initializer.map((tensor) => tensor.name).sort()).toEqual(
      model.graph!.initializer.map((tensor) => tensor.name).sort(),
    );
  });

  it('can be pruned again under the same layer names', async () => {
    const first = await provePlan(smallNets.residual!(2));
    const second = await provePlan(first.pruned);
    expectProved(second.proof);
    expect(second.plan.after.macs).toBeLessThan(first.plan.after.macs);
    expect(second.plan.layers.map((layer) => layer.name)).toEqual(first.plan.layers.map((layer) => layer.name));
  });

  it('leaves the given model byte for byte as it was', async () => {
    const model = smallNets.grouped!(2);
    const before = encodeModel(model);
    await provePlan(model);
    expect(Buffer.compare(encodeModel(model), before)).toBe(0);
  });
});

describe('a plan that does not fit', () => {
  const base = async () => {
    const model = smallNets.residual!(2);
    const shapes = await measureShapes(model);
    const plan = randomPlan(analyzeChannels(model, shapes), 0.5, 1);
    const change = (name: string, kept: readonly number[]): Plan => ({
      ...plan,
      layers: plan.layers.map((layer) => (layer.name === name ? { ...layer, kept } : layer)),
    });
    return { model, shapes, plan, change };
  };

  it('is refused when it splits a class', async () => {
    const { model, shapes, plan, change } = await base();
    // conv1 and conv3 are joined by the residual Add.
    const conv1 = plan.layers.find((layer) => layer.name === 'conv1')!;
    const broken = change('conv1', [...conv1.kept.slice(1), 0, 1, 2, 3, 4, 5, 6, 7].sort().slice(0, 3));
    expect(() => prune(model, shapes, broken)).toThrow(expect.objectContaining({ code: 'PLAN_SPLITS_CLASS' }));
  });

  it('is refused when it removes an output of the graph', async () => {
    const { model, shapes, change } = await base();
    expect(() => prune(model, shapes, change('logits', [0, 1]))).toThrow(
      expect.objectContaining({ code: 'PLAN_REMOVES_FROZEN', where: 'logits' }),
    );
  });

  it('is refused when it empties a value', async () => {
    const { model, shapes, change } = await base();
    expect(() => prune(model, shapes, change('conv2', []))).toThrow(
      expect.objectContaining({ code: 'PLAN_EMPTIES_VALUE' }),
    );
  });

  it('is refused when it names what the network does not have', async () => {
    const { model, shapes, plan, change } = await base();
    expect(() => prune(model, shapes, change('conv2', [99]))).toThrow(
      expect.objectContaining({ code: 'PLAN_BAD_FILTER', message: 'the plan keeps filter 99 of 6' }),
    );
    const stranger = { ...plan, layers: [{ name: 'conv77', filters: 4, kept: [0] }] };
    expect(() => prune(model, shapes, stranger)).toThrow(expect.objectContaining({ code: 'PLAN_UNKNOWN_LAYER' }));
  });
});

describe('constants that several nodes share', () => {
  it('stay shared when they are cut alike', async () => {
    const net = new Layers(4);
    const x = net.block(net.image(3, 8), 8);
    const weight = net.weight('shared', [8, 8, 3, 3]);
    const again = (value: string) =>
      net.note(net.graph.node('Conv', [value, weight], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }), [8, 8, 8]);
    net.heads(net.relu(again(net.relu(again(x)))), { logits: 3 });
    const { proof, pruned, plan } = await provePlan(net.build());
    expectProved(proof);
    expect(plan.removedClasses).toHaveLength(4);
    expect(pruned.graph!.initializer.find((tensor) => tensor.name === 'shared')!.dims).toEqual([4n, 4n, 3n, 3n]);
    expect(pruned.graph!.initializer.filter((tensor) => tensor.name.startsWith('shared'))).toHaveLength(1);
  });

  it('part when they are cut differently, and neither user is disturbed', async () => {
    const net = new Layers(4);
    const x = net.image(3, 8);
    const [a, b] = [net.conv(x, 8, { bias: false }), net.conv(x, 8, { bias: false })];
    const scale = net.weight('scale', [8, 1, 1]);
    const joined = net.concat([net.pointwise('Mul', [a, scale]), net.pointwise('Mul', [b, scale])]);
    net.heads(net.block(joined, 6), { logits: 3 });
    const { proof, pruned } = await provePlan(net.build());
    expectProved(proof);
    expect(pruned.graph!.initializer.filter((tensor) => tensor.name.startsWith('scale'))).toHaveLength(2);
  });

  it('through Identity, as an exporter writes them, are cut where they lie', async () => {
    const net = new Layers(4);
    const x = net.relu(net.conv(net.image(3, 8), 8));
    const weight = net.graph.node('Identity', [net.weight('w', [6, 8, 1, 1])]);
    const y = net.note(net.graph.node('Conv', [x, weight], { kernel_shape: [1, 1] }), [6, 8, 8]);
    net.heads(net.relu(y), { logits: 3 });
    const { proof, plan } = await provePlan(net.build());
    expectProved(proof);
    expect(plan.layers.map((layer) => layer.kept.length)).toEqual([4, 3, 3]);
  });
});

it('initializers listed as inputs, as old exporters do, follow their new shapes', async () => {
  const model = smallNets.vgg!(3);
  model.irVersion = 3n;
  const shapes = await measureShapes(model);
  for (const tensor of model.graph!.initializer) {
    model.graph!.input.push(valueInfo(tensor.name, tensor.dims.map(Number)));
  }
  const plan = randomPlan(analyzeChannels(model, shapes), 0.5, 1);
  const graph = new Graph(prune(model, shapes, plan));
  for (const tensor of graph.proto.initializer) {
    const listed = graph.proto.input.find((input) => input.name === tensor.name)!;
    const type = listed.type!.value;
    const dims = type.case === 'tensorType' ? type.value.shape!.dim.map((dim) => dim.value.value) : [];
    expect(dims).toEqual(tensor.dims);
  }
  expectProved((await provePlan(model)).proof);
});

it('a cut weight holds exactly the kept filters and channels', async () => {
  const model = smallNets.vgg!(3);
  const { plan, pruned } = await provePlan(model);
  const tensor = (from: ModelProto, name: string) => readTensor(new Graph(from).initializer(name)!);
  const [kept1, kept2] = [plan.layers[0]!.kept, plan.layers[1]!.kept];
  const whole = tensor(model, 'conv2.weight');
  const expected = kept2.flatMap((o) =>
    kept1.flatMap((c) => [...whole.data.slice((o * 8 + c) * 9, (o * 8 + c + 1) * 9)].map(Number)),
  );
  expect([...tensor(pruned, 'conv2.weight').data]).toEqual(expected);
});

it('VGG-16 at full size is planned from its skeleton: half of every layer leaves about a quarter', () => {
  const model = vgg16({ dropped: true });
  const shapes = vggShapes();
  const analysis = analyzeChannels(model, shapes);
  const plan = randomPlan(analysis, 0.5, 1);
  expect(plan.before.parameters).toBe(138_357_544);
  expect(plan.after.macs / plan.before.macs).toBeCloseTo(0.253, 2);
  expect(analysis.layers.filter((layer) => !layer.prunable).map((layer) => layer.name)).toEqual(['fc8']);
  const pruned = prune(model, shapes, plan);
  expect(pruned.graph!.initializer.find((tensor) => tensor.name === 'fc6.weight')!.dims).toEqual([2048n, 12_544n]);
});

const data = process.env.KNEEPOINT_DATA;
describe.runIf(data !== undefined && existsSync(join(data, 'models')))('a network that was not made for this', () => {
  it.each([
    ['head-pose-estimation-adas-0001', 0.3],
    ['slim-320', 0.5],
    ['seetaface-onet', 0.5],
  ])('%s loses half of its classes, proved', async (name, most) => {
    const bytes = readFileSync(join(data!, 'models', `${name}.onnx`));
    const { model } = freeBatch(decodeModel(bytes));
    const proved = await provePlan(model);
    expectProved(proved.proof);
    await expectCostAsPlanned(model, proved);
    expect(proved.plan.after.macs / proved.plan.before.macs).toBeLessThan(most);
    for (const { reason } of proved.plan.frozen) expect(reason).toMatch(/graph output|Softmax/);
  });
});

/** VGG-16 at 224: shapes by arithmetic, since running it takes half a gigabyte. */
function vggShapes(): Map<string, readonly number[]> {
  const blocks = [64, 128, 256, 512, 512];
  const linear: Readonly<Record<string, number>> = { fc6: 4096, fc7: 4096, fc8: 1000 };
  let dims = [1, 3, 224, 224];
  const shapes = new Map<string, readonly number[]>([['image', dims]]);
  for (const node of vgg16({ dropped: true }).graph!.node) {
    const [, channels = 1, height = 1, width = 1] = dims;
    if (node.opType === 'Conv') dims = [1, blocks[Number(node.name.charAt(4)) - 1]!, height, width];
    if (node.opType === 'MaxPool') dims = [1, channels, height / 2, width / 2];
    if (node.opType === 'Flatten') dims = [1, channels * height * width];
    if (node.opType === 'Gemm') dims = [1, linear[node.name]!];
    shapes.set(node.output[0]!, dims);
  }
  return shapes;
}
