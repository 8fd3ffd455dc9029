import type { ModelProto } from '@kneepoint/onnx';
import { intTensor, Layers, seededRandom } from '@kneepoint/onnx';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { analyzeChannels } from '../analysis/analysis.ts';
import { compareOutputs } from '../proof/compare.ts';
import { heInitialise } from '../proof/he-initialise.ts';
import { randomPlan } from '../plan/plan-by-criterion.ts';
import { measureShapes, noise, runModel } from '../testing/ort.ts';
import { mask } from './mask.ts';
import { prune } from './prune.ts';

const SIZE = 4;

type Pick = (count: number) => number;
type Step = (net: Layers, values: string[], pick: Pick) => string;

const any = (values: readonly string[], pick: Pick) => values[pick(values.length)]!;
const channels = (net: Layers, x: string) => net.shape(x)[0]!;
const widths = [3, 4, 6, 8];

/** A value with the channels of `x`, tied to it or not. */
function partner(net: Layers, values: readonly string[], x: string, pick: Pick): string {
  const like = values.filter((value) => value !== x && channels(net, value) === channels(net, x));
  return like.length > 0 && pick(3) > 0
    ? any(like, pick)
    : net.conv(any(values, pick), channels(net, x), { kernel: 1 });
}

const STEPS: readonly Step[] = [
  (net, values, pick) => net.conv(any(values, pick), widths[pick(widths.length)]!),
  (net, values, pick) => net.block(any(values, pick), widths[pick(widths.length)]!, { kernel: 1 }),
  (net, values, pick) => {
    const x = any(values, pick);
    return net.conv(x, channels(net, x), { group: channels(net, x) });
  },
  (net, values, pick) => {
    const x = any(values, pick);
    const groups = channels(net, x) % 2 === 0 ? 2 : 3;
    return channels(net, x) % groups === 0 ? net.conv(x, 6, { group: groups }) : net.relu(x);
  },
  (net, values, pick) => {
    const x = any(values, pick);
    return net.pointwise(['Add', 'Mul', 'Max', 'Min', 'Sub', 'Mean'][pick(6)]!, [x, partner(net, values, x, pick)]);
  },
  (net, values, pick) => net.concat([any(values, pick), any(values, pick)]),
  (net, values, pick) =>
    net.pointwise(['Relu', 'Sigmoid', 'Tanh', 'HardSwish', 'Softplus'][pick(5)]!, [any(values, pick)]),
  (net, values, pick) => net.batchNorm(any(values, pick)),
  (net, values, pick) => {
    const x = any(values, pick);
    const cut = 1 + pick(channels(net, x) - 1);
    const parts = net.graph.multi('Split', [x, net.graph.init(intTensor([cut, channels(net, x) - cut]))], 2, {
      axis: 1,
    });
    net.note(parts[0]!, [cut, SIZE, SIZE]);
    net.note(parts[1]!, [channels(net, x) - cut, SIZE, SIZE]);
    return pick(2) ? net.concat([parts[1]!, parts[0]!]) : parts[pick(2)]!;
  },
  (net, values, pick) => {
    const x = any(values, pick);
    const order = Array.from({ length: 4 }, () => pick(channels(net, x)));
    return net.note(net.graph.node('Gather', [x, net.graph.init(intTensor(order))], { axis: 1 }), [4, SIZE, SIZE]);
  },
  (net, values, pick) => {
    const x = any(values, pick);
    const gate = net.pointwise('Sigmoid', [
      net.conv(net.relu(net.conv(net.globalPool(x), 3, { kernel: 1 })), channels(net, x), { kernel: 1 }),
    ]);
    return net.pointwise('Mul', [x, gate]);
  },
  (net, values, pick) => net.pointwise('Mul', [any(values, pick), net.conv(any(values, pick), 1)]),
  (net, values, pick) => {
    const x = any(values, pick);
    const half = channels(net, x) / 2;
    if (!Number.isInteger(half)) return net.relu(x);
    const split = net.graph.node('Reshape', [x, net.graph.init(intTensor([0, 2, half, SIZE, SIZE]))]);
    const swapped = net.graph.node('Transpose', [split], { perm: [0, 2, 1, 3, 4] });
    // Half of the time the halves are used as they stand: the reshape then has to be kept right.
    const used = pick(2) ? net.graph.node('Relu', [split]) : swapped;
    return net.note(net.graph.node('Reshape', [used, net.graph.init(intTensor([-1, 2 * half, SIZE, SIZE]))]), [
      2 * half,
      SIZE,
      SIZE,
    ]);
  },
  (net, values, pick) => {
    const x = any(values, pick);
    const last = net.graph.node('Transpose', [x], { perm: [0, 2, 3, 1] });
    const mixed = net.graph.node('MatMul', [last, net.weight(`w${values.length}`, [channels(net, x), 5])]);
    return net.note(net.graph.node('Transpose', [mixed], { perm: [0, 3, 1, 2] }), [5, SIZE, SIZE]);
  },
  (net, values, pick) => {
    const x = any(values, pick);
    const [front, back] = [pick(3), pick(3)];
    const pads = net.graph.init(intTensor([0, front, 0, 0, 0, back, 0, 0]));
    return net.note(net.graph.node('Pad', [x, pads]), [channels(net, x) + front + back, SIZE, SIZE]);
  },
  (net, values, pick) => {
    // One weight used twice.
    const x = net.conv(any(values, pick), 4, { kernel: 1 });
    const weight = net.weight(`shared${values.length}`, [4, 4, 1, 1]);
    const once = net.note(net.graph.node('Conv', [x, weight], { kernel_shape: [1, 1] }, `${weight}.a`), [
      4,
      SIZE,
      SIZE,
    ]);
    return net.note(net.graph.node('Conv', [net.relu(once), weight], { kernel_shape: [1, 1] }, `${weight}.b`), [
      4,
      SIZE,
      SIZE,
    ]);
  },
  (net, values, pick) => net.pointwise('Softmax', [any(values, pick)], { axis: 1 }),
  (net, values, pick) => net.pointwise('LRN', [any(values, pick)], { size: 3 }),
];

