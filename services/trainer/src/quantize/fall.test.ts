import type { FinetunedTask } from '@kneepoint/workflow';
import { expect, it } from 'vitest';
import { roomAbove } from './fall.ts';

const task = (name: string, validation: number, more: Partial<FinetunedTask> = {}): FinetunedTask =>
  ({ task: name, higherIsBetter: true, validation, chance: 0.5, ...more }) as FinetunedTask;
const age = task('age', 10, { higherIsBetter: false, chance: 20 });

it('the room above a goal is what the tightest task may still lose, errors as a share of the constant answer', () => {
  expect(roomAbove([{ task: 'hat', bound: 0.94 }], [task('hat', 0.945)])).toBeCloseTo(0.005, 8);
  const bounds = [
    { task: 'hat', bound: 0.9 },
    { task: 'age', bound: 10.4 },
  ];
  expect(roomAbove(bounds, [age, task('hat', 0.945)])).toBeCloseTo(0.02, 8);
});

it('there is none to keep where nothing was asked for, or the float network falls short itself', () => {
  expect(roomAbove([], [task('hat', 0.9)])).toBeUndefined();
  expect(roomAbove([{ task: 'hat', bound: 0.91 }], [task('hat', 0.9)])).toBeUndefined();
});
