import { expect, it } from 'vitest';
import { trainableLayers } from './trainable-layers.ts';

const untrained = { node: 'pool', operator: 'LpPool' };
const tap = (layer: string) => ({ layer, value: layer, channels: 8 });
const layers = [{ layer: 'conv1' }, { layer: 'conv2' }, { layer: 'conv3' }];

it('a head that is trained reads no layer behind an operator without a derivative, where another is left', () => {
  const late = [tap('conv1'), tap('conv2'), { ...tap('conv3'), untrained }];
  expect(trainableLayers(layers, late)).toEqual(layers.slice(0, 2));
  expect(
    trainableLayers(
      layers,
      late.map((one) => ({ ...one, untrained })),
    ),
  ).toEqual(layers);
});
