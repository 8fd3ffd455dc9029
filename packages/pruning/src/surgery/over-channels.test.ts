import type { ModelProto } from '@kneepoint/onnx';
import { floatTensor, Graph, Layers, readTensor, writeTensor } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { analyzeChannels } from '../analysis/analysis.ts';
import { l1Plan } from '../plan/plan-by-criterion.ts';
import { compareOutputs } from '../proof/compare.ts';
import { measureShapes, noise, runModel } from '../testing/ort.ts';
import { expectProved, provePlan } from '../testing/prove-plan.ts';
import { meaningAtStake, meaningOfEqual, statisticsAtStake } from './over-channels.ts';

type Statistic = (net: Layers, x: string) => string;

const reduce =
  (op: string): Statistic =>
  (net, x) =>
    net.graph.node(op, [x], { axes: [1] }, op.toLowerCase());

/** A gate by a statistic over the 8 channels of the layer `before`; `between` lies in front of it. */
function gated(statistic: Statistic, between: Statistic = (net, x) => net.relu(x)): ModelProto {
  const net = new Layers(3, { opset: 17 });
  const before = net.note(between(net, net.conv(net.image(3, 8), 8, { name: 'before' })), [8, 8, 8]);
  const gate = net.graph.node('Sigmoid', [statistic(net, before)]);
  net.heads(net.relu(net.conv(net.pointwise('Mul', [before, gate]), 6, { name: 'after' })), { logits: 3 });
  return net.build();
}

/** The network with the last filters of a layer at zero, weights and bias. */
function dead(model: ModelProto, layer: string): ModelProto {
  for (const tensor of model.graph!.initializer) {
    if (!tensor.name.startsWith(`${layer}.`)) continue;
    const { dims, type, data } = readTensor(tensor);
    const half = data.length / 2;
    const values = (data as Float32Array).map((value, i) => (i < half ? value : 0));
    Object.assign(tensor, writeTensor(tensor.name, { dims, type, data: values }));
  }
  return model;
}

/** Cuts half of all filters by l1, so that those at zero go, and compares with the original itself; gives what was found out. */
async function cutDead(model: ModelProto) {
  const proved = await provePlan(model, (analysis) => l1Plan(model, analysis, 0.5));
  expectProved(proved.proof);
  const feeds = [{ name: 'image', dims: [2, 3, 8, 8], data: noise([2, 3, 8, 8], 4) }];
  const answers = async (of: ModelProto) => ({ images: [2], results: [await runModel(of, feeds)] });
  const { maxRelDiff } = compareOutputs(await answers(proved.pruned), await answers(model));
  return { ...proved, fromOriginal: maxRelDiff, over: proved.proof.overChannels };
}

/** Half of the filters of both layers are at zero, so that a cut need not change anything. */
const withDeadHalves = (model: ModelProto) => dead(dead(model, 'before'), 'after');

describe('a statistic over channels that were zero', () => {
  const cases: readonly [string, Statistic, Statistic?][] = [
    ['a mean', reduce('ReduceMean')],
    ['a maximum', reduce('ReduceMax')],
    ['a minimum', reduce('ReduceMin')],
    ['a maximum of numbers of either sign', reduce('ReduceMax'), (net, x) => net.pointwise('Tanh', [x])],
    [
      'a mean behind a pooling, a constant for each channel and a sum',
      reduce('ReduceMean'),
      (net, x) => {
        const scaled = net.pointwise('Mul', [x, net.weight('k', [8, 1, 1])]);
        return net.pointwise('Add', [
          scaled,
          net.pointwise('MaxPool', [x], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
        ]);
      },
    ],
    [
      'a mean behind a depthwise convolution',
      reduce('ReduceMean'),
      (net, x) => net.conv(x, 8, { group: 8, bias: false }),
    ],
  ];
  it.each(cases)('%s goes on counting them: nothing at all changes', async (_, statistic, between) => {
    const { fromOriginal, over, plan } = await cutDead(withDeadHalves(gated(statistic, between)));
    expect(plan.layers[0]).toMatchObject({ name: 'before', kept: [0, 1, 2, 3] });
    expect(over.map(({ countsRemoved }) => countsRemoved)).toEqual([true]);
    expect(fromOriginal).toBeLessThan(1e-5);
    expect(meaningOfEqual(over)[0]).toMatch(
      /^Over all channels as before, since those removed were zero there: reduce/,
    );
  });

  it('is over those that stay where a normalisation shifts what was zero', async () => {
    const model = withDeadHalves(gated(reduce('ReduceMean'), (net, x) => net.relu(net.batchNorm(x))));
    const { over } = await cutDead(model);
    expect(over).toEqual([{ node: 'reducemean', op: 'ReduceMean', countsRemoved: false }]);
  });

  it('is over those that stay throughout, in a normalisation written out', async () => {
    const statistic: Statistic = (net, x) => {
      const mean = (value: string) => net.graph.node('ReduceMean', [value], { axes: [1] });
      const centred = net.graph.node('Sub', [x, mean(x)]);
      return mean(net.graph.node('Mul', [centred, centred]));
    };
    const { over } = await cutDead(withDeadHalves(gated(statistic)));
    expect(over.map(({ countsRemoved }) => countsRemoved)).toEqual([false, false]);
  });
});

it('of a statistic over channels that were not zero it is said what "equal" means', async () => {
  const net = new Layers(3, { opset: 17 });
  const last = net.graph.node('Transpose', [net.block(net.image(3, 8), 8)], { perm: [0, 2, 3, 1] });
  const normal = net.graph.node('LayerNormalization', [
    last,
    net.graph.init(floatTensor([8], new Float32Array(8).fill(1))),
  ]);
  const back = net.note(net.graph.node('Transpose', [normal], { perm: [0, 3, 1, 2] }), [8, 8, 8]);
  net.heads(net.block(back, 6), { logits: 3 });
  const model = net.build();
  const analysis = analyzeChannels(model, await measureShapes(model));
  const name = new Graph(model).proto.node.find(({ opType }) => opType === 'LayerNormalization')!.output[0]!;
  expect(meaningAtStake(statisticsAtStake(analysis.trace))).toEqual([
    expect.stringContaining(`Statistics over channels that can go: layernormalization1 (LayerNormalization).`),
  ]);
  const { proof } = await provePlan(model);
  expect(name).not.toBe('');
  expect(meaningOfEqual(proof.overChannels)).toEqual([
    expect.stringMatching(/^Over the channels that stay: layernormalization1 \(LayerNormalization\)\. The proof says/),
  ]);
});

it('nothing is said of a network without such statistics', async () => {
  const net = new Layers(1);
  net.heads(net.block(net.image(3, 8), 8), { logits: 3 });
  const { proof, analysis } = await provePlan(net.build());
  expect([meaningOfEqual(proof.overChannels), meaningAtStake(statisticsAtStake(analysis.trace))]).toEqual([[], []]);
});
