import type { ModelProto } from '@kneepoint/onnx';
import { Layers } from '@kneepoint/onnx';
import type { Activation, SqueezeExciteOptions } from './blocks.ts';
import {
  add,
  channelsOf,
  classify,
  convNorm,
  depthwise,
  hardSigmoid,
  hardSwish,
  linear,
  relu,
  relu6,
  sigmoid,
  silu,
  squeezeExcite,
  toEight,
} from './blocks.ts';

interface Inverted {
  readonly expanded: number;
  readonly out: number;
  readonly kernel: number;
  readonly stride: number;
  readonly activation: Activation;
  readonly squeeze?: SqueezeExciteOptions;
}

/** Inverted residual (Sandler et al. 2018): wide inside, narrow and linear at its end. */
function inverted(net: Layers, x: string, block: Inverted): string {
  const { expanded, out, kernel, stride, activation, squeeze } = block;
  const before = channelsOf(net, x);
  const wide = expanded === before ? x : convNorm(net, x, expanded, { kernel: 1, activation });
  const spatial = depthwise(net, wide, { kernel, stride, activation });
  const weighed = squeeze ? squeezeExcite(net, spatial, squeeze) : spatial;
  const narrow = convNorm(net, weighed, out, { kernel: 1, activation: linear });
  return stride === 1 && before === out ? add(net, narrow, x) : narrow;
}

/** [expansion, channels, blocks, stride, kernel] of each stage; its first block has the stride. */
type Stage = readonly [number, number, number, number, number];

function stages(
  net: Layers,
  start: string,
  table: readonly Stage[],
  activation: Activation,
  squeeze?: (before: number) => SqueezeExciteOptions,
): string {
  let x = start;
  for (const [expansion, out, blocks, first, kernel] of table) {
    for (let i = 0; i < blocks; i++) {
      const before = channelsOf(net, x);
      const stride = i === 0 ? first : 1;
      const own = squeeze ? { squeeze: squeeze(before) } : {};
      x = inverted(net, x, { expanded: expansion * before, out, kernel, stride, activation, ...own });
    }
  }
  return x;
}

export function mobilenetV2(seed: number, size: number): ModelProto {
  const net = new Layers(seed);
  const stem = convNorm(net, net.image(3, size), 32, { stride: 2, activation: relu6 });
  const x = stages(
    net,
    stem,
    [
      [1, 16, 1, 1, 3],
      [6, 24, 2, 2, 3],
      [6, 32, 3, 2, 3],
      [6, 64, 4, 2, 3],
      [6, 96, 3, 1, 3],
      [6, 160, 3, 2, 3],
      [6, 320, 1, 1, 3],
    ],
    relu6,
  );
  return classify(net, convNorm(net, x, 1280, { kernel: 1, activation: relu6 }));
}

/** MNASNet 1.0 (Tan et al. 2019). */
export function mnasnet(seed: number, size: number): ModelProto {
  const net = new Layers(seed);
  const stem = depthwise(net, convNorm(net, net.image(3, size), 32, { stride: 2 }));
  const x = stages(
    net,
    convNorm(net, stem, 16, { kernel: 1, activation: linear }),
    [
      [3, 24, 3, 2, 3],
      [3, 40, 3, 2, 5],
      [6, 80, 3, 2, 5],
      [6, 96, 2, 1, 3],
      [6, 192, 4, 2, 5],
      [6, 320, 1, 1, 3],
    ],
    relu,
  );
  return classify(net, convNorm(net, x, 1280, { kernel: 1 }));
}

/** EfficientNet-B0 (Tan and Le 2019). */
export function efficientnetB0(seed: number, size: number): ModelProto {
  const net = new Layers(seed);
  const stem = convNorm(net, net.image(3, size), 32, { stride: 2, activation: silu });
  const x = stages(
    net,
    stem,
    [
      [1, 16, 1, 1, 3],
      [6, 24, 2, 2, 3],
      [6, 40, 2, 2, 5],
      [6, 80, 3, 2, 3],
      [6, 112, 3, 1, 5],
      [6, 192, 4, 2, 5],
      [6, 320, 1, 1, 3],
    ],
    silu,
    (before) => ({ squeezed: before / 4, inner: silu, gate: sigmoid }),
  );
  return classify(net, convNorm(net, x, 1280, { kernel: 1, activation: silu }));
}

/** [kernel, expanded channels, channels, squeeze-excite, activation, stride] of each block. */
const LARGE: readonly (readonly [number, number, number, boolean, Activation, number])[] = [
  [3, 16, 16, false, relu, 1],
  [3, 64, 24, false, relu, 2],
  [3, 72, 24, false, relu, 1],
  [5, 72, 40, true, relu, 2],
  [5, 120, 40, true, relu, 1],
  [5, 120, 40, true, relu, 1],
  [3, 240, 80, false, hardSwish, 2],
  [3, 200, 80, false, hardSwish, 1],
  [3, 184, 80, false, hardSwish, 1],
  [3, 184, 80, false, hardSwish, 1],
  [3, 480, 112, true, hardSwish, 1],
  [3, 672, 112, true, hardSwish, 1],
  [5, 672, 160, true, hardSwish, 2],
  [5, 960, 160, true, hardSwish, 1],
  [5, 960, 160, true, hardSwish, 1],
];

/** MobileNetV3-Large (Howard et al. 2019). */
export function mobilenetV3(seed: number, size: number): ModelProto {
  const net = new Layers(seed);
  let x = convNorm(net, net.image(3, size), 16, { stride: 2, activation: hardSwish });
  for (const [kernel, expanded, out, squeezes, activation, stride] of LARGE) {
    const squeeze = { squeezed: toEight(expanded / 4), gate: hardSigmoid };
    x = inverted(net, x, { expanded, out, kernel, stride, activation, ...(squeezes ? { squeeze } : {}) });
  }
  x = convNorm(net, x, 960, { kernel: 1, activation: hardSwish });
  x = hardSwish(net, net.linear(net.flatten(net.globalPool(x)), 1280));
  net.output(net.linear(x, 1000, 'logits'));
  return net.build();
}
