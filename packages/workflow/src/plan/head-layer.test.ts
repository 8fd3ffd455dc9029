import { expect, it } from 'vitest';
import { headLayer } from './head-layer.ts';

const probed = (validation: Readonly<Record<string, number>>, higherIsBetter = true) =>
  Object.entries(validation).map(([layer, value]) => ({ layer, cell: { validation: value, higherIsBetter } }));

it('the head reads the layer that is best on validation, whichever way the metric goes', () => {
  expect(headLayer([probed({ conv1: 0.5, conv2: 0.9, conv3: 0.7 })])).toBe('conv2');
  expect(headLayer([probed({ conv1: 5, conv2: 9, conv3: 7 }, false)])).toBe('conv1');
  expect(headLayer([probed({ conv1: 0.5, conv2: 0.5 })])).toBe('conv1');
});

it('of several tasks it is the layer of the best mean rank, in whatever units they are measured', () => {
  const accuracy = probed({ conv1: 0.9, conv2: 0.8, conv3: 0.1 });
  const degrees = probed({ conv1: 30, conv2: 6, conv3: 5 }, false);
  expect(headLayer([accuracy, degrees])).toBe('conv2');
});
