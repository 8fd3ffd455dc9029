import type { ModelProto } from '@kneepoint/onnx';
import { Layers } from '@kneepoint/onnx';

/** SqueezeNet 1.0 (Iandola et al. 2016): no normalisation, and a convolution for a classifier. */
export function squeezenet(seed: number, size: number): ModelProto {
  const net = new Layers(seed);
  const conv = (x: string, out: number, kernel: number) => net.relu(net.conv(x, out, { kernel }));
  const halved = (x: string) => net.maxPool(x, { kernel: 3, stride: 2, ceil: true });
  const fire = (x: string, squeezed: number, expanded: number) => {
    const narrow = conv(x, squeezed, 1);
    return net.concat([conv(narrow, expanded, 1), conv(narrow, expanded, 3)]);
  };
  let x = halved(net.relu(net.conv(net.image(3, size), 96, { kernel: 7, stride: 2, pad: 0 })));
  x = halved(fire(fire(fire(x, 16, 64), 16, 64), 32, 128));
  x = halved(fire(fire(fire(fire(x, 32, 128), 48, 192), 48, 192), 64, 256));
  x = conv(fire(x, 64, 256), 1000, 1);
  net.output(net.flatten(net.globalPool(x)));
  return net.build();
}
