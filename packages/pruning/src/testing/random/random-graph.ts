import type { ModelProto } from '@kneepoint/onnx';
import { seededRandom } from '@kneepoint/onnx';
import { arithmeticSteps } from './arithmetic-steps.ts';
import { convolutionSteps } from './convolution-steps.ts';
import type { Step } from './drawing.ts';
import { Drawing, SIZE } from './drawing.ts';
import { mixingSteps } from './mixing-steps.ts';
import { movementSteps } from './movement-steps.ts';

export { SIZE } from './drawing.ts';

const FAMILIES: readonly (readonly Step[])[] = [
  convolutionSteps,
  convolutionSteps,
  arithmeticSteps,
  movementSteps,
  mixingSteps,
];
const OPSETS = [9, 10, 11, 12, 13, 14, 16, 17, 18, 20, 21];
/** Wider values are not built on, so that graphs stay small. */
const WIDEST = 24;

/** A random graph of 4 to 11 steps, N × 2 × 4 × 4 in; its loose ends meet before one or two heads. The same seed gives the same graph. */
export function randomGraph(seed: number): ModelProto {
  const random = seededRandom(seed);
  const draw = new Drawing(seed, OPSETS[Math.floor(random.uniform() * OPSETS.length)]!, random);
  const { net } = draw;
  draw.values.push(net.block(net.image(2, SIZE), 4 + 2 * draw.pick(3)));
  const steps = 4 + draw.pick(8);
  for (let i = 0; i < steps; i++) {
    const value = draw.one(draw.one(FAMILIES))(draw);
    draw.values.push(draw.channels(value) <= WIDEST ? value : net.conv(value, 8, { kernel: 1 }));
  }
  const x = net.concat([draw.values.at(-1)!, draw.values.at(-2)!]);
  if (draw.pick(2)) net.output(net.linear(net.flatten(x), 3, 'logits'));
  else net.heads(net.block(x, 6), { logits: 3, ...(draw.pick(2) ? { more: 2 } : {}) });
  // A map among the outputs, which keeps its channels.
  if (draw.pick(8) === 0) net.output(draw.net.conv(draw.any(), 3, { name: 'map' }));
  return net.build();
}
