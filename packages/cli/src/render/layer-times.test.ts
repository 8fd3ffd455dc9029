import { describe, expect, it } from 'vitest';
import { renderLayerTimes } from './layer-times.ts';

const layer = (name: string, ms: number, share: number) => ({ name, ms, share });

describe('times of layers', () => {
  it('stand beside each other, the slowest of any network first, and nothing where one network lacks the layer', () => {
    const [, text] = renderLayerTimes([
      { name: 'whole', layers: [layer('conv1', 1, 0.1), layer('conv2', 8, 0.8), layer('conv3', 1.5, 0.1)] },
      { name: 'cut', layers: [layer('conv1', 0.5, 0.2), layer('conv3', 9, 0.8)] },
    ]);
    const [, ...rows] = text!.split('\n').map((line) => line.trim().split(/\s{2,}/));
    expect(rows).toEqual([
      ['conv3', '10.0 %', '1.50', '9.00'],
      ['conv2', '80.0 %', '8.00'],
      ['conv1', '10.0 %', '1.00', '0.50'],
    ]);
  });

  it('say how many layers are not shown', () => {
    const layers = Array.from({ length: 13 }, (_, at) => layer(`conv${at}`, at, at / 78));
    const [head, text] = renderLayerTimes([{ name: 'net', layers }]);
    expect(head).toContain('3 more take less');
    expect(text!.split('\n')).toHaveLength(11);
  });

  it('are left out where none were measured', () => {
    expect(renderLayerTimes([{ name: 'net', layers: [] }])).toEqual([]);
  });
});
