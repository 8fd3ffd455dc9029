import {
  asImages,
  declaredForm,
  floatTensor,
  formOf,
  freeBatch,
  GraphBuilder,
  intTensor,
  noteForm,
  seededRandom,
} from '@kneepoint/onnx';
import { analyzeChannels, randomPlan } from '@kneepoint/pruning';
import { shapesOf } from '@kneepoint/runtime';
import { expect, it } from 'vitest';
import { fixSize, sizesOfCut } from './any-size.ts';

const random = seededRandom(2);
const kernel = (to: number, from: number, side = 3) =>
  floatTensor(
    [to, from, side, side],
    Float32Array.from({ length: to * from * side ** 2 }, () => 0.3 * random.normal()),
  );

/** Two layers on images of any size, worked on at 16 × 24, and the plan of a cut of half. */
async function planned(end: (g: GraphBuilder, maps: string) => string) {
  const g = new GraphBuilder();
  const x = g.input('x', ['N', 3, 'h', 'w']);
  const maps = g.relu(g.conv(g.relu(g.conv(x, kernel(16, 3))), kernel(4, 16, 1)));
  g.output(end(g, maps));
  const original = g.build();
  const images = asImages(original, { size: { height: 16, width: 24 } });
  const { model: network } = freeBatch(images.model);
  noteForm(network, declaredForm(original, network, images.last));
  const shapes = await shapesOf(network);
  return { network, shapes, plan: randomPlan(analyzeChannels(network, shapes), 0.5, 1) };
}

it('a cut stays free along what it was seen to follow, and says along which axis it is not', async () => {
  const lines = await planned((g, maps) =>
    g.node('Squeeze', [g.node('MaxPool', [maps], { kernel_shape: [14, 1] }), g.init(intTensor([2]))]),
  );
  const sizes = await sizesOfCut(lines, 1);
  expect(sizes).toEqual({ height: false, width: true });
  expect(fixSize(lines.network, sizes)).toEqual([expect.stringMatching(/of height 16 alone, and of any width/)]);
  expect(formOf(lines.network)!.inputs[0]!.dims).toEqual(['N', 3, 16, 'w']);
});

it('what follows both is left as it is declared', async () => {
  const maps = await planned((_, y) => y);
  expect(await sizesOfCut(maps, 1)).toEqual({ height: true, width: true });
  expect(fixSize(maps.network, { height: true, width: true })).toEqual([]);
  expect(formOf(maps.network)!.inputs[0]!.dims).toEqual(['N', 3, 'h', 'w']);
});
