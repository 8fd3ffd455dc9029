import { clone } from '@bufbuild/protobuf';
import type { Graph } from '@kneepoint/onnx';
import { cloneModel, floatTensor, intsAttr, NodeProtoSchema, setAttr, writeTensor } from '@kneepoint/onnx';
import { free } from './free-name.ts';
import {
  count,
  isNarrow,
  isPointwise,
  kernelOf,
  type LinearPath,
  linearPath,
  ungrouped,
  valuesOf,
} from './linear-path.ts';
import type { Shaped } from './head-site.ts';
import { removeDead } from './remove-dead.ts';

/**
 * A convolution and the linear one before it as one, where that costs less: exact where the first is 1 × 1 and what it adds does not meet the padding
 * of the second, or where the second is 1 × 1 and so takes the first's windows, some of them left out by its strides. Its scale, its shift and
 * what follows it stay as they are. The node gets a name of its own. Undefined where there is no such pair.
 */
export function composeConvolutions(
  { model, shapes }: Shaped,
  graph: Graph,
  { conv: second }: LinearPath,
): Shaped | undefined {
  const before = linearPath(graph, second.input[0]!);
  if (!before) return undefined;
  const { conv: first } = before;
  const [a, b] = [kernelOf(graph, first), kernelOf(graph, second)];
  const inner = isPointwise(a) && (b.inside || !before.shifts);
  const outer = isNarrow(b) && b.inside && (b.dense || !a.automatic);
  const [between, after] = [first, second].map((node) => shapes.get(node.output[0]!));
  if (!(inner || outer) || !graph.producer(first.input[0]!) || !between || !after) return undefined;
  const own = inner ? b : a;
  const [taps, positions] = [count(own.lengths), count(after.slice(2))];
  const apart =
    count(between.slice(2)) * a.outputs * (a.inputs / a.group) * count(a.lengths) +
    positions * b.outputs * (b.inputs / b.group) * count(b.lengths);
  if (positions * b.outputs * a.inputs * taps >= apart) return undefined;

  const left = ungrouped(graph, first, before.scale);
  const right = ungrouped(graph, second, new Float64Array(b.outputs).fill(1));
  const [leftTaps, rightTaps] = [count(a.lengths), count(b.lengths)];
  const weights = new Float64Array(b.outputs * a.inputs * taps);
  const bias = new Float64Array(b.outputs);
  const old = second.input[2] ? valuesOf(graph, second.input[2]) : undefined;
  for (let o = 0; o < b.outputs; o++) {
    bias[o] = old?.[o] ?? 0;
    for (let c = 0; c < b.inputs; c++) {
      for (let k = 0; k < rightTaps; k++) {
        const factor = right[(o * b.inputs + c) * rightTaps + k]!;
        if (factor === 0) continue;
        bias[o]! += factor * before.shift[c]!;
        // One of the two has a single tap, so that the other's says where a product belongs.
        for (let i = 0; i < a.inputs; i++) {
          for (let l = 0; l < leftTaps; l++)
            weights[(o * a.inputs + i) * taps + k + l]! += factor * left[(c * a.inputs + i) * leftTaps + l]!;
        }
      }
    }
  }
  const copy = cloneModel(model);
  const nodes = copy.graph!.node;
  const at = nodes.findIndex(({ output }) => output[0] === second.output[0]);
  const node = clone(NodeProtoSchema, inner ? second : first);
  const [weight, added] = ['weight', 'bias'].map((part) => free(graph, `${second.name}_composed.${part}`));
  const biased = before.shifts || old !== undefined;
  Object.assign(node, {
    name: free(graph, `${second.name}_composed`),
    input: [first.input[0]!, weight!, ...(biased ? [added!] : [])],
    output: [second.output[0]!],
  });
  if (own.group > 1) setAttr(node, 'group', 1);
  if (!inner) {
    const strides = [first, second].map((each) =>
      intsAttr(
        each,
        'strides',
        a.lengths.map(() => 1),
      ),
    );
    setAttr(
      node,
      'strides',
      a.lengths.map((_, axis) => strides[0]![axis]! * strides[1]![axis]!),
    );
  }
  nodes.splice(at, 1, node);
  copy.graph!.initializer.push(
    writeTensor(weight!, floatTensor([b.outputs, a.inputs, ...own.lengths], Float32Array.from(weights))),
    ...(biased ? [writeTensor(added!, floatTensor([b.outputs], Float32Array.from(bias)))] : []),
  );
  removeDead(copy);
  return { model: copy, shapes };
}
