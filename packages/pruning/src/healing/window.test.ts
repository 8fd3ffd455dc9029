import { type Attributes, floatTensor, Graph, GraphBuilder, volume } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { noise, runModel } from '../testing/ort.ts';
import { tapsAt, windowOf } from './window.ts';

const CASES: readonly [string, string, readonly number[], Attributes][] = [
  ['a plain convolution', 'Conv', [3, 3], {}],
  ['padding, unequal', 'Conv', [3, 3], { pads: [1, 0, 2, 1] }],
  ['strides and dilations', 'Conv', [3, 2], { strides: [2, 3], dilations: [2, 1], pads: [2, 1, 2, 1] }],
  ['SAME_UPPER', 'Conv', [4, 3], { auto_pad: 'SAME_UPPER', strides: [2, 1] }],
  ['SAME_LOWER', 'Conv', [4, 3], { auto_pad: 'SAME_LOWER', strides: [2, 1] }],
  ['VALID', 'Conv', [3, 3], { auto_pad: 'VALID' }],
  ['a transposed convolution', 'ConvTranspose', [2, 2], { strides: [2, 2] }],
  [
    'a transposed one with all there is',
    'ConvTranspose',
    [3, 3],
    {
      strides: [2, 3],
      pads: [1, 0, 1, 2],
      dilations: [1, 2],
      output_padding: [1, 1],
    },
  ],
];

describe('the window of a convolution', () => {
  it.each(CASES)('reads what the runtime reads: %s', async (_, op, kernel, attributes) => {
    const input = [7, 9];
    const net = new GraphBuilder();
    const image = noise([1, 1, ...input], 1);
    const weight = noise([1, 1, ...kernel], 2);
    const x = net.input('x', [1, 1, ...input]);
    net.output(
      net.node(op, [x, net.init(floatTensor([1, 1, ...kernel], weight))], { kernel_shape: kernel, ...attributes }),
    );
    const model = net.build();
    const [name] = new Graph(model).outputs;
    const wanted = (await runModel(model, [{ name: x, dims: [1, 1, ...input], data: image }])).get(name!.name)!;
    const output = wanted.dims.slice(2);
    const window = windowOf(model.graph!.node[0]!, kernel, input, output)!;
    const taps = volume(kernel);
    const { index, inside } = tapsAt(
      window,
      Array.from({ length: volume(output) }, (_, i) => i),
    );
    wanted.data.forEach((value, position) => {
      let sum = 0;
      for (let tap = 0; tap < taps; tap++) {
        const at = position * taps + tap;
        sum += weight[tap]! * inside[at]! * image[Number(index[at])]!;
      }
      expect(sum).toBeCloseTo(value, 4);
    });
  });

  it('is not guessed where a transposed convolution leaves its padding to the runtime', () => {
    const net = new GraphBuilder();
    net.node('ConvTranspose', [net.input('x', [1, 1, 4]), 'w'], { output_shape: [8] });
    net.output('x');
    expect(windowOf(net.build().graph!.node[0]!, [2], [4], [8])).toBeUndefined();
  });
});
