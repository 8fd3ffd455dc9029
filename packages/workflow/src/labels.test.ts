import { expect, it } from 'vitest';
import { labelsOf } from './labels.ts';

it('names are those of classes, labels and bins, in the order of the outputs', () => {
  const kind = { name: 'kind', type: 'categorical', classes: ['cat', 'dog'], targets: ['cat', 'dog'] } as const;
  const age = { name: 'age', type: 'continuous', targets: ['age'] } as const;
  const yaw = { name: 'yaw', type: 'ordered', bins: [[-30, 30]], targets: ['yaw'] } as const;
  const pose = { ...yaw, name: 'pose', bins: [[0], [5]], targets: ['pitch', 'yaw'] };
  expect(labelsOf([kind])).toEqual(['cat', 'dog']);
  expect(labelsOf([age])).toBeUndefined();
  expect(labelsOf([yaw])).toEqual(['below -30', '-30 to 30', 'from 30']);
  expect(labelsOf([{ ...yaw, classes: ['left', 'ahead', 'right'] }])).toEqual(['left', 'ahead', 'right']);
  expect(labelsOf([pose])).toEqual(['pitch: below 0', 'pitch: from 0', 'yaw: below 5', 'yaw: from 5']);
  expect(labelsOf([kind, age])).toEqual(['kind/cat', 'kind/dog', 'age']);
});
