import { AttributeType, capturedValues, type Graph, isDefaultDomain, type NodeProto } from '@kneepoint/onnx';

/** What attributes mean where they are left out, by the standard; of a list, the number that all of it is. */
const CONVOLVED = { dilations: 1, group: 1, pads: 0, strides: 1 } as const;
const POOLED = { ceil_mode: 0, count_include_pad: 0, dilations: 1, pads: 0, storage_order: 0, strides: 1 } as const;
const DEFAULTS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  AveragePool: POOLED,
  Conv: CONVOLVED,
  Gemm: { alpha: 1, beta: 1, transA: 0, transB: 0 },
  MaxPool: POOLED,
};

/**
 * Leaves out of a small file what is not needed to read it: attributes that say what holds without them, and long names of values between nodes.
 * Names of nodes, inputs, outputs and weights stay, and so do zero points that are 0: without them ONNX Runtime fuses less.
 * `fresh` gives names that nothing else has.
 */
export function compact(graph: Graph, fresh: () => string): void {
  const { node: nodes } = graph.proto;
  for (const node of nodes) node.attribute = withoutDefaults(node);
  const captured = new Set(nodes.flatMap(capturedValues));
  const shorter = new Map<string, string>();
  for (const name of nodes.flatMap(({ output }) => output)) {
    // An optional output that nobody takes has no name.
    if (name === '' || graph.isOutput(name) || captured.has(name) || name.length <= LONGEST_NAME) continue;
    shorter.set(name, fresh());
  }
  const renamed = (names: readonly string[]): string[] => names.map((name) => shorter.get(name) ?? name);
  for (const node of nodes) [node.input, node.output] = [renamed(node.input), renamed(node.output)];
}

/** As long as names that are made here become in a large network. */
const LONGEST_NAME = 4;

function withoutDefaults({ opType, domain, attribute }: NodeProto): NodeProto['attribute'] {
  const defaults = isDefaultDomain(domain) ? DEFAULTS[opType] : undefined;
  if (!defaults) return attribute;
  return attribute.filter(({ name, type, i, f, ints }) => {
    const value = Object.hasOwn(defaults, name) ? defaults[name] : undefined;
    if (value === undefined) return true;
    if (type === AttributeType.INTS) return ints.some((number) => Number(number) !== value);
    return type === AttributeType.INT ? Number(i) !== value : type !== AttributeType.FLOAT || f !== value;
  });
}
