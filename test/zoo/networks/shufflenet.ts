import type { ModelProto } from '@kneepoint/onnx';
import { intTensor, Layers } from '@kneepoint/onnx';
import { channelsOf, classify, convNorm, depthwise, linear, split } from './blocks.ts';

/** ShuffleNetV2 1.0× (Ma et al. 2018). */
export function shufflenetV2(seed: number, size: number): ModelProto {
  const net = new Layers(seed);
  let x = convNorm(net, net.image(3, size), 24, { stride: 2 });
  x = net.maxPool(x, { kernel: 3, stride: 2, pad: 1 });
  for (const [out, units] of [
    [116, 4],
    [232, 8],
    [464, 4],
  ] as const) {
    x = shuffle(net, net.concat([shortcut(net, x, out / 2), branch(net, x, out / 2, 2)]));
    for (let i = 1; i < units; i++) {
      const [passed, worked] = split(net, x, 2);
      x = shuffle(net, net.concat([passed!, branch(net, worked!, out / 2, 1)]));
    }
  }
  return classify(net, convNorm(net, x, 1024, { kernel: 1 }));
}

function branch(net: Layers, x: string, out: number, stride: number): string {
  const spatial = depthwise(net, convNorm(net, x, out, { kernel: 1 }), { stride, activation: linear });
  return convNorm(net, spatial, out, { kernel: 1 });
}

function shortcut(net: Layers, x: string, out: number): string {
  return convNorm(net, depthwise(net, x, { stride: 2, activation: linear }), out, { kernel: 1 });
}

/** Channels of two groups dealt out in turn: Reshape, Transpose, Reshape, as exporters write it. */
function shuffle(net: Layers, x: string): string {
  const [height, width] = net.shape(x).slice(1);
  const channels = channelsOf(net, x);
  const reshape = (value: string, dims: readonly number[]) =>
    net.graph.node('Reshape', [value, net.graph.init(intTensor(dims))]);
  const rows = reshape(x, [0, 2, channels / 2, height!, width!]);
  const dealt = net.graph.node('Transpose', [rows], { perm: [0, 2, 1, 3, 4] });
  return net.note(reshape(dealt, [0, channels, height!, width!]), net.shape(x));
}
