import type { ModelProto } from '@kneepoint/onnx';
import { Layers } from '@kneepoint/onnx';
import { channelsOf, classify, convNorm } from './blocks.ts';

const GROWTH = 32;
const BOTTLENECK = 4 * GROWTH;

/** DenseNet-121 (Huang et al. 2017): every layer sees all before it in its block. */
export function densenet121(seed: number, size: number): ModelProto {
  const net = new Layers(seed);
  const activated = (x: string) => net.relu(net.batchNorm(x));
  const bare = { bias: false, kernel: 1 };
  let x = convNorm(net, net.image(3, size), 64, { kernel: 7, stride: 2 });
  x = net.maxPool(x, { kernel: 3, stride: 2, pad: 1 });
  [6, 12, 24, 16].forEach((layers, block) => {
    if (block > 0) x = net.averagePool(net.conv(activated(x), channelsOf(net, x) / 2, bare));
    for (let i = 0; i < layers; i++) {
      const narrow = net.conv(activated(x), BOTTLENECK, bare);
      x = net.concat([x, net.conv(activated(narrow), GROWTH, { bias: false })]);
    }
  });
  return classify(net, activated(x));
}
