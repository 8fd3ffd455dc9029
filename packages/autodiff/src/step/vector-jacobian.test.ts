import { create } from '@bufbuild/protobuf';
import {
  cloneModel,
  DataType,
  elementCount,
  floatTensor,
  Graph,
  NodeProtoSchema,
  seededRandom,
  smallNets,
  writeTensor,
} from '@kneepoint/onnx';
import type { Dense } from '@kneepoint/runtime';
import { openSession } from '@kneepoint/runtime';
import { expect, it } from 'vitest';
import { forwardGraph } from './forward-graph.ts';
import { measured } from './testing/run-step.ts';
import { vectorJacobian } from './vector-jacobian.ts';

const DIMS = [2, 3, 16, 16];

/** The network with a scalar added to what the third convolution reads. */
function gated(name: string) {
  const model = cloneModel(smallNets[name]!(6));
  const node = model.graph!.node.filter(({ opType }) => opType === 'Conv')[2]!;
  const value = node.input[0]!;
  node.input[0] = 'read';
  const sum = create(NodeProtoSchema, { name: 'read', opType: 'Add', input: [value, 'gate'], output: ['read'] });
  model.graph!.node.splice(model.graph!.node.indexOf(node), 0, sum);
  model.graph!.initializer.push(writeTensor('gate', floatTensor([], [0])));
  return model;
}

it.each(['residual', 'concat', 'squeezeExcite'])('of %s is the slope of vᵀ · answers', async (name) => {
  const model = gated(name);
  const shapes = await measured(model, DIMS);
  const output = new Graph(model).outputs[0]!.name;
  const request = { model, shapes, float: DataType.DOUBLE };
  const graph = vectorJacobian({ ...request, trainable: new Set(['gate']), values: ['read'] });
  const random = seededRandom(3);
  const draw = (dims: readonly number[]): Dense => ({
    dims,
    data: Float64Array.from({ length: elementCount(dims) }, () => random.normal()),
  });
  const [image, vector] = [draw(DIMS), draw(shapes.get(output)!)];
  const session = await openSession(graph.model, { threads: 1 });
  const feeds: Record<string, Dense> = {
    [graph.image]: image,
    [graph.vectors.get(output)!]: vector,
    [graph.weights[0]!.input]: { dims: [], data: Float64Array.of(0) },
  };
  const derivative = (await session.run(feeds))[graph.gradients.get('read')!]!.data as Float64Array;
  await session.release();
  expect(derivative).toHaveLength(elementCount(shapes.get('read')!));

  // Moving the gate moves every element alike, and so vᵀ · answers by the sum of the derivative.
  const forward = forwardGraph({ ...request, trainable: new Set(['gate']) });
  const answers = await openSession(forward.model, { threads: 1 });
  const at = async (gate: number): Promise<number> => {
    const moved = { [forward.image]: image, [forward.weights[0]!.input]: { dims: [], data: Float64Array.of(gate) } };
    const found = (await answers.run(moved))[forward.scores.get(output)!]!.data as Float64Array;
    return found.reduce((sum, answer, i) => sum + answer * (vector.data as Float64Array)[i]!, 0);
  };
  const h = 1e-5;
  const slope = ((await at(h)) - (await at(-h))) / (2 * h);
  await answers.release();
  const expected = derivative.reduce((sum, value) => sum + value, 0);
  expect(Math.abs(slope - expected)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected)));
});
