import type { ModelProto } from '@kneepoint/onnx';
import { floatTensor, Layers } from '@kneepoint/onnx';
import { add, channelsOf } from './blocks.ts';

/** ConvNeXt-Tiny (Liu et al. 2022), as torchvision's is exported: channels go last for normalisation and linear layers. */
export function convnextTiny(seed: number, size: number): ModelProto {
  const net = new Layers(seed);
  let x = net.conv(net.image(3, size), 96, { kernel: 4, stride: 4, pad: 0, name: 'stem' });
  x = normalised(net, x, 'stem.norm');
  [3, 3, 9, 3].forEach((blocks, stage) => {
    if (stage > 0) {
      const name = `stage${stage + 1}.down`;
      x = normalised(net, x, `${name}.norm`);
      x = net.conv(x, 2 * channelsOf(net, x), { kernel: 2, stride: 2, pad: 0, name });
    }
    for (let i = 0; i < blocks; i++) x = block(net, x, `stage${stage + 1}.${i + 1}`);
  });
  const features = net.flatten(normalised(net, net.globalPool(x), 'head.norm'));
  net.output(net.linear(features, 1000, 'logits'));
  return net.build();
}

/** 7 × 7 depthwise, normalisation, two linear layers with GELU between, a scale per channel, and the way around all that. */
function block(net: Layers, x: string, name: string): string {
  const [channels = 0, height = 0, width = 0] = net.shape(x);
  const spatial = channelsLast(net, net.conv(x, channels, { kernel: 7, group: channels, name: `${name}.depthwise` }));
  const wide = dense(net, layerNorm(net, spatial, channels, `${name}.norm`), [channels, 4 * channels], `${name}.wide`);
  const narrow = channelsFirst(net, dense(net, gelu(net, wide), [4 * channels, channels], `${name}.narrow`));
  const scale = net.weight(`${name}.scale`, [channels, 1, 1]);
  return add(net, x, net.note(net.graph.node('Mul', [narrow, scale]), [channels, height, width]));
}

function normalised(net: Layers, x: string, name: string): string {
  const norm = layerNorm(net, channelsLast(net, x), channelsOf(net, x), name);
  return net.note(channelsFirst(net, norm), net.shape(x));
}

/** Over the last axis. */
function layerNorm(net: Layers, x: string, channels: number, name: string): string {
  const parts = [net.vector(`${name}.weight`, channels, 1, 0.4), net.vector(`${name}.bias`, channels, 0, 0.2)];
  return net.graph.node('LayerNormalization', [x, ...parts], { axis: -1, epsilon: { float: 1e-6 } });
}

function dense(net: Layers, x: string, [from, to]: readonly [number, number], name: string): string {
  const product = net.graph.node('MatMul', [x, net.weight(`${name}.weight`, [from, to])], {}, name);
  return net.graph.node('Add', [product, net.vector(`${name}.bias`, to, 0, 0.1)]);
}

/** x · (1 + erf(x / √2)) / 2 in five operators: opset 17 has no Gelu. */
function gelu(net: Layers, x: string): string {
  const constant = (value: number) => net.graph.init(floatTensor([], [value]));
  const erf = net.graph.node('Erf', [net.graph.node('Div', [x, constant(Math.SQRT2)])]);
  const product = net.graph.node('Mul', [x, net.graph.node('Add', [erf, constant(1)])]);
  return net.graph.node('Mul', [product, constant(0.5)]);
}

function channelsLast(net: Layers, x: string): string {
  return net.graph.node('Transpose', [x], { perm: [0, 2, 3, 1] });
}

function channelsFirst(net: Layers, x: string): string {
  return net.graph.node('Transpose', [x], { perm: [0, 3, 1, 2] });
}
