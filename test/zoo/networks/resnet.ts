import type { ModelProto } from '@kneepoint/onnx';
import { Layers } from '@kneepoint/onnx';
import { add, channelsOf, classify, convNorm, linear } from './blocks.ts';

interface Stages {
  readonly depths: readonly number[];
  /** Of the bottleneck's convolutions: groups, and channels of each at the first stage. */
  readonly group?: number;
  readonly base?: number;
}

/** ResNet-18 (He et al. 2016): two 3 × 3 convolutions a block. */
export function resnet18(seed: number, size: number): ModelProto {
  return residual(seed, size, { depths: [2, 2, 2, 2] }, basic);
}

/** ResNet-50, stride in the 3 × 3 convolution. */
export function resnet50(seed: number, size: number): ModelProto {
  return residual(seed, size, { depths: [3, 4, 6, 3] }, bottleneck);
}

/** ResNeXt-50 32 × 4d (Xie et al. 2017). */
export function resnext50(seed: number, size: number): ModelProto {
  return residual(seed, size, { depths: [3, 4, 6, 3], group: 32, base: 4 }, bottleneck);
}

interface Block {
  /** Output channels. */
  readonly out: number;
  /** Channels inside of a bottleneck. */
  readonly inner: number;
  readonly stride: number;
  readonly group: number;
}

type MakeBlock = (net: Layers, x: string, block: Block) => string;

const EXPANSION = 4;

function residual(seed: number, size: number, stages: Stages, block: MakeBlock): ModelProto {
  const { depths, group = 1, base = 64 } = stages;
  const net = new Layers(seed);
  let x = convNorm(net, net.image(3, size), 64, { kernel: 7, stride: 2 });
  x = net.maxPool(x, { kernel: 3, stride: 2, pad: 1 });
  depths.forEach((depth, stage) => {
    const width = 64 * 2 ** stage;
    const out = block === bottleneck ? EXPANSION * width : width;
    for (let i = 0; i < depth; i++) {
      const stride = stage > 0 && i === 0 ? 2 : 1;
      const short =
        stride === 1 && channelsOf(net, x) === out
          ? x
          : convNorm(net, x, out, { kernel: 1, stride, activation: linear });
      const long = block(net, x, { out, inner: base * group * 2 ** stage, stride, group });
      x = net.relu(add(net, long, short));
    }
  });
  return classify(net, x);
}

function basic(net: Layers, x: string, { out, stride }: Block): string {
  return convNorm(net, convNorm(net, x, out, { stride }), out, { activation: linear });
}

function bottleneck(net: Layers, x: string, { out, inner, stride, group }: Block): string {
  const wide = convNorm(net, convNorm(net, x, inner, { kernel: 1 }), inner, { stride, group });
  return convNorm(net, wide, out, { kernel: 1, activation: linear });
}
