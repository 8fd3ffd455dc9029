import { decodeModel, encodeModel, intTensor, Layers, skeleton, smallNets, floatTensor } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { measureShapes } from '../testing/ort.ts';
import { analyzeChannels } from './analysis.ts';

const analyse = async (model: ReturnType<Layers['build']>) => analyzeChannels(model, await measureShapes(model));

describe('channel classes', () => {
  it('are one per filter in a plain chain', async () => {
    const { layers } = await analyse(smallNets.vgg!(1));
    const ids = layers.flatMap((layer) => layer.classes);
    expect(new Set(ids).size).toBe(ids.length);
    expect(layers.map((layer) => layer.prunable)).toEqual([true, true, true, true, true, false]);
  });

  it('span the layers that a residual stream joins', async () => {
    const { layers } = await analyse(smallNets.residual!(1));
    const [stem, , second] = layers;
    expect(second!.classes).toEqual(stem!.classes);
  });

  it('join a depthwise convolution to the layer before it', async () => {
    const { layers } = await analyse(smallNets.depthwise!(1));
    expect(layers[2]!.classes).toEqual(layers[1]!.classes);
  });

  it('keep the groups of a grouped convolution equal', async () => {
    const { layers, classes } = await analyse(smallNets.grouped!(1));
    const grouped = layers[2]!;
    for (const id of new Set(grouped.classes)) {
      const { filters } = classes[id]!.members.find((member) => member.layer === grouped.name)!;
      expect(filters.map((filter) => Math.floor(filter / 4))).toEqual([0, 1, 2]);
    }
  });

  it('unite the most important channels of every group when importance is known', async () => {
    const model = smallNets.grouped!(1);
    const importance = { conv3: [0, 1, 2, 3, 3, 2, 1, 0, 0, 3, 1, 2] };
    const { layers, classes } = analyzeChannels(model, await measureShapes(model), { grouped: 'rank', importance });
    const best = classes[layers[2]!.classes[3]!]!.members.find((member) => member.layer === 'conv3')!;
    expect(best.filters).toEqual([3, 4, 9]);
  });

  it('are the same without weights, and after a round trip through bytes', async () => {
    for (const make of Object.values(smallNets)) {
      const model = make(1);
      const shapes = await measureShapes(model);
      const whole = analyzeChannels(model, shapes);
      const bare = analyzeChannels(decodeModel(encodeModel(skeleton(model))), shapes);
      expect(bare.layers).toEqual(whole.layers);
      expect(bare.classes).toEqual(whole.classes);
      expect(bare.taps).toEqual(whole.taps);
    }
  });
});

describe('a layer that cannot be pruned', () => {
  it('names the output that needs it', async () => {
    const { layers } = await analyse(smallNets.vgg!(1));
    expect(layers.at(-1)).toMatchObject({ prunable: false, reason: 'is the graph output logits' });
  });

  it('names the node in the way, and one that loses some of its filters says how many stay', async () => {
    const net = new Layers(1);
    const x = net.relu(net.conv(net.image(3, 8), 6));
    const part = net.graph.node('Slice', [x, ...[0, 2, 1].map((n) => net.graph.init(intTensor([n])))]);
    net.output(net.note(part, [2, 8, 8]));
    net.heads(net.relu(net.conv(x, 4)), { logits: 2 });
    const { layers } = await analyse(net.build());
    const by = { node: part, op: 'graph output', text: `is the graph output ${part}` };
    expect(layers[0]).toMatchObject({ prunable: true, frozenFilters: 2, frozenBy: by });
    expect(layers[0]).not.toHaveProperty('reason');
    expect(layers[1]).toMatchObject({ prunable: true, frozenFilters: 0 });
    expect(layers[1]).not.toHaveProperty('frozenBy');
    const answer = { node: 'logits', op: 'graph output', text: 'is the graph output logits' };
    expect(layers[2]).toMatchObject({ prunable: false, frozenFilters: 2, frozenBy: answer, reason: answer.text });
  });

  it('says when it has a single filter', async () => {
    const net = new Layers(1);
    const x = net.block(net.image(3, 8), 4);
    net.heads(net.pointwise('Mul', [x, net.pointwise('Sigmoid', [net.conv(x, 1, { name: 'gate' })])]), { logits: 2 });
    const { layers } = await analyse(net.build());
    expect(layers.find((layer) => layer.name === 'gate')).toMatchObject({
      prunable: false,
      reason: 'feeds mul1 (Mul), which spreads it over other channels',
    });
  });

  it('says when its filters are tied to each other', async () => {
    const net = new Layers(1);
    const x = net.conv(net.image(3, 8), 4);
    const turned = net.graph.node('Gather', [x, net.graph.init(intTensor([1, 2, 3, 0]))], { axis: 1 });
    net.heads(net.pointwise('Add', [x, turned]), { logits: 2 });
    const { layers } = await analyse(net.build());
    expect(layers[0]!.reason).toBe('is tied to all 4 filters of conv1 (Conv), which live or die together');
  });

  it('says when a subgraph reads it', async () => {
    const net = new Layers(1);
    const x = net.relu(net.conv(net.image(3, 8), 4));
    const arm = (op: string) => {
      const inner = new Layers(1, { name: op });
      inner.graph.output(inner.graph.node(op, [x], {}, `${op}_arm`), ['N', 4, 8, 8]);
      return { graph: inner.build().graph! };
    };
    const flag = net.graph.init({ ...floatTensor([], [1]), type: 9, data: Uint8Array.of(1) });
    const chosen = net.graph.node('If', [flag], { then_branch: arm('Relu'), else_branch: arm('Tanh') });
    net.heads(net.note(chosen, [4, 8, 8]), { logits: 2 });
    const { layers } = await analyse(net.build());
    expect(layers[0]!.reason).toBe('feeds if1 (If), which reads it from inside a subgraph');
  });
});

it('a value without a shape is named', async () => {
  const model = smallNets.vgg!(1);
  const shapes = new Map(await measureShapes(model));
  shapes.delete('relu2');
  expect(() => analyzeChannels(model, shapes)).toThrow(
    expect.objectContaining({ code: 'SHAPES_INCOMPLETE', where: 'node relu2 (Relu)' }),
  );
});
