import type { ModelProto } from '@kneepoint/onnx';
import { Layers } from '@kneepoint/onnx';
import { channelsOf, convNorm } from './blocks.ts';

const WIDTHS = [64, 128, 256, 512] as const;
const CLASSES = 2;

/** U-Net (Ronneberger et al. 2015), padded and normalised as it is used today: down, up by transposed convolutions, and across. */
export function unet(seed: number, size: number): ModelProto {
  const net = new Layers(seed);
  const twice = (value: string, out: number) => convNorm(net, convNorm(net, value, out), out);
  let x = net.image(3, size);
  const across: string[] = [];
  for (const width of WIDTHS) {
    across.push(twice(x, width));
    x = net.maxPool(across.at(-1)!);
  }
  x = twice(x, 1024);
  for (const skip of across.reverse()) x = twice(net.concat([skip, up(net, x)]), channelsOf(net, skip));
  net.output(net.conv(x, CLASSES, { kernel: 1, name: 'mask' }));
  return net.build();
}

/** Half the channels at twice the size. */
function up(net: Layers, x: string): string {
  const [channels = 0, height = 0, width = 0] = net.shape(x);
  const name = `up${2 * height}`;
  const weights = [
    net.weight(`${name}.weight`, [channels, channels / 2, 2, 2]),
    net.vector(`${name}.bias`, channels / 2, 0, 0.1),
  ];
  const attributes = { kernel_shape: [2, 2], strides: [2, 2] };
  const value = net.graph.node('ConvTranspose', [x, ...weights], attributes, name);
  return net.note(value, [channels / 2, 2 * height, 2 * width]);
}
