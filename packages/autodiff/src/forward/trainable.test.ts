import { floatTensor, GraphBuilder, Layers, smallNets } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { learnedInitializers, trainableOf } from './trainable.ts';

/** An image that is normalised, a convolution, a layer scale, a bound, and a linear layer whose weight is transposed in the file. */
function exported() {
  const net = new Layers(1);
  const { graph } = net;
  const image = net.image(3, 8);
  const centred = graph.node('Sub', [image, graph.init(floatTensor([1, 3, 1, 1], [1, 2, 3]), 'image.mean')]);
  net.note(centred, [3, 8, 8]);
  const x = net.batchNorm(net.conv(centred, 4));
  const scaled = graph.node('Mul', [x, graph.init(floatTensor([4, 1, 1], [1, 2, 3, 4]), 'scale')]);
  const halved = graph.node('Mul', [scaled, graph.init(floatTensor([], [0.5]), 'half')]);
  const bounded = graph.node('Min', [halved, graph.init(floatTensor([4, 1, 1], [6, 6, 6, 6]), 'bounds')]);
  const slope = graph.init(floatTensor([4, 1, 1], [0.1, 0.1, 0.2, 0.3]), 'slope');
  const features = graph.flatten(graph.globalAveragePool(graph.node('PRelu', [bounded, slope])));
  const weight = graph.node('Transpose', [net.weight('fc.weight', [2, 4])]);
  const product = graph.node('MatMul', [features, weight], {}, 'fc');
  graph.output(graph.node('Add', [product, net.weight('fc.bias', [2])], {}, 'y'), ['N', 2]);
  return graph.build();
}

describe('what training may change', () => {
  it('are weights, also behind a Transpose, not statistics, settings or the preparation of the image', () => {
    expect([...trainableOf(exported())]).toEqual([
      ...['conv1.weight', 'conv1.bias', 'bn1.scale', 'bn1.bias', 'scale', 'slope', 'fc.weight', 'fc.bias'],
    ]);
  });

  it('decays where it is the kernel or matrix of a contraction', () => {
    const decaying = [...learnedInitializers(exported()).values()].filter(({ decays }) => decays);
    expect(decaying.map(({ name }) => name)).toEqual(['conv1.weight', 'fc.weight']);
  });

  it('is the head with what follows it when only the head trains', () => {
    expect([...trainableOf(exported(), { headOnly: 'fc' })]).toEqual(['fc.weight', 'fc.bias']);
    const heads = ['yaw', 'roll'];
    const names = [...trainableOf(smallNets['heads']!(1), { headOnly: heads })];
    expect(names).toEqual(heads.flatMap((head) => [`${head}.weight`, `${head}.bias`]));
  });

  it('leaves out what is frozen, of a head too', () => {
    const names = [...trainableOf(exported(), { headOnly: 'bn1', freeze: ['fc'] })];
    expect(names).toEqual(['bn1.scale', 'bn1.bias', 'scale', 'slope', 'fc.bias']);
  });

  it('is every convolution and linear layer of every small network', () => {
    for (const [name, make] of Object.entries(smallNets)) {
      const model = make(1);
      const names = trainableOf(model);
      const weights = model
        .graph!.node.filter(({ opType }) => ['Conv', 'ConvTranspose', 'Gemm'].includes(opType))
        .map((node) => node.input[1]!);
      expect(
        weights.filter((weight) => !names.has(weight)),
        name,
      ).toEqual([]);
      expect(weights.length).toBeGreaterThan(3);
    }
  });
});

it('a frozen layer that is not there is refused', () => {
  const net = new GraphBuilder();
  net.output(net.relu(net.input('image', [1, 3])));
  expect(() => trainableOf(net.build(), { headOnly: 'fc9' })).toThrow('the model has no node fc9');
});
