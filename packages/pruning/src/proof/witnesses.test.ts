import { GraphBuilder, intTensor } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { witnessesOf } from './witnesses.ts';

const CLASSES = 3;

/** The end of a detector that finds its best places, then the best classes of these, and answers their boxes, scores and classes. */
function detector(): { net: GraphBuilder; boxes: string; scores: string; best: string; flat: string; of: string[] } {
  const net = new GraphBuilder({ opset: 17 });
  const whole = (values: readonly number[], dims?: readonly number[]): string => net.init(intTensor(values, dims));
  const boxes = net.node('Relu', [net.input('a', ['N', 20, 4])]);
  const scores = net.node('Sigmoid', [net.input('b', ['N', 20, CLASSES])]);
  const best = net.node('ReduceMax', [scores], { axes: [2], keepdims: 1 });
  const [, place] = net.multi('TopK', [best, whole([5])], 2, { axis: 1 });
  const picked = net.node('GatherElements', [scores, net.node('Tile', [place!, whole([1, 1, CLASSES])])], { axis: 1 });
  const flat = net.node('Reshape', [picked, whole([0, -1])]);
  const [value, at] = net.multi('TopK', [flat, whole([5])], 2, { axis: 1 });
  const row = net.node('Unsqueeze', [net.node('Div', [at!, whole([CLASSES], [])]), whole([2])]);
  const near = net.node('GatherElements', [boxes, net.node('Tile', [place!, whole([1, 1, 4])])], { axis: 1 });
  const found = net.node('GatherElements', [near, net.node('Tile', [row, whole([1, 1, 4])])], { axis: 1 });
  const kind = net.node('Mod', [at!, whole([CLASSES], [])]);
  return { net, boxes, scores, best, flat, of: [found, value!, kind] };
}

describe('what decides detections is found', () => {
  it.each([
    ['boxes', 0, ['boxes', 'scores', 'best', 'flat']],
    ['scores', 1, ['scores', 'best', 'flat']],
    ['classes', 2, ['scores', 'best', 'flat']],
  ] as const)('behind their %s alone', (_, output, wanted) => {
    const made = detector();
    made.net.output(made.of[output]!);
    const found = witnessesOf(made.net.build(), new Map(), new Map());
    expect(found).toEqual(expect.arrayContaining(wanted.map((name) => made[name])));
    expect(found.includes(made.boxes)).toBe(output === 0);
  });

  it('but not what lost channels itself', () => {
    const { net, of, scores, flat } = detector();
    net.output(of[1]!);
    const found = witnessesOf(net.build(), new Map([[scores, [1, 20, 3]]]), new Map([[scores, [1, 20, 2]]]));
    expect(found).toContain(flat);
    expect(found).not.toContain(scores);
  });
});