/** A random graph: every step draws an operator and its inputs among the values so far; all loose ends meet before the head. */
function randomGraph(seed: number): ModelProto {
  const random = seededRandom(seed);
  const pick: Pick = (count) => Math.floor(random.uniform() * count);
  const net = new Layers(seed);
  const values = [net.block(net.image(2, SIZE), 4 + 2 * pick(3))];
  const steps = 3 + pick(8);
  for (let i = 0; i < steps; i++) values.push(STEPS[pick(STEPS.length)]!(net, values, pick));
  const x = net.concat([values.at(-1)!, values.at(-2)!]);
  if (pick(2)) net.output(net.linear(net.flatten(x), 3, 'logits'));
  else net.heads(net.block(x, 6), { logits: 3 });
  return net.build();
}

async function tryCase(seed: number, ratio: number): Promise<{ mismatch: number; removed: number }> {
  const model = heInitialise(randomGraph(seed), seed);
  const shapes = await measureShapes(model);
  const plan = randomPlan(analyzeChannels(model, shapes, seed % 3 === 0 ? { grouped: 'groups' } : {}), ratio, seed);
  const data = noise([2, 2, SIZE, SIZE], seed);
  const outputs = async (graph: ModelProto) => ({
    images: [2],
    results: [await runModel(graph, [{ name: 'image', dims: [2, 2, SIZE, SIZE], data }])],
  });
  const { maxRelDiff: mismatch } = compareOutputs(
    await outputs(prune(model, shapes, plan)),
    await outputs(mask(model, shapes, plan)),
  );
  return { mismatch, removed: plan.removedClasses.length };
}

/** KNEEPOINT_CASES asks for more than a quick run draws. */
const runs = Number(process.env.KNEEPOINT_CASES ?? 150);

it(`random graphs pruned by random plans equal the masked ones (${runs} cases)`, async () => {
  let pruned = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 30 }), fc.constantFrom(0.3, 0.5, 0.8), async (seed, ratio) => {
      const { mismatch, removed } = await tryCase(seed, ratio);
      expect(mismatch).toBeLessThan(1e-5);
      if (removed > 0) pruned++;
    }),
    { numRuns: runs, seed: 20_260_101, endOnFailure: true },
  );
  // Most draws must put something at stake.
  expect(pruned).toBeGreaterThan(0.8 * runs);
}, 600_000);
