import type { ModelProto } from '@kneepoint/onnx';
import { dimsOf, elementCount, Layers, readTensor, seededRandom, smallNets } from '@kneepoint/onnx';
import { openSession, shapesOf } from '@kneepoint/runtime';
import { describe, expect, it } from 'vitest';
import { gradientsOf } from '../step/gradient-graph.ts';
import { blockOf, type TryRun } from './blocked-convolutions.ts';

const BATCH = 2;

const run: TryRun = async (model, feeds) => {
  const session = await openSession(model, { threads: 1 });
  try {
    return (await session.run(feeds))[session.outputs[0]!.name]!.data as Float32Array;
  } finally {
    await session.release();
  }
};

const block = await blockOf(run);

/** Layers of every kind that blocks treat differently: few channels, ragged numbers of them, whole blocks, groups, depthwise, strides. */
function mixed(): ModelProto {
  const net = new Layers(1);
  const stem = net.block(net.image(3, 16), 16);
  const ragged = net.relu(net.conv(stem, 20));
  const whole = net.relu(net.conv(ragged, 32));
  const grouped = net.relu(net.conv(whole, 64, { group: 2 }));
  const each = net.relu(net.conv(grouped, 64, { group: 64, bias: false }));
  const halved = net.relu(net.conv(each, 64, { group: 64, stride: 2 }));
  const joined = net.pointwise('Add', [halved, net.conv(halved, 64, { kernel: 1 })]);
  net.heads(net.conv(joined, 13, { stride: 2 }), { logits: 5 });
  return net.build();
}

/** Gradients of the squared answers by initializer, and the operators of the graph as `domain:operator`. */
async function gradients(model: ModelProto, size: number) {
  const output = model.graph!.output[0]!;
  const dims = [BATCH, dimsOf(model.graph!.input[0]!)[1] as number, 16, 16];
  const image = { dims, data: draw(dims) };
  const shapes = await shapesOf(model, { input: image });
  const graph = gradientsOf({
    model,
    shapes,
    wrt: 'all',
    batchNorm: 'train',
    block: size,
    loss: [{ kind: 'squaredError', name: 'task', output: output.name }],
  });
  const session = await openSession(graph.model, { threads: 1 });
  const initializers = new Map(model.graph!.initializer.map((tensor) => [tensor.name, readTensor(tensor)]));
  const feeds = Object.fromEntries([
    [graph.image, image],
    ...graph.weights.map(({ name, input: to, dims }) => [to, { dims, data: initializers.get(name)!.data }] as const),
    ...graph.inputs.map(({ name, dims }) => [name, { dims, data: draw(dims) }] as const),
  ]);
  const results = await session.run(feeds);
  await session.release();
  const operators = new Set(graph.model.graph!.node.map((node) => `${node.domain}:${node.opType}`));
  const found = [...graph.gradients].map(([name, from]) => [name, results[from]!.data as Float32Array] as const);
  return { found: new Map(found), operators };
}

function draw(dims: readonly number[]): Float32Array {
  const random = seededRandom(3);
  return Float32Array.from({ length: elementCount(dims) }, () => random.uniform());
}

describe('convolutions in blocks of channels', () => {
  it('are found on this machine by trying, and not where the runtime refuses them', async () => {
    expect([0, 8, 16]).toContain(block);
    expect(await blockOf((model, feeds) => refuseBlocks(model, feeds))).toBe(0);
  });

  it.each([['mixed', mixed], ...Object.entries(smallNets)] as const)(
    'change no gradient of %s beyond rounding',
    async (_name, make) => {
      const model = make(1);
      const plain = await gradients(model, 0);
      const blocked = await gradients(model, block);
      expect(blocked.operators.has('com.microsoft.nchwc:Conv')).toBe(block > 0);
      expect([...plain.operators].filter((name) => !name.startsWith(':'))).toEqual([]);
      for (const [name, expected] of plain.found) {
        const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
        const found = blocked.found.get(name)!;
        const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]!)), 0);
        expect(worst / scale, name).toBeLessThan(2e-3);
      }
    },
  );
});

const refuseBlocks: TryRun = async (model, feeds) => {
  if (model.opsetImport.length > 1) throw new Error('no such operator');
  return run(model, feeds);
};
