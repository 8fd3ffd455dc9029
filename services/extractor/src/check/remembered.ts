import { Graph, intAttr, isDefaultDomain, type ModelProto, type NodeProto } from '@kneepoint/onnx';

/** What a network says of the pictures that it was trained with, at the value that it says it of. */
export type Remembered =
  | {
      /** Mean and variance of each channel, as a batch normalisation stores them. */
      readonly kind: 'statistics';
      readonly node: string;
      readonly value: string;
      readonly mean: Float64Array;
      readonly variance: Float64Array;
    }
  | {
      /** What the first layer adds to its sums: of their own size where the input has the right one. */
      readonly kind: 'biases';
      readonly node: string;
      readonly value: string;
      readonly bias: Float64Array;
    };

/** Behind more layers than this, statistics say more of the layers than of the pixels, and cost more to hold against. */
const MOST_LAYERS = 3;
const FIRST_LAYERS: ReadonlySet<string> = new Set(['Conv', 'Gemm']);

/** The first batch normalisation on the way from the input; else the biases of the first layer; undefined where there are neither. */
export function rememberedBy(model: ModelProto): Remembered | undefined {
  const graph = new Graph(model);
  const seen = new Set(graph.inputs.map(({ name }) => name));
  let biases: Remembered | undefined;
  let layers = 0;
  for (const node of graph.topological()) {
    if (!node.input.some((input) => seen.has(input))) continue;
    for (const output of node.output) if (output !== '') seen.add(output);
    const found = isDefaultDomain(node.domain) ? statisticsOf(graph, node) : undefined;
    if (found) return found;
    if (!FIRST_LAYERS.has(node.opType)) continue;
    layers += 1;
    if (layers > MOST_LAYERS) break;
    if (layers === 1) biases = biasesOf(graph, node);
  }
  return biases;
}

function statisticsOf(graph: Graph, node: NodeProto): Remembered | undefined {
  if (node.opType !== 'BatchNormalization' || intAttr(node, 'training_mode', 0) === 1) return undefined;
  const [value = '', , , mean = '', variance = ''] = node.input;
  const stored = [mean, variance].map((name) => graph.constant(name)?.data);
  const [means, variances] = stored.map((data) =>
    data ? Float64Array.from(data as ArrayLike<number>, Number) : undefined,
  );
  if (!means || !variances || means.length === 0 || means.length !== variances.length) return undefined;
  // Nothing was ever measured: untrained, or how converters write a plain scale and shift.
  if (means.every((mean) => mean === 0) && variances.every((one) => one === variances[0])) return undefined;
  return { kind: 'statistics', node: graph.nodeName(node), value, mean: means, variance: variances };
}

function biasesOf(graph: Graph, node: NodeProto): Remembered | undefined {
  const stored = graph.constant(node.input[2] ?? '')?.data;
  if (!stored) return undefined;
  const bias = Float64Array.from(stored as ArrayLike<number>, Number);
  return { kind: 'biases', node: graph.nodeName(node), value: node.output[0]!, bias };
}
