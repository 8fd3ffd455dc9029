import { DataType } from '@kneepoint/onnx';
import type { Drawing, Step } from './drawing.ts';
import { SIZE } from './drawing.ts';

const WIDTHS = [3, 4, 6, 8];
const width = (draw: Drawing) => draw.one(WIDTHS);

/** An int8 weight with a scale for each filter. */
function quantised(draw: Drawing, dims: readonly number[], axis: number): string {
  const count = dims.reduce((a, b) => a * b, 1);
  const data = Int8Array.from({ length: count }, () => draw.pick(200) - 100);
  const { graph } = draw.net;
  const scales = draw.floats(Array.from({ length: dims[axis]! }, () => 0.003 + 0.001 * draw.pick(5)));
  const zeros = graph.init({ dims: [dims[axis]!], type: DataType.INT8, data: new Int8Array(dims[axis]!) });
  return draw.node('DequantizeLinear', [graph.init({ dims, type: DataType.INT8, data }), scales, zeros], { axis });
}

/** Steps with filters of their own. */
export const convolutionSteps: readonly Step[] = [
  (draw) => draw.net.conv(draw.any(), width(draw), { kernel: draw.one([1, 3]) }),
  (draw) => draw.net.block(draw.any(), width(draw), { kernel: 1 }),
  (draw) => {
    const x = draw.any();
    return draw.net.conv(x, draw.channels(x) * (1 + draw.pick(2)), { group: draw.channels(x) });
  },
  (draw) => {
    const groups = draw.one([2, 3]);
    return draw.net.conv(draw.even(groups), 6, { group: groups });
  },
  (draw) => {
    const x = draw.any();
    const small = draw.net.conv(x, width(draw), { stride: 2 });
    const channels = draw.channels(small);
    const back = draw.node('ConvTranspose', [small, draw.weight(channels, 5, 2, 2)], { strides: [2, 2] });
    return draw.full(back, 5);
  },
  (draw) => {
    const groups = draw.one([2, 3]);
    const x = draw.even(groups);
    const each = groups === 2 ? 3 : 2;
    const large = draw.node('ConvTranspose', [x, draw.weight(draw.channels(x), each, 2, 2)], {
      strides: [2, 2],
      group: groups,
    });
    return draw.pool(large, 6);
  },
  (draw) => {
    const x = draw.any();
    const channels = draw.channels(x);
    const large = draw.node('ConvTranspose', [x, draw.weight(channels, 1, 2, 2)], { strides: [2, 2], group: channels });
    return draw.pool(large, channels);
  },
  (draw) => {
    // One weight used twice.
    const x = draw.net.conv(draw.any(), 4, { kernel: 1 });
    const weight = draw.weight(4, 4, 1, 1);
    const once = draw.full(draw.node('Conv', [x, weight]), 4);
    return draw.full(draw.node('Conv', [draw.net.relu(once), weight]), 4);
  },
  (draw) => {
    const x = draw.any();
    if (draw.opset < 13) return draw.net.conv(x, 5);
    const groups = draw.channels(x) % 2 === 0 ? 1 + draw.pick(2) : 1;
    return draw.full(
      draw.node('Conv', [x, quantised(draw, [6, draw.channels(x) / groups, 1, 1], 0)], { group: groups }),
      6,
    );
  },
  (draw) => {
    const x = draw.any();
    const flat = draw.node('Reshape', [x, draw.ints(0, draw.channels(x), SIZE * SIZE)]);
    const conv = draw.node('Conv', [flat, draw.weight(5, draw.channels(x), 3)], { pads: [1, 1] });
    return draw.full(draw.node('Reshape', [conv, draw.ints(0, 5, SIZE, SIZE)]), 5);
  },
  (draw) => {
    const x = draw.any();
    const deep = draw.squeeze('Unsqueeze', x, [2]);
    const conv = draw.node('Conv', [deep, draw.weight(5, draw.channels(x), 1, 1, 1)]);
    return draw.full(draw.squeeze('Squeeze', conv, [2]), 5);
  },
];
