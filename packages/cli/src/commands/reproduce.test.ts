import { expect, it } from 'vitest';
import { readModel } from './reproduce.ts';

it.each([
  ['net.onnx', 'net.onnx', null],
  ['net.onnx=age', 'net.onnx', 'age'],
  ['runs/lr=0.1/net.onnx', 'runs/lr=0.1/net.onnx', null],
  ['runs/lr=0.1/net.onnx=age group', 'runs/lr=0.1/net.onnx', 'age group'],
  ['net-lr=0.1.onnx', 'net-lr=0.1.onnx', null],
])('--model %s is the file %s, trained for %s', (text, file, task) => {
  expect(readModel(text)).toEqual({ file, task });
});
