import type { Extent, ModelProto } from '@kneepoint/onnx';
import { Layers } from '@kneepoint/onnx';
import { classify, convNorm } from './blocks.ts';

/** Channels of a module's branches: 1 × 1; 3 × 3 reduced and full; the second 3 × 3 reduced and full; after pooling. */
type Module = readonly [number, number, number, number, number, number];

/** GoogLeNet (Szegedy et al. 2015) with batch normalisation and 3 × 3 for 5 × 5 kernels, as torchvision has it; no side classifiers. */
export function googlenet(seed: number, size: number): ModelProto {
  const net = new Layers(seed);
  const module = (x: string, [one, reduced, three, reducedToo, threeToo, pooled]: Module) =>
    net.concat([
      chain(net, x, [one, 1]),
      chain(net, x, [reduced, 1], [three, 3]),
      chain(net, x, [reducedToo, 1], [threeToo, 3]),
      chain(net, net.maxPool(x, { kernel: 3, stride: 1, pad: 1 }), [pooled, 1]),
    ]);
  const halved = (x: string, kernel = 3) => net.maxPool(x, { kernel, stride: 2, ceil: true });
  let x = halved(convNorm(net, net.image(3, size), 64, { kernel: 7, stride: 2 }));
  x = halved(chain(net, x, [64, 1], [192, 3]));
  x = module(x, [64, 96, 128, 16, 32, 32]);
  x = halved(module(x, [128, 128, 192, 32, 96, 64]));
  x = module(x, [192, 96, 208, 16, 48, 64]);
  x = module(x, [160, 112, 224, 24, 64, 64]);
  x = module(x, [128, 128, 256, 24, 64, 64]);
  x = module(x, [112, 144, 288, 32, 64, 64]);
  x = halved(module(x, [256, 160, 320, 32, 128, 128]), 2);
  x = module(x, [256, 160, 320, 32, 128, 128]);
  return classify(net, module(x, [384, 192, 384, 48, 128, 128]));
}

/** Inception-v3 (Szegedy et al. 2016) without its side classifier; images of 75 pixels or more. */
export function inceptionV3(seed: number, size: number): ModelProto {
  const net = new Layers(seed);
  const average = (x: string) => net.averagePool(x, { kernel: 3, stride: 1, pad: 1 });
  const reduced = (x: string) => net.maxPool(x, { kernel: 3, stride: 2 });
  let x = valid(net, net.image(3, size), 32, 2);
  x = reduced(convNorm(net, valid(net, x, 32), 64));
  x = reduced(valid(net, chain(net, x, [80, 1]), 192));
  for (const pooled of [32, 64, 64]) {
    x = net.concat([
      chain(net, x, [64, 1]),
      chain(net, x, [48, 1], [64, 5]),
      chain(net, x, [64, 1], [96, 3], [96, 3]),
      chain(net, average(x), [pooled, 1]),
    ]);
  }
  x = net.concat([valid(net, x, 384, 2), valid(net, chain(net, x, [64, 1], [96, 3]), 96, 2), reduced(x)]);
  for (const c of [128, 160, 160, 192]) {
    x = net.concat([
      chain(net, x, [192, 1]),
      chain(net, x, [c, 1], [c, WIDE], [192, HIGH]),
      chain(net, x, [c, 1], [c, HIGH], [c, WIDE], [c, HIGH], [192, WIDE]),
      chain(net, average(x), [192, 1]),
    ]);
  }
  x = net.concat([
    valid(net, chain(net, x, [192, 1]), 320, 2),
    valid(net, chain(net, x, [192, 1], [192, WIDE], [192, HIGH]), 192, 2),
    reduced(x),
  ]);
  for (let i = 0; i < 2; i++) {
    const fork = (y: string) => net.concat([chain(net, y, [384, [1, 3]]), chain(net, y, [384, [3, 1]])]);
    x = net.concat([
      chain(net, x, [320, 1]),
      fork(chain(net, x, [384, 1])),
      fork(chain(net, x, [448, 1], [384, 3])),
      chain(net, average(x), [192, 1]),
    ]);
  }
  return classify(net, x);
}

const WIDE: Extent = [1, 7];
const HIGH: Extent = [7, 1];

/** Convolutions in a row: channels and kernel of each. */
function chain(net: Layers, x: string, ...layers: readonly (readonly [number, Extent])[]): string {
  return layers.reduce((value, [out, kernel]) => convNorm(net, value, out, { kernel }), x);
}

/** 3 × 3 without padding. */
function valid(net: Layers, x: string, out: number, stride = 1): string {
  return convNorm(net, x, out, { pad: 0, stride });
}
