import { describe, expect, it } from 'vitest';
import { GraphBuilder } from './builder.ts';
import { decodeModel, encodeModel } from './codec.ts';
import { costs } from './costs.ts';
import { Layers } from './models/layers.ts';
import { smallNets } from './models/small-nets.ts';
import { vgg16 } from './models/vgg.ts';
import { DataType } from './proto.ts';
import { skeleton } from './skeleton.ts';
import { floatTensor, readTensor } from './tensor.ts';
import { failureOf } from './testing/failing.ts';
import { noise, shapesOf } from './testing/runtime.ts';
import type { Shapes } from './testing/runtime.ts';

/** Shapes of VGG-16 without running it: 3 × 3 convolutions keep the size, pooling halves it. */
function vgg16Shapes(size: number): Shapes {
  const model = vgg16({ dropped: true, size });
  const shapes = new Map<string, readonly number[]>([['image', [1, 3, size, size]]]);
  const filters = new Map(model.graph!.initializer.map((tensor) => [tensor.name, Number(tensor.dims[0])]));
  for (const node of model.graph!.node) {
    const [n = 1, c = 1, h = 1, w = 1] = shapes.get(node.input[0] ?? '') ?? [];
    const out = filters.get(node.input[1] ?? '') ?? c;
    const value = node.output[0] ?? '';
    if (node.opType === 'MaxPool') shapes.set(value, [n, c, h / 2, w / 2]);
    else if (node.opType === 'Flatten') shapes.set(value, [n, c * h * w]);
    else if (node.opType === 'Gemm') shapes.set(value, [n, out]);
    else shapes.set(value, shapes.get(node.input[0] ?? '')?.length === 2 ? [n, c] : [n, out, h, w]);
  }
  return shapes;
}

describe('VGG-16 at 224 × 224', () => {
  const report = costs(vgg16({ dropped: true }), vgg16Shapes(224));

  it('has the parameters that torchvision counts', () => {
    expect(report.parameters).toBe(138_357_544);
    expect(report.bytes).toBe(4 * 138_357_544);
  });

  it('takes 15.47 billion multiply-accumulates, of which 15.35 are convolutions', () => {
    expect(report.macs).toBe(15_470_264_320);
    const conv = report.nodes.filter(({ op }) => op === 'Conv').reduce((sum, { macs }) => sum + macs, 0);
    expect(conv).toBe(15_346_630_656);
    expect(report.flops).toBe(2 * report.macs);
  });

  it('counts biases and activations apart', () => {
    // One addition per output of a convolution or linear layer; one operation per ReLU output; four per pooled one.
    expect(report.biasFlops).toBe(13_547_520 + 9192);
    const pooled = 64 * 112 ** 2 + 128 * 56 ** 2 + 256 * 28 ** 2 + 512 * 14 ** 2 + 512 * 7 ** 2;
    expect(report.elementwiseFlops).toBe(13_547_520 + 8192 + 4 * pooled);
    expect(report.uncounted).toEqual([]);
  });
});

/** One node on given shapes, weights by name. */
async function costOf(make: (net: Layers) => string, channels = 4, size = 6) {
  const net = new Layers(1);
  net.graph.output(make(net));
  const model = net.build();
  return costs(model, await shapesOf(model, 'image', [1, channels, size, size]));
}

describe('multiply-accumulates', () => {
  it('of a grouped, strided convolution count the filters of one group', async () => {
    const { macs, biasFlops, parameters } = await costOf((net) =>
      net.conv(net.image(4, 6), 8, { group: 2, stride: 2 }),
    );
    expect({ macs, biasFlops, parameters }).toEqual({
      macs: 8 * 9 * 2 * 9,
      biasFlops: 8 * 9,
      parameters: 8 * 2 * 9 + 8,
    });
  });

  it('of a transposed convolution go with its input', async () => {
    const { macs } = await costOf((net) => {
      const weight = net.weight('w', [4, 5, 2, 2]);
      return net.graph.node('ConvTranspose', [net.image(4, 6), weight], { strides: [2, 2], kernel_shape: [2, 2] });
    });
    expect(macs).toBe(4 * 36 * 5 * 4);
  });

  it('of a matrix product count both batched axes', async () => {
    const { macs, parameters } = await costOf((net) =>
      net.graph.node('MatMul', [net.image(4, 6), net.weight('w', [6, 7])]),
    );
    expect({ macs, parameters }).toEqual({ macs: 4 * 6 * 7 * 6, parameters: 42 });
  });
});

