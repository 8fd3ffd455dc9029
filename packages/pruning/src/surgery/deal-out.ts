import { create } from '@bufbuild/protobuf';
import type { Graph, NodeProto } from '@kneepoint/onnx';
import {
  constantProto,
  hasAttr,
  intAttr,
  intConstant,
  intsAttr,
  isDefaultDomain,
  NodeProtoSchema,
  normalAxis,
  readTensor,
  setAttr,
} from '@kneepoint/onnx';
import { free } from './free-name.ts';

/** The opset from which Split takes its sizes as an input. */
const SIZES_AS_INPUT = 13;

/**
 * A Gather of all channels in another order (a permutation along axis 1) as a Split into runs and a Concat of these.
 * @param shapes of values; those of the runs are added
 */
export function dealOut(
  graph: Graph,
  gather: NodeProto,
  order: readonly number[],
  shapes: Map<string, readonly number[]>,
): NodeProto[] {
  const [batch, , ...places] = shapes.get(gather.input[0]!)!;
  const starts = order
    .flatMap((channel, i) => (i > 0 && order[i - 1] === channel - 1 ? [] : [channel]))
    .sort((a, b) => a - b);
  const sizes = starts.map((start, i) => (starts[i + 1] ?? order.length) - start);
  const stem = free(graph, `${gather.name}_apart`);
  const runs = sizes.map((size, i) => {
    const name = i === 0 ? stem : free(graph, `${stem}_${i}`);
    shapes.set(name, [batch!, size, ...places]);
    return name;
  });
  const apart = create(NodeProtoSchema, { name: stem, opType: 'Split', input: [gather.input[0]!], output: runs });
  setAttr(apart, 'axis', 1);
  if (graph.opset < SIZES_AS_INPUT) setAttr(apart, 'split', sizes);
  else {
    const operand = free(graph, `${gather.name}_sizes`);
    graph.proto.initializer.push(intConstant(operand, sizes, [sizes.length]));
    apart.input.push(operand);
  }
  const runAt = new Map(starts.map((start, i) => [start, runs[i]!]));
  const together = create(NodeProtoSchema, {
    name: gather.name,
    opType: 'Concat',
    input: order.flatMap((channel) => runAt.get(channel) ?? []),
    output: [...gather.output],
  });
  setAttr(together, 'axis', 1);
  return [apart, together];
}

/**
 * The order in which a Concat puts together again what a Split along axis 1 took apart: the source of each channel. Undefined where it is
 * anything else, or where a part goes elsewhere too.
 */
export function dealtOrder(
  graph: Graph,
  together: NodeProto,
  shapes: ReadonlyMap<string, readonly number[]>,
): { readonly input: string; readonly order: readonly number[]; readonly apart: NodeProto } | undefined {
  const apart = graph.producer(together.input[0] ?? '');
  if (together.opType !== 'Concat' || apart?.opType !== 'Split' || ![together, apart].every(alongChannels(shapes)))
    return undefined;
  const taken = new Set(together.input);
  if (taken.size !== together.input.length || taken.size !== apart.output.length) return undefined;
  const isOnlyHere = apart.output.every(
    (part) => taken.has(part) && graph.consumers(part).length === 1 && !graph.isOutput(part),
  );
  // Sizes that are computed need not stay as they are.
  const sized = apart.input[1] ? constantProto(graph, apart.input[1]) : hasAttr(apart, 'split') ? apart : undefined;
  if (!isOnlyHere || !sized) return undefined;
  const sizes =
    sized === apart
      ? intsAttr(apart, 'split')
      : Array.from(readTensor(constantProto(graph, apart.input[1]!)!).data, Number);
  const starts = new Map<string, readonly [number, number]>();
  let start = 0;
  apart.output.forEach((part, i) => {
    starts.set(part, [start, sizes[i]!]);
    start += sizes[i]!;
  });
  const order = together.input.flatMap((part) => {
    const [from, size] = starts.get(part)!;
    return Array.from({ length: size }, (_, i) => from + i);
  });
  return { input: apart.input[0]!, order, apart };
}

function alongChannels(shapes: ReadonlyMap<string, readonly number[]>) {
  return (node: NodeProto): boolean => {
    const rank = shapes.get(node.output[0] ?? '')?.length ?? 0;
    return isDefaultDomain(node.domain) && rank > 1 && normalAxis(intAttr(node, 'axis', 0), rank) === 1;
  };
}
