import { floatTensor } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { gradientsOf } from '../testing/check-gradient.ts';
import { awayFrom, normal } from '../testing/data.ts';
import { gradientTable, type Row, someDims } from '../testing/gradient-table.ts';
import { oneNode } from '../testing/one-node.ts';

const activation = (op: string, corners: readonly number[] = [], attributes: Row['attributes'] = {}): Row => ({
  op,
  operands: (random) => ({ x: someDims(random) }),
  attributes,
  data: { x: awayFrom(corners) },
});

const prelu = (slope: readonly number[]): Row => ({
  op: 'PRelu',
  operands: { x: [2, 3, 4, 2], slope },
  data: { x: awayFrom([0]), slope: normal },
});

const clip = (bounds: readonly (number | undefined)[]): Row => ({
  op: 'Clip',
  operands: {
    x: [2, 3, 4],
    ...Object.fromEntries(bounds.map((bound, i) => [`b${i}`, bound === undefined ? bound : floatTensor([], [bound])])),
  },
  data: { x: awayFrom(bounds.filter((bound) => bound !== undefined)) },
});

gradientTable('activations', {
  Relu: activation('Relu', [0]),
  LeakyRelu: activation('LeakyRelu', [0]),
  'LeakyRelu of slope 0.3': activation('LeakyRelu', [0], { alpha: { float: 0.3 } }),
  'LeakyRelu of slope 0': activation('LeakyRelu', [0], { alpha: { float: 0 } }),
  'LeakyRelu of a negative slope': activation('LeakyRelu', [0], { alpha: { float: -0.5 } }),
  'LeakyRelu of a slope over 1': activation('LeakyRelu', [0], { alpha: { float: 1.5 } }),
  'PRelu with a slope per channel': prelu([3, 1, 1]),
  'PRelu with one slope': prelu([1]),
  'PRelu with a slope per element': prelu([2, 3, 4, 2]),
  Elu: activation('Elu', [0]),
  'Elu of depth 0.4': activation('Elu', [0], { alpha: { float: 0.4 } }),
  Selu: activation('Selu', [0]),
  'Selu of other constants': activation('Selu', [0], { alpha: { float: 1 }, gamma: { float: 2 } }),
  Celu: activation('Celu', [0]),
  'Celu of depth 0.7': activation('Celu', [0], { alpha: { float: 0.7 } }),
  ThresholdedRelu: activation('ThresholdedRelu', [1]),
  'ThresholdedRelu at -0.3': activation('ThresholdedRelu', [-0.3], { alpha: { float: -0.3 } }),
  'Clip on both sides': clip([-0.5, 1]),
  'Clip above only': clip([undefined, 0.75]),
  'Clip below only': clip([-0.25]),
  'Clip without bounds': clip([]),
  Sigmoid: activation('Sigmoid'),
  Tanh: activation('Tanh'),
  HardSigmoid: activation('HardSigmoid', [-2.5, 2.5]),
  'HardSigmoid as HardSwish has it': activation('HardSigmoid', [-3, 3], { alpha: { float: 1 / 6 } }),
  HardSwish: activation('HardSwish', [-3, 3]),
  Softplus: activation('Softplus'),
  Softsign: activation('Softsign', [0]),
  Mish: activation('Mish'),
});

describe('at a corner', () => {
  const at = async (op: string, x: readonly number[], attributes: Row['attributes'] = {}) => {
    const dims = [x.length];
    const { gradients } = await gradientsOf({
      model: oneNode(op, { x: dims }, attributes),
      data: { x: floatTensor(dims, x) },
      weights: {
        [`${op.toLowerCase()}1`]: floatTensor(
          dims,
          x.map(() => 1),
        ),
      },
    });
    return [...(gradients['x']!.data as Float32Array)];
  };

  it('Relu passes what is positive, however small, and nothing at zero', async () => {
    expect(await at('Relu', [-1, -1e-20, 0, 1e-20, 1e20])).toEqual([0, 0, 0, 1, 1]);
  });

  it('ThresholdedRelu passes nothing at its threshold', async () => {
    const alpha = Math.fround(0.1);
    expect(await at('ThresholdedRelu', [alpha, alpha + 1e-7], { alpha: { float: alpha } })).toEqual([0, 1]);
  });

  it.each(['HardSwish', 'HardSigmoid', 'Softplus', 'Mish', 'Sigmoid', 'Tanh', 'Elu', 'Selu', 'Celu'])(
    '%s stays finite far out',
    async (op) => {
      for (const slope of await at(op, [-1e4, -90, 90, 1e4])) expect(Number.isFinite(slope)).toBe(true);
    },
  );
});