describe('parameters', () => {
  it('leave running statistics out, which still take bytes', async () => {
    const { parameters, bytes } = await costOf((net) => net.batchNorm(net.image(4, 6)));
    expect({ parameters, bytes }).toEqual({ parameters: 8, bytes: 4 * 16 });
  });

  it('count a shared weight once, also behind an Identity', async () => {
    const { parameters, macs } = await costOf((net) => {
      const x = net.image(4, 6);
      const weight = net.weight('w', [4, 4, 1, 1]);
      const alias = net.graph.node('Identity', [weight]);
      const first = net.graph.node('Conv', [x, weight]);
      return net.graph.node('Conv', [first, alias]);
    });
    expect({ parameters, macs }).toEqual({ parameters: 16, macs: 2 * 16 * 36 });
  });

  it('count weights that are stored in half precision or quantised', async () => {
    const { parameters, macs } = await costOf((net) => {
      const x = net.image(4, 6);
      const half = net.graph.init({ ...floatTensor([4, 4, 1, 1], new Array(16).fill(0.5)), type: DataType.FLOAT16 });
      const first = net.graph.node('Conv', [x, net.graph.node('Cast', [half], { to: DataType.FLOAT })]);
      const whole = net.graph.init({ dims: [4, 4, 1, 1], type: DataType.INT8, data: new Int8Array(16).fill(3) });
      const scale = net.graph.init(floatTensor([], [0.1]));
      return net.graph.node('Conv', [first, net.graph.node('DequantizeLinear', [whole, scale])]);
    });
    expect({ parameters, macs }).toEqual({ parameters: 32, macs: 2 * 16 * 36 });
  });

  it('leave out the bounds of a Clip and single numbers of arithmetic, and take in a bias that is an Add', async () => {
    const { parameters } = await costOf((net) => {
      const scaled = net.graph.node('Mul', [net.image(4, 6), net.graph.init(floatTensor([], [0.5]))]);
      const clipped = net.graph.node('Clip', [scaled, net.graph.init(floatTensor([], [0]))]);
      return net.graph.node('Add', [clipped, net.graph.init(floatTensor([4, 1, 1], [1, 2, 3, 4]))]);
    });
    expect(parameters).toBe(4);
  });
});

describe('costs', () => {
  it('list what they cannot count and give it nothing', async () => {
    const report = await costOf((net) => net.graph.node('Hardmax', [net.conv(net.image(4, 6), 2)]));
    expect(report.uncounted).toEqual([{ name: 'hardmax1', op: 'Hardmax' }]);
    expect(report.nodes.at(-1)).toMatchObject({ macs: 0, elementwiseFlops: 0, parameters: 0 });
  });

  it('fail where the shape of a contraction is missing', () => {
    const model = smallNets['vgg']!(1);
    expect(failureOf(() => costs(model, new Map()))).toEqual({
      code: 'COST_SHAPE_MISSING',
      message: 'the shape of conv1 is not known',
      where: 'node conv1 (Conv)',
    });
  });

  it('never come out as anything but whole numbers of zero or more', async () => {
    for (const [name, make] of Object.entries(smallNets)) {
      const model = make(1);
      const { nodes } = costs(model, await shapesOf(model, 'image', [1, name === 'mfm' ? 1 : 3, 16, 16]));
      for (const { macs, biasFlops, elementwiseFlops, parameters } of nodes) {
        for (const figure of [macs, biasFlops, elementwiseFlops, parameters])
          expect(Number.isSafeInteger(figure) && figure >= 0).toBe(true);
      }
    }
  });
});

describe('skeleton', () => {
  const weighted = () => {
    const net = new GraphBuilder();
    const big = net.node('Constant', [], { value_floats: { floats: [1] } });
    net.output(
      net.conv(
        net.node('Add', [net.input('image', ['N', 3, 8, 8]), big]),
        floatTensor([4, 3, 3, 3], noise([4, 3, 3, 3], 1)),
        { pad: 1 },
      ),
    );
    return net.build();
  };

  it('costs the same as the model, before and after a trip through a file', async () => {
    for (const [name, make] of Object.entries(smallNets)) {
      const model = make(1);
      const shapes = await shapesOf(model, 'image', [1, name === 'mfm' ? 1 : 3, 16, 16]);
      const expected = costs(model, shapes);
      expect(costs(skeleton(model), shapes)).toEqual(expected);
      expect(costs(decodeModel(encodeModel(skeleton(model))), shapes)).toEqual(expected);
    }
  });

  it('says so when its weights are read, keeps small tensors, and leaves the model alone', () => {
    const model = weighted();
    const before = encodeModel(model);
    const bare = decodeModel(encodeModel(skeleton(model)));
    expect(failureOf(() => readTensor(bare.graph!.initializer[0]!))).toEqual({
      code: 'TENSOR_WEIGHTS_DROPPED',
      message: 'the values of this tensor were left out',
      where: 'tensor conv1.weight',
    });
    expect(bare.graph!.initializer[0]!.dims).toEqual([4n, 3n, 3n, 3n]);
    expect(encodeModel(model)).toEqual(before);
    const net = smallNets['heads']!(1);
    const kept = skeleton(net).graph!.initializer.filter(({ name }) => name.endsWith('.bias'));
    expect(kept.every((tensor) => readTensor(tensor).data.length > 0)).toBe(true);
  });

  it('is small, whatever the size of the model', () => {
    expect(encodeModel(skeleton(vgg16({ dropped: true }))).length).toBeLessThan(8192);
    expect(encodeModel(skeleton(smallNets['vgg']!(1))).length).toBeLessThan(4096);
  });
});
