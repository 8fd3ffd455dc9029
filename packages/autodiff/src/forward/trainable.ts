import { Failure } from '@kneepoint/failures';
import type { ModelProto, NodeProto } from '@kneepoint/onnx';
import {
  elementCount,
  Graph,
  initializerBehind,
  isDefaultDomain,
  isFloatType,
  tensorDims,
  weightRole,
} from '@kneepoint/onnx';

export interface TrainableOptions {
  /** Names of nodes whose weights stay as they are. */
  readonly freeze?: readonly string[];
  /** Names of the nodes that train, with all that follows them; everything before stays as it is. */
  readonly headOnly?: string | readonly string[];
}

/** One initializer that an operator has learned. */
export interface Learned {
  readonly name: string;
  readonly dims: readonly number[];
  /** Whether weight decay applies: the matrix or kernel of a contraction, not a bias or a normalisation's parameter. */
  readonly decays: boolean;
}

/**
 * The initializers of a model that training may change: weights of convolutions and linear layers, biases, parameters of
 * normalisations and activations, also where the file passes them through Transpose, Reshape and the like. Running statistics,
 * settings (bounds, scales, exponents) and arithmetic that prepares the image are not among them.
 * @throws TRAINING_OPTION_INVALID for a name that no node has
 */
export function trainableOf(model: ModelProto, options: TrainableOptions = {}): ReadonlySet<string> {
  const graph = new Graph(model);
  const trains = nodesThatTrain(graph, options);
  return new Set(learnedOf(graph, trains).keys());
}

/** Every learned initializer of a model, by name. */
export function learnedInitializers(model: ModelProto): ReadonlyMap<string, Learned> {
  return learnedOf(new Graph(model), () => true);
}

const CONTRACTIONS: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);
const ARITHMETIC: ReadonlySet<string> = new Set(['Add', 'Sub', 'Mul', 'Div']);
/** Bounds and exponents, not weights, even where there are several. */
const SETTINGS: ReadonlySet<string> = new Set(['Pow', 'Max', 'Min', 'Sum', 'Mean', 'Gather']);

function learnedOf(graph: Graph, trains: (node: NodeProto) => boolean): Map<string, Learned> {
  const learned = new Map<string, Learned>();
  // Behind the first contraction arithmetic is learned (bias, layer scale); before it, it prepares the image.
  const inside = new Set<string>();
  for (const node of graph.topological()) {
    const behind = node.input.some((name) => inside.has(name));
    if (behind || CONTRACTIONS.has(node.opType)) for (const name of node.output) inside.add(name);
    if (!isDefaultDomain(node.domain) || SETTINGS.has(node.opType) || !trains(node)) continue;
    if (ARITHMETIC.has(node.opType) && !behind) continue;
    node.input.forEach((value, input) => {
      const name = initializerBehind(graph, value);
      const tensor = name === undefined ? undefined : graph.initializer(name);
      if (name === undefined || !tensor || !isFloatType(tensor.dataType)) return;
      const dims = tensorDims(tensor);
      if (weightRole(node, input, elementCount(dims)) !== 'parameter') return;
      const decays = CONTRACTIONS.has(node.opType) && input < 2 && dims.length > 1;
      learned.set(name, { name, dims, decays: decays || (learned.get(name)?.decays ?? false) });
    });
  }
  return learned;
}

function nodesThatTrain(graph: Graph, { freeze = [], headOnly }: TrainableOptions): (node: NodeProto) => boolean {
  const heads = headOnly === undefined ? undefined : [headOnly].flat();
  const byName = new Map(graph.proto.node.map((node) => [graph.nodeName(node), node]));
  for (const name of [...freeze, ...(heads ?? [])]) {
    if (byName.has(name)) continue;
    throw new Failure('TRAINING_OPTION_INVALID', `the model has no node ${name}`, {
      where: 'the layers that train',
      fix: 'the name of a node, as the analysis lists it',
    });
  }
  const frozen = new Set(freeze.map((name) => byName.get(name)));
  if (!heads) return (node) => !frozen.has(node);
  const following = new Set<NodeProto>();
  const values = new Set<string>();
  for (const node of graph.topological()) {
    if (!heads.includes(graph.nodeName(node)) && !node.input.some((name) => values.has(name))) continue;
    following.add(node);
    for (const name of node.output) if (name !== '') values.add(name);
  }
  return (node) => following.has(node) && !frozen.has(node);
}
