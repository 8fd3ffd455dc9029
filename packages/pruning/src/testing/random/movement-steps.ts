import type { Step } from './drawing.ts';
import { SIZE } from './drawing.ts';

/** Steps that move, choose, repeat and fill up channels and places. */
export const movementSteps: readonly Step[] = [
  (draw) => draw.net.concat([draw.any(), draw.any()]),
  (draw) => draw.net.concat([draw.any(), draw.any(), draw.any()]),
  (draw) => {
    const x = draw.any();
    const cut = 1 + draw.pick(draw.channels(x) - 1);
    const [first, second] = draw.split(x, 1, [cut, draw.channels(x) - cut]);
    draw.full(first!, cut);
    draw.full(second!, draw.channels(x) - cut);
    return draw.pick(2) ? draw.net.concat([second!, first!]) : draw.one([first!, second!]);
  },
  (draw) => {
    const x = draw.any();
    const start = draw.pick(draw.channels(x) - 1);
    const count = 1 + draw.pick(draw.channels(x) - start);
    const fromEnd = draw.pick(2) && start > 0 ? draw.channels(x) : 0;
    const end = start + count === draw.channels(x) ? 1000 : start + count;
    return draw.full(draw.slice(x, 1, start - fromEnd, end), count);
  },
  (draw) => {
    const x = draw.even();
    if (draw.opset < 10) return draw.net.relu(x);
    return draw.full(draw.slice(x, 1, draw.pick(2), draw.channels(x), 2), draw.channels(x) / 2);
  },
  (draw) => {
    const x = draw.any();
    const order = Array.from({ length: 4 }, () => draw.pick(draw.channels(x)));
    return draw.full(draw.node('Gather', [x, draw.ints(...order)], { axis: 1 }), 4);
  },
  // Channel shuffle; half of the time the halves are used as they stand, and the Reshape has to be kept right.
  (draw) => {
    const groups = draw.one([2, 3]);
    const x = draw.even(groups);
    const split = draw.node('Reshape', [x, draw.ints(0, groups, draw.channels(x) / groups, SIZE, SIZE)]);
    const used = draw.pick(2) ? draw.node('Relu', [split]) : draw.node('Transpose', [split], { perm: [0, 2, 1, 3, 4] });
    const back = draw.one([
      [-1, draw.channels(x)],
      [0, -1],
    ]);
    return draw.full(draw.node('Reshape', [used, draw.ints(...back, SIZE, SIZE)]), draw.channels(x));
  },
  (draw) => {
    const x = draw.any();
    return draw.lastly(
      x,
      (last) =>
        draw.node('Mul', [
          draw.node('Add', [last, draw.weight(draw.channels(x))]),
          draw.reduce('ReduceMax', last, [1, 2]),
        ]),
      draw.channels(x),
    );
  },
  (draw) => {
    const x = draw.any();
    const [front, back] = [draw.pick(3), draw.pick(3)];
    const padded = draw.full(draw.pad(x, [0, front, 0, 0, 0, back, 0, 0]), draw.channels(x) + front + back);
    // As a shortcut without weights, or as it is.
    return draw.pick(2) ? draw.net.pointwise('Add', [padded, draw.partner(padded)]) : padded;
  },
  (draw) => {
    const x = draw.any();
    const padded = draw.pad(x, [0, 0, 1, 2, 0, 0, 0, 0]);
    return draw.full(draw.slice(draw.slice(padded, 2, 0, SIZE), 3, 1, SIZE + 1), draw.channels(x));
  },
  (draw) => {
    const x = draw.any();
    return draw.pool(draw.upsample(x), draw.channels(x));
  },
  (draw) => {
    const x = draw.even(4);
    const blocks = draw.node('DepthToSpace', [x], {
      blocksize: 2,
      ...(draw.opset < 11 ? {} : { mode: draw.one(['DCR', 'CRD']) }),
    });
    return draw.pool(blocks, draw.channels(x) / 4);
  },
  (draw) => {
    const x = draw.any();
    const deep = draw.node('SpaceToDepth', [x], { blocksize: 2 });
    draw.net.note(deep, [4 * draw.channels(x), SIZE / 2, SIZE / 2]);
    const mixed = draw.net.conv(deep, 8, { kernel: 1 });
    return draw.full(draw.node('DepthToSpace', [mixed], { blocksize: 2 }), 2);
  },
  (draw) => {
    const x = draw.any();
    return draw.full(draw.node('Tile', [x, draw.ints(1, 2, 1, 1)]), 2 * draw.channels(x));
  },
  (draw) => {
    const x = draw.any();
    const written = draw.pick(2) ? { 1: draw.channels(x) } : {};
    const map = draw.node('Expand', [draw.net.globalPool(x), draw.sizes(x, written)]);
    return draw.net.pointwise('Add', [x, map]);
  },
  (draw) => {
    const x = draw.any();
    const zeros = draw.node('ConstantOfShape', [draw.sizes(x, draw.pick(2) ? { 1: draw.channels(x) } : {})]);
    return draw.net.pointwise('Max', [x, zeros]);
  },
  (draw) => {
    const x = draw.any();
    const zeros = draw.full(draw.node('ConstantOfShape', [draw.sizes(x, { 1: 2 })]), 2);
    return draw.net.concat([x, zeros]);
  },
  (draw) => {
    const x = draw.any();
    const flat = draw.node('Reshape', [x, draw.ints(0, 0, -1)]);
    const all = draw.node('Concat', [flat, flat], { axis: 2 });
    const part = draw.slice(all, 2, 3, 3 + SIZE * SIZE);
    return draw.full(
      draw.node('Reshape', [
        part,
        draw.pick(2) ? draw.node('Shape', [x]) : draw.ints(-1, draw.channels(x), SIZE, SIZE),
      ]),
      draw.channels(x),
    );
  },
  (draw) => {
    const x = draw.any();
    const [pooled, positions] = draw.multi('MaxPool', [x], 2, { kernel_shape: [2, 2], strides: [2, 2] });
    draw.net.note(pooled!, [draw.channels(x), SIZE / 2, SIZE / 2]);
    const inner = draw.pick(2) ? pooled! : draw.net.conv(pooled!, draw.channels(x));
    return draw.full(
      draw.node('MaxUnpool', [inner, positions!], { kernel_shape: [2, 2], strides: [2, 2] }),
      draw.channels(x),
    );
  },
];
