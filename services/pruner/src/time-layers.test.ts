import { Failure } from '@kneepoint/failures';
import { decodeModel, floatTensor, Layers, type ModelProto } from '@kneepoint/onnx';
import { analyzeChannels, layerProbes } from '@kneepoint/pruning';
import { measureLatency, shapesOf } from '@kneepoint/runtime';
import { expect, it } from 'vitest';
import { timeLayers } from './time-layers.ts';

const context = { provider: 'cpu', signal: new AbortController().signal } as const;
const CHANNELS = 8;

/** A head that multiplies from the left: it reads channels × batch. */
function channelsFirst(): ModelProto {
  const net = new Layers(1);
  const pooled = net.flatten(net.globalPool(net.block(net.block(net.image(3, 8), 6), CHANNELS)));
  const turned = net.graph.node('Transpose', [pooled], { perm: [1, 0] });
  const weight = floatTensor(
    [2, CHANNELS],
    Array.from({ length: 2 * CHANNELS }, (_, i) => i - 5),
  );
  const scores = net.graph.node('MatMul', [net.graph.init(weight), turned], {}, 'head');
  net.graph.output(net.graph.node('Transpose', [scores], { perm: [1, 0] }), ['N', 2]);
  return net.build();
}

async function timed(clock?: typeof measureLatency) {
  const network = channelsFirst();
  const analysis = analyzeChannels(network, await shapesOf(network));
  const layers = await timeLayers({ analysis, network, multiple: 1 }, context, clock);
  return { names: layers.map(({ layer }) => layer), layers, probed: layerProbes(analysis) };
}

it('times layers that read anything but a batch of one first', async () => {
  const { names, layers, probed } = await timed();
  expect(names).toEqual(['conv1', 'conv2', 'head']);
  for (const [i, { times }] of layers.entries()) {
    expect(times).toHaveLength(probed[i]!.probes.length);
    expect(times.every((time) => time >= 0 && Number.isFinite(time))).toBe(true);
  }
});

/** A runtime that has no kernel for products of matrices that are a network of their own. */
const refusing: typeof measureLatency = (models, options) => {
  const isRefused = models.some(
    ({ name, model }) =>
      !['whole', 'call'].includes(name) &&
      decodeModel(model as Uint8Array).graph!.node.some(({ opType }) => opType === 'MatMul'),
  );
  if (isRefused) throw new Failure('RUNTIME_MODEL_REFUSED', 'no kernel for it');
  return measureLatency(models, options);
};

it('leaves a layer that does not run by itself to the rest of the time', async () => {
  const { names } = await timed(refusing);
  expect(names).toEqual(['conv1', 'conv2']);
});

it('ends when it is canceled', async () => {
  const canceled: typeof measureLatency = () => {
    throw new Failure('RUNTIME_CANCELED', 'canceled');
  };
  await expect(timed(canceled)).rejects.toMatchObject({ code: 'RUNTIME_CANCELED' });
});
