import type { ModelProto } from '@kneepoint/onnx';
import { intTensor, Layers } from '@kneepoint/onnx';
import { expect } from 'vitest';
import { expectCostAsPlanned, expectProved, provePlan } from './prove-plan.ts';

/** An operator between a block of 8 channels at 8 × 8 and the rest of a network; gives the value that goes on, with its shape noted. */
export type Middle = (net: Layers, x: string) => string;

/** A list of integers. */
export const constant = (net: Layers, ...values: number[]) => net.graph.init(intTensor(values));
export const perChannel = (net: Layers, dims: readonly number[], name = 'k') => net.weight(name, dims);
export const noted = (net: Layers, value: string, ...shape: number[]) => net.note(value, shape);
export const pointwise =
  (op: string, attributes = {}): Middle =>
  (net, x) =>
    net.pointwise(op, [x], attributes);

/** The operator lets channels of the layer before it go: the pruned network equals the masked one, and costs what the plan said. */
export async function expectPasses(middle: Middle, opset?: number): Promise<void> {
  const model = networkAround(middle, opset);
  const proved = await provePlan(model);
  const kept = new Map(proved.plan.layers.map((layer) => [layer.name, layer.kept.length]));
  const reason = proved.plan.layers.find((layer) => layer.name === 'before')!.reason;
  expect({ before: kept.get('before')! < 8, after: kept.get('after'), reason }).toEqual({ before: true, after: 3 });
  expectProved(proved.proof);
  await expectCostAsPlanned(model, proved);
}

/** The layer before the operator stays whole, for this reason; the one after it does not. */
export async function expectStops(middle: Middle, reason: string, opset?: number): Promise<void> {
  await expectModelStops(networkAround(middle, opset), reason);
}

/** The same for a network that was made by `networkAround`. */
export async function expectModelStops(model: ModelProto, reason: string): Promise<void> {
  const proved = await provePlan(model);
  const before = proved.plan.layers.find((layer) => layer.name === 'before');
  expect(before).toMatchObject({ kept: [0, 1, 2, 3, 4, 5, 6, 7], reason });
  expect(proved.plan.layers.find((layer) => layer.name === 'after')!.kept).toHaveLength(3);
  expectProved(proved.proof);
  await expectCostAsPlanned(model, proved);
}

/** The network that an operator stands in: layers `before` and `after` it, and a head. */
export function networkAround(middle: Middle, opset = 17): ModelProto {
  const net = new Layers(9, { opset });
  const before = net.block(net.image(3, 8), 8, { name: 'before' });
  net.heads(net.block(middle(net, before), 6, { name: 'after' }), { logits: 3 });
  return net.build();
}
