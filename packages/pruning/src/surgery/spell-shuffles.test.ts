import type { ModelProto } from '@kneepoint/onnx';
import { intAttr, intTensor, Layers } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import { analysed, expectCostAsPlanned, expectProved, proveAnalysed } from '../testing/prove-plan.ts';
import { makePlan } from '../plan/make-plan.ts';
import type { Plan } from '../plan/plan.ts';

const SIZE = 4;

/** Two convolutions side by side, their channels dealt out in turn, and a third that reads them. */
function shuffled(filters = 4): ModelProto {
  const net = new Layers(3);
  const image = net.image(3, SIZE);
  const both = net.concat([net.conv(image, filters, { kernel: 3 }), net.conv(image, filters, { kernel: 3 })]);
  const reshape = (value: string, dims: readonly number[]): string =>
    net.graph.node('Reshape', [value, net.graph.init(intTensor(dims))]);
  const apart = reshape(both, [0, 2, filters, SIZE, SIZE]);
  const across = net.graph.node('Transpose', [apart], { perm: [0, 2, 1, 3, 4] });
  const dealt = net.note(reshape(across, [0, -1, SIZE, SIZE]), [2 * filters, SIZE, SIZE]);
  net.output(net.conv(net.relu(dealt), 2, { kernel: 1 }));
  return net.build();
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
  const cut = async (kept: readonly (readonly number[])[]) => {
    const known = await analysed(shuffled());
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

  it('of unlike rows is a Gather whose axis counts from the end', async () => {
    const gather = (await cut([[1, 3], [0]])).graph!.node.find(({ opType }) => opType === 'Gather')!;
    expect(intAttr(gather, 'axis', 0)).toBe(-3);
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
});
