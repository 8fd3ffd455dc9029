import type { ModelProto } from '@kneepoint/onnx';
import { Layers } from '@kneepoint/onnx';

/** The networks whose training is timed; rival.py builds the same in PyTorch, with its parameters in the same order. */
export const TRAINED: Readonly<Record<string, () => ModelProto>> = { vgg, residual, depthwise };

export const CLASSES = 10;
export const SIZE = 64;

/** Eight convolutions of 3 × 3 with biases, 16 to 128 channels, halved three times. */
function vgg(): ModelProto {
  const net = new Layers(1);
  let x = net.image(3, SIZE);
  for (const [position, width] of [16, 16, 32, 32, 64, 64, 128, 128].entries()) {
    if (position > 0 && position % 2 === 0) x = net.maxPool(x);
    x = net.relu(net.conv(x, width));
  }
  net.heads(x, { logits: CLASSES });
  return net.build();
}

/** Six basic blocks of 16, 32 and 64 channels with batch normalisation (He et al. 2016), after a stem of stride 2. */
function residual(): ModelProto {
  const net = new Layers(1);
  let x = net.block(net.image(3, SIZE), 16, { stride: 2 });
  for (const [width, stride] of [
    [16, 1],
    [16, 1],
    [32, 2],
    [32, 1],
    [64, 2],
    [64, 1],
  ] as const) {
    const inner = net.batchNorm(net.conv(net.block(x, width, { stride, bias: false }), width, { bias: false }));
    const plain = stride === 1;
    const across = plain ? x : net.batchNorm(net.conv(x, width, { kernel: 1, stride, bias: false }));
    x = net.relu(net.pointwise('Add', [inner, across]));
  }
  net.heads(x, { logits: CLASSES });
  return net.build();
}

/** Five depthwise separable layers of 32 to 128 channels with batch normalisation (Howard et al. 2017), after a stem of stride 2. */
function depthwise(): ModelProto {
  const net = new Layers(1);
  let x = net.block(net.image(3, SIZE), 16, { stride: 2 });
  for (const [width, stride] of [
    [32, 1],
    [64, 2],
    [64, 1],
    [128, 2],
    [128, 1],
  ] as const) {
    const channels = net.shape(x)[0]!;
    x = net.block(net.block(x, channels, { stride, group: channels }), width, { kernel: 1 });
  }
  net.heads(x, { logits: CLASSES });
  return net.build();
}
