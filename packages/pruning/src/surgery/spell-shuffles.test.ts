import type { ModelProto } from '@kneepoint/onnx';
import { intTensor, Layers } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import { analysed, expectCostAsPlanned, expectProved, proveAnalysed } from '../testing/prove-plan.ts';
import { makePlan } from '../plan/make-plan.ts';
import type { Plan } from '../plan/plan.ts';

const SIZE = 4;

/** What reads the channels that were dealt out; gives what a last convolution reads. */
type Reader = (net: Layers, dealt: string) => string;
const activated: Reader = (net, dealt) => net.relu(dealt);

/** Two convolutions side by side, their channels dealt out in turn, and a third that reads them. */
function shuffled(reader = activated, filters = 4): ModelProto {
  const net = new Layers(3);
  const image = net.image(3, SIZE);
  const both = net.concat([net.conv(image, filters, { kernel: 3 }), net.conv(image, filters, { kernel: 3 })]);
  const dealt = reshuffled(net, both, filters);
  net.output(net.conv(reader(net, dealt), 2, { kernel: 1 }));
  return net.build();
}

/** Rows of channels dealt out in turn. */
function reshuffled(net: Layers, both: string, filters: number, rows = 2): string {
  const reshape = (value: string, dims: readonly number[]): string =>
    net.graph.node('Reshape', [value, net.graph.init(intTensor(dims))]);
  const apart = reshape(both, [0, rows, filters, SIZE, SIZE]);
  const across = net.graph.node('Transpose', [apart], { perm: [0, 2, 1, 3, 4] });
  return net.note(reshape(across, [0, -1, SIZE, SIZE]), [rows * filters, SIZE, SIZE]);
}

/** Keeps these filters of the first layers, and all of the others. */
function planOf(analysis: ChannelAnalysis, kept: readonly (readonly number[])[]): Plan {
  const removed = kept.flatMap((filters, layer) =>
    analysis.layers[layer]!.classes.filter((_, filter) => !filters.includes(filter)),
  );
  return makePlan(analysis, removed);
}

const types = (model: ModelProto): string[] => model.graph!.node.map(({ opType }) => opType);

