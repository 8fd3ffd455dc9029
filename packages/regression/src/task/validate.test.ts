import { expect, test } from 'vitest';
import { failureOf } from '../testing/failure-of.ts';
import { validateTaskSpec } from './validate.ts';

const good = [
  { name: 'yaw', type: 'continuous', unit: 'degrees', targets: ['yaw'], mirror: { negate: [0] } },
  { name: 'gender', type: 'binary', classes: ['female', 'male'], targets: ['gender'], mirror: 'unchanged' },
  {
    name: 'pose',
    type: 'ordered',
    bins: [
      [-15, 15],
      [-10, 10],
    ],
    targets: ['yaw', 'pitch'],
  },
  { name: 'hair', type: 'multilabel', classes: ['goatee'], targets: ['goatee'] },
  {
    name: 'side',
    type: 'categorical',
    classes: ['left', 'right'],
    targets: ['left', 'right'],
    mirror: { swap: [[0, 1]] },
  },
];

test.each(good)('the description of $name is read as it is written', (task) => {
  expect(validateTaskSpec(JSON.parse(JSON.stringify(task)))).toEqual(task);
});

const [yaw, gender, pose, hair, side] = good;
const bad: [unknown, string, string][] = [
  [null, 'task', 'a task is not an object'],
  [[], 'task', 'a task is not an object'],
  [{ ...yaw, colour: 1 }, 'colour', 'a task has no field "colour"'],
  [{ ...yaw, type: 'number' }, 'type', '"number" is not a task type'],
  [{ ...yaw, type: undefined }, 'type', 'nothing is not a task type'],
  [{ ...yaw, name: '' }, 'name', 'name is not a name'],
  [{ ...yaw, targets: ['a', 'b'] }, 'targets', 'a continuous task with 2 targets'],
  [{ ...yaw, targets: [] }, 'targets', 'targets holds 0 names'],
  [{ ...yaw, targets: 'yaw' }, 'targets', 'targets is not a list'],
  [{ ...yaw, bins: [[1]] }, 'bins', 'bins on a continuous task'],
  [{ ...yaw, mirror: { negate: [1] } }, 'mirror', 'mirror is not a rule for this task'],
  [{ ...gender, classes: ['one'] }, 'classes', '1 class names for a binary task'],
  [{ ...pose, bins: undefined }, 'bins', '0 lists of edges for 2 targets'],
  [
    {
      ...pose,
      bins: [
        [-15, 15],
        [10, 10],
      ],
    },
    'bins[1][1]',
    'edge 10 does not lie above 10',
  ],
  [{ ...pose, bins: [[-15, 15], []] }, 'bins[1]', 'no edges make one bin'],
  [{ ...pose, bins: [[-15, '15'], [1]] }, 'bins[0][1]', 'an edge is not a finite number'],
  [{ ...pose, bins: [1, 2] }, 'bins[0]', 'the edges of a target are not a list'],
  [{ ...pose, classes: ['a'] }, 'classes', '1 class names for 9 bins'],
  [{ ...hair, classes: [] }, 'classes', 'classes holds 0 names'],
  [{ ...side, classes: ['left', 'left'] }, 'classes[1]', '"left" is named twice'],
  [{ ...side, classes: ['left'], targets: ['left'] }, 'classes', 'one class leaves nothing to decide'],
];

test.each(bad)('%j is refused at %s', (json, where, message) => {
  const failure = failureOf(() => validateTaskSpec(json));
  expect(failure).toMatchObject({ code: 'REGRESSION_TASK_INVALID', where, message });
  expect(failure.fix).toBeTruthy();
});
