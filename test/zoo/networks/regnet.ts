import type { ModelProto } from '@kneepoint/onnx';
import { Layers } from '@kneepoint/onnx';
import { add, channelsOf, classify, convNorm, linear, squeezeExcite } from './blocks.ts';

interface Design {
  readonly depths: readonly number[];
  readonly widths: readonly number[];
  readonly groupWidth: number;
  /** Squeezed channels as a share of the block's input; without, no squeeze-excite. */
  readonly squeeze?: number;
}

/** RegNetX-400MF (Radosavovic et al. 2020). */
export function regnetX(seed: number, size: number): ModelProto {
  return regnet(seed, size, { depths: [1, 2, 7, 12], widths: [32, 64, 160, 400], groupWidth: 16 });
}

/** RegNetY-400MF: with squeeze-excite. */
export function regnetY(seed: number, size: number): ModelProto {
  return regnet(seed, size, { depths: [1, 3, 6, 6], widths: [48, 104, 208, 440], groupWidth: 8, squeeze: 0.25 });
}

function regnet(seed: number, size: number, { depths, widths, groupWidth, squeeze }: Design): ModelProto {
  const net = new Layers(seed);
  let x = convNorm(net, net.image(3, size), 32, { stride: 2 });
  depths.forEach((depth, stage) => {
    const width = widths[stage]!;
    for (let i = 0; i < depth; i++) {
      const before = channelsOf(net, x);
      const stride = i === 0 ? 2 : 1;
      const short =
        stride === 1 && before === width ? x : convNorm(net, x, width, { kernel: 1, stride, activation: linear });
      let long = convNorm(net, x, width, { kernel: 1 });
      long = convNorm(net, long, width, { stride, group: width / groupWidth });
      if (squeeze !== undefined) long = squeezeExcite(net, long, { squeezed: Math.round(squeeze * before) });
      x = net.relu(add(net, convNorm(net, long, width, { kernel: 1, activation: linear }), short));
    }
  });
  return classify(net, x);
}
