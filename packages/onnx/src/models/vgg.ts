import type { ModelProto } from '../proto.ts';
import type { Weights } from './layers.ts';
import { Layers } from './layers.ts';

export interface Vgg16Options {
  /** Channels of the image. */
  readonly channels?: number;
  readonly classes?: number;
  /** Height and width of the image, a multiple of 32. */
  readonly size?: number;
  readonly seed?: number;
  /** Multiplies every width, the fully connected ones too; 1/16 makes a VGG-16 for tests. */
  readonly width?: number;
  /** Batch normalisation between convolution and ReLU. */
  readonly batchNorm?: boolean;
  /** All weights zero. */
  readonly zeros?: boolean;
  /** Weights known by their dimensions alone, as `skeleton` leaves them: no memory is taken. */
  readonly dropped?: boolean;
}

const VGG16_BLOCKS = [
  [64, 64],
  [128, 128],
  [256, 256, 256],
  [512, 512, 512],
  [512, 512, 512],
];

/** VGG-16 (Simonyan and Zisserman 2014, configuration D): 138 357 544 parameters and 15.47 GMACs at 3 × 224 × 224 and 1000 classes. */
export function vgg16(options: Vgg16Options = {}): ModelProto {
  const { channels = 3, classes = 1000, size = 224, seed = 1, width = 1, batchNorm = false } = options;
  const net = new Layers(seed, { weights: weightsOf(options), name: 'vgg16' });
  const scaled = (count: number) => Math.max(1, Math.round(count * width));
  let x = net.image(channels, size);
  VGG16_BLOCKS.forEach((block, stage) => {
    block.forEach((filters, i) => {
      x = net.conv(x, scaled(filters), { name: `conv${stage + 1}_${i + 1}` });
      x = net.relu(batchNorm ? net.batchNorm(x) : x);
    });
    x = net.maxPool(x);
  });
  x = net.flatten(x);
  x = net.relu(net.linear(x, scaled(4096), 'fc6'));
  x = net.relu(net.linear(x, scaled(4096), 'fc7'));
  net.output(net.linear(x, classes, 'fc8'));
  return net.build();
}

export interface VggStyleOptions {
  /** Filters of each 3 × 3 convolution in turn; 'pool' halves the size. */
  readonly widths: readonly (number | 'pool')[];
  readonly size: number;
  readonly seed: number;
  readonly channels?: number;
  /** Batch normalisation between convolution and ReLU. */
  readonly batchNorm?: boolean;
  /** Output name to number of outputs; each is a linear layer on the pooled last responses. */
  readonly headTasks?: Readonly<Record<string, number>>;
}

/** A small network in the manner of VGG: convolution and ReLU in a row, pooling between, linear heads at the end. */
export function vggStyle(options: VggStyleOptions): ModelProto {
  const { widths, size, seed, channels = 3, batchNorm = false, headTasks = { logits: 10 } } = options;
  const net = new Layers(seed, { name: 'vgg-style' });
  let x = net.image(channels, size);
  for (const width of widths) {
    if (width === 'pool') x = net.maxPool(x);
    else x = batchNorm ? net.block(x, width) : net.relu(net.conv(x, width));
  }
  net.heads(x, headTasks);
  return net.build();
}

function weightsOf(options: Vgg16Options): Weights {
  if (options.dropped) return 'dropped';
  return options.zeros ? 'zeros' : 'he';
}