describe('a channel shuffle after the cut', () => {
  const cut = async (kept: readonly (readonly number[])[], reader = activated) => {
    const known = await analysed(shuffled(reader));
    const proved = await proveAnalysed(known, planOf(known.analysis, kept));
    expectProved(proved.proof);
    await expectCostAsPlanned(known.model, proved);
    return proved.pruned;
  };

  it('is written as it was where the rows of what is left are dealt out in turn', async () => {
    const whole = types(shuffled());
    for (const kept of [
      [
        [0, 1, 2, 3],
        [0, 1, 2, 3],
      ],
      [
        [0, 2],
        [1, 3],
      ],
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
    ]) {
      expect(types(await cut(kept))).toEqual(whole);
    }
  });

  const UNLIKE = [[1, 3], [0]];
  const movements = (model: ModelProto) =>
    types(model).filter((type) => ['Gather', 'Split', 'Concat', 'Reshape', 'Transpose'].includes(type));

  it.each<[string, Reader, string[]]>([
    ['a convolution behind an activation', activated, []],
    [
      'normalisation, a gate from its own means and a sum with itself',
      (net, dealt) => {
        const x = net.batchNorm(net.pointwise('PRelu', [dealt, net.vector('slope', 1, 0.2, 0.1)]));
        const weighed = net.pointwise('Mul', [x, net.pointwise('Sigmoid', [x])]);
        return net.pointwise('Add', [weighed, x]);
      },
      [],
    ],
    [
      'a transposed convolution',
      (net, dealt) => {
        const weight = net.weight('up.weight', [8, 3, 1, 1]);
        return net.note(net.graph.node('ConvTranspose', [dealt, weight], {}, 'up'), [3, SIZE, SIZE]);
      },
      [],
    ],
    [
      'others joined to it',
      (net, dealt) => net.concat([net.conv(dealt, 2, { kernel: 1 }), dealt, net.conv(dealt, 3, { kernel: 1 })]),
      ['Concat'],
    ],
  ])('of unlike rows is none where its readers move their weights along: %s', async (_, reader, left) => {
    // The first Concat sets the two convolutions side by side.
    expect(movements(await cut(UNLIKE, reader))).toEqual(['Concat', ...left]);
  });

  it('of unlike rows is a Split and a Concat where a reader has filters in that order, and can be cut again', async () => {
    const reader: Reader = (net, dealt) => net.conv(net.relu(dealt), 8, { group: 8, name: 'deep' });
    const pruned = await cut(UNLIKE, reader);
    expect(movements(pruned)).toEqual(['Concat', 'Split', 'Concat']);
    const again = await analysed(pruned);
    // Each channel goes by itself, though each is a part of its own now.
    expect(again.analysis.layers.find(({ name }) => name === 'conv1')!.prunable).toBe(true);
    const proved = await proveAnalysed(again, planOf(again.analysis, [[1], [0]]));
    expectProved(proved.proof);
    expect(movements(proved.pruned)).toEqual(['Concat', 'Split', 'Concat']);
  });

  it('in front of a Split is dealt out in runs within each part, and a later one takes in what is left', async () => {
    const parts: Reader = (net, dealt) => {
      const [left, right] = net.graph.multi('Split', [dealt], 2, { axis: 1 }) as [string, string];
      const deep = net.conv(net.note(right, [4, SIZE, SIZE]), 4, { kernel: 1 });
      return reshuffled(net, net.concat([net.note(left, [4, SIZE, SIZE]), deep]), 4);
    };
    const pruned = await cut(
      [
        [0, 1, 2, 3],
        [0, 3],
      ],
      parts,
    );
    expect(movements(pruned)).toEqual(['Concat', 'Split', 'Concat', 'Split', 'Concat']);
    expect(pruned.graph!.node.find(({ opType }) => opType === 'Split')!.output).toHaveLength(4);
  });

  it('of a single row is none', async () => {
    const pruned = await cut([[0], [3]]);
    expect(types(pruned)).not.toContain('Transpose');
    expect(types(pruned)).not.toContain('Gather');
  });

  it('can be cut again in the same way', async () => {
    const once = await cut([
      [0, 2, 3],
      [1, 2, 3],
    ]);
    const again = await analysed(once);
    const proved = await proveAnalysed(
      again,
      planOf(again.analysis, [
        [0, 2],
        [0, 2],
      ]),
    );
    expectProved(proved.proof);
    expect(types(proved.pruned)).toEqual(types(shuffled()));
  });

  it.each([
    [2, 10, 3],
    [3, 15, 2],
  ])(
    'between convolutions of %i groups that do not divide what is in a group (of %i channels) stays one',
    async (groups, channels, classes) => {
      const known = await analysed(unitOf(groups, channels));
      const first = known.analysis.layers.find(({ name }) => name === 'conv2')!;
      expect(new Set(first.classes).size).toBe(classes);
      for (const removed of new Set(first.classes)) {
        const proved = await proveAnalysed(known, makePlan(known.analysis, [removed]));
        expectProved(proved.proof);
        await expectCostAsPlanned(known.model, proved);
        expect(types(proved.pruned)).toEqual(types(known.model));
      }
    },
  );
});

/** A residual unit of two grouped convolutions with a shuffle and a depthwise one between them. */
function unitOf(groups: number, channels: number): ModelProto {
  const net = new Layers(3);
  const x = net.block(net.image(3, SIZE), 2 * groups);
  const reduced = net.block(x, channels, { kernel: 1, group: groups });
  const deep = net.conv(reshuffled(net, reduced, channels / groups, groups), channels, { group: channels });
  net.output(net.conv(net.pointwise('Add', [x, net.conv(deep, 2 * groups, { kernel: 1, group: groups })]), 2));
  return net.build();
}
