import { type Graph, isDefaultDomain, type NodeProto } from '@kneepoint/onnx';
import type { QuantisableLayer } from './layers.ts';

/** Operators that runtimes compute on whole numbers where what they read and what they make is stored so. */
const ON_STEPS: ReadonlySet<string> = new Set([
  'Add',
  'Mul',
  'Concat',
  'AveragePool',
  'GlobalAveragePool',
  'LeakyRelu',
]);
/** The same, and their result lies on the steps of what they read. */
const MOVING: ReadonlySet<string> = new Set(['MaxPool', 'Reshape', 'Flatten', 'Transpose', 'Squeeze', 'Unsqueeze']);
/** What only cuts a value off at zero or at bounds: its result is rounded in place of what it reads. */
const CUTTING: ReadonlySet<string> = new Set(['Relu', 'Clip']);

/** A value that is rounded to steps, after which everybody reads the rounded one. */
export interface RoundedValue {
  readonly value: string;
  /** The value whose steps it shares; its own where that is itself. */
  readonly steps: string;
}

/**
 * The values that a network of `layers` in whole numbers rounds, in graph order: what these layers read, what they make (after Relu or Clip), and
 * what operators between them make that can stay in whole numbers. Outputs of the network, and what float layers alone read, stay as they are.
 */
export function roundedValues(graph: Graph, layers: readonly QuantisableLayer[]): readonly RoundedValue[] {
  const whole = new Set(layers.map(({ node }) => node));
  const read = new Set(layers.map(({ node }) => node.input[0]!));
  const found = new Map<string, RoundedValue>();
  const add = (value: string, steps = value): void => {
    // An output of the network stays what it is; a layer behind it reads it rounded.
    if (found.has(value) || (graph.isOutput(value) && !read.has(value))) return;
    found.set(value, { value, steps });
  };
  for (const { name } of graph.inputs) if (read.has(name)) add(name);
  for (const node of graph.topological()) {
    const made = node.output[0] ?? '';
    if (whole.has(node)) {
      const end = cutOff(graph, made);
      if (isUsed(graph, end, whole)) add(end);
    } else if (isDefaultDomain(node.domain) && staysWhole(graph, node, found)) {
      const end = cutOff(graph, made);
      add(end, MOVING.has(node.opType) && end === made ? found.get(node.input[0]!)!.steps : end);
    }
    for (const output of node.output) if (read.has(output)) add(output);
  }
  return [...found.values()];
}

/** Whether a value is worth rounding: not where layers in float alone read it. */
function isUsed(graph: Graph, value: string, whole: ReadonlySet<NodeProto>): boolean {
  const uses = graph.consumers(value);
  const float = ({ node }: { readonly node: NodeProto }): boolean =>
    ['Conv', 'ConvTranspose', 'Gemm', 'MatMul'].includes(node.opType) && !whole.has(node);
  return uses.length > 0 && !uses.every(float);
}

/** The value behind Relu and Clip that nobody else reads before them. */
function cutOff(graph: Graph, value: string): string {
  for (let at = value; ;) {
    const [use, ...others] = graph.consumers(at);
    const next = use?.node;
    if (!next || others.length > 0 || use.input !== 0 || graph.isOutput(at)) return at;
    if (!CUTTING.has(next.opType) || !isDefaultDomain(next.domain)) return at;
    at = next.output[0]!;
  }
}

function staysWhole(graph: Graph, { opType, input }: NodeProto, found: ReadonlyMap<string, RoundedValue>): boolean {
  if (MOVING.has(opType)) return found.has(input[0] ?? '');
  if (!ON_STEPS.has(opType)) return false;
  const operands = opType === 'Add' || opType === 'Mul' || opType === 'Concat' ? input : input.slice(0, 1);
  return operands.every((value) => found.has(value));
}
