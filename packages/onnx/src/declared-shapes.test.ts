import { expect, it } from 'vitest';
import { declaredShapes, withDeclaredShapes } from './declared-shapes.ts';
import { smallNets } from './models/small-nets.ts';
import { valueInfo } from './value-info.ts';

it('shapes that were declared come back, scalars too', () => {
  const shapes = new Map([
    ['conv1', [1, 8, 16, 16]],
    ['scale', []],
  ]);
  expect(declaredShapes(withDeclaredShapes(smallNets['vgg']!(1), shapes))).toEqual(shapes);
});

it('a value with a free dimension or without a shape declares nothing', () => {
  const model = smallNets['vgg']!(1);
  model.graph!.valueInfo = [valueInfo('free', ['N', 3]), valueInfo('unknown')];
  expect(declaredShapes(model).size).toBe(0);
});
