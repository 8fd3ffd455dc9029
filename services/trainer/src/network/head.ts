import { Failure } from '@kneepoint/failures';
import {
  cloneModel,
  floatAttr,
  floatTensor,
  Graph,
  GraphBuilder,
  intAttr,
  type ModelProto,
  readTensor,
  removeAttr,
  setAttr,
  valueInfo,
  writeTensor,
} from '@kneepoint/onnx';

/** The linear head that an image → task network ends with: y = W x + b. */
export interface Head {
  readonly node: string;
  /** The value that the head reads, N × features. */
  readonly input: string;
  readonly output: string;
  readonly weightName: string;
  readonly biasName: string;
  readonly targets: number;
  readonly features: number;
  /** targets × features, row-major. */
  readonly weights: Float64Array;
  /** One per target. */
  readonly bias: Float64Array;
}

const NAMES = { weight: 'head.weight', bias: 'head.bias' } as const;

/**
 * A copy whose last node is a Gemm in the one form that everything here relies on: weights targets × features, a bias, no factors.
 * Throws HEAD_BAD_SHAPE when the network ends otherwise or with another number of outputs.
 */
export function normaliseHead(model: ModelProto, targets: number): ModelProto {
  const copy = cloneModel(model);
  const graph = new Graph(copy);
  const [output] = graph.outputs;
  const node = output && graph.producer(output.name);
  if (graph.outputs.length !== 1 || node?.opType !== 'Gemm') {
    throw badHead(`the network ends with ${graph.outputs.length} outputs, made by ${node?.opType ?? 'nothing'}`);
  }
  const weight = graph.constant(node.input[1] ?? '');
  const bias = graph.constant(node.input[2] ?? '');
  if (weight?.dims.length !== 2 || intAttr(node, 'transA', 0) !== 0) throw badHead('its Gemm has no constant matrix');
  const transposed = intAttr(node, 'transB', 0) !== 0;
  const [rows, columns] = weight.dims as [number, number];
  const [outputs, features] = transposed ? [rows, columns] : [columns, rows];
  if (outputs !== targets) throw badHead(`it has ${outputs} outputs for ${targets} targets`);
  const [alpha, beta] = [floatAttr(node, 'alpha', 1), floatAttr(node, 'beta', 1)];
  const values = weight.data as Float32Array;
  const weights = Float64Array.from({ length: outputs * features }, (_, i) => {
    const [target, feature] = [Math.floor(i / features), i % features];
    return alpha * values[transposed ? i : feature * outputs + target]!;
  });
  const biases = Float64Array.from({ length: outputs }, (_, target) => {
    const data = bias?.data as Float32Array | undefined;
    return data === undefined ? 0 : beta * data[data.length === 1 ? 0 : target]!;
  });
  for (const name of ['alpha', 'beta', 'transA']) removeAttr(node, name);
  setAttr(node, 'transB', 1);
  const replaced = [node.input[1], node.input[2]];
  node.input = [node.input[0]!];
  const used = new Set(copy.graph!.node.flatMap(({ input }) => input));
  copy.graph!.initializer = copy.graph!.initializer.filter(({ name }) => !replaced.includes(name) || used.has(name));
  const taken = new Set(copy.graph!.initializer.map(({ name }) => name));
  const free = (name: string): string => (taken.has(name) ? free(`${name}_`) : name);
  const [weightName, biasName] = [free(NAMES.weight), free(NAMES.bias)];
  node.input.push(weightName, biasName);
  copy.graph!.initializer.push(
    writeTensor(weightName, floatTensor([outputs, features], Float32Array.from(weights))),
    writeTensor(biasName, floatTensor([outputs], Float32Array.from(biases))),
  );
  return copy;
}

/** The head of a network that `normaliseHead` has been through. */
export function readHead(model: ModelProto): Head {
  const graph = new Graph(model);
  const node = graph.producer(graph.outputs[0]!.name)!;
  const [input, weightName, biasName] = node.input as [string, string, string];
  const weight = readTensor(graph.initializer(weightName)!);
  const [targets, features] = weight.dims as [number, number];
  return {
    node: graph.nodeName(node),
    input,
    output: node.output[0]!,
    weightName,
    biasName,
    targets,
    features,
    weights: Float64Array.from(weight.data as Float32Array),
    bias: Float64Array.from(readTensor(graph.initializer(biasName)!).data as Float32Array),
  };
}

/** A copy with other numbers in the head. */
export function writeHead(model: ModelProto, { weights, bias }: Pick<Head, 'weights' | 'bias'>): ModelProto {
  const copy = cloneModel(model);
  const { weightName, biasName, targets, features } = readHead(copy);
  copy.graph!.initializer = copy.graph!.initializer.map((tensor) => {
    if (tensor.name === weightName)
      return writeTensor(weightName, floatTensor([targets, features], Float32Array.from(weights)));
    if (tensor.name === biasName) return writeTensor(biasName, floatTensor([targets], Float32Array.from(bias)));
    return tensor;
  });
  return copy;
}

/** The network without its head: its output is what the head reads. */
export function withoutHead(model: ModelProto): ModelProto {
  const copy = cloneModel(model);
  const { node, input, weightName, biasName, features } = readHead(copy);
  const graph = new Graph(copy);
  copy.graph!.node = copy.graph!.node.filter((candidate) => graph.nodeName(candidate) !== node);
  copy.graph!.initializer = copy.graph!.initializer.filter(({ name }) => name !== weightName && name !== biasName);
  copy.graph!.valueInfo = copy.graph!.valueInfo.filter(({ name }) => name !== input);
  copy.graph!.output = [valueInfo(input, ['N', features])];
  return copy;
}

/** The head alone as a network, `features` N × C → `answers` N × T; zero weights. */
export function headAlone({ weightName, biasName, targets, features }: Head): ModelProto {
  const builder = new GraphBuilder({ name: 'head' });
  const input = builder.input('features', ['N', features]);
  const weight = builder.init(floatTensor([targets, features], new Float32Array(targets * features)), weightName);
  const bias = builder.init(floatTensor([targets], new Float32Array(targets)), biasName);
  builder.output(builder.node('Gemm', [input, weight, bias], { transB: 1 }, 'answers'), ['N', targets]);
  return builder.build();
}

function badHead(problem: string): Failure {
  return new Failure('HEAD_BAD_SHAPE', `not an image → task network: ${problem}`, {
    where: 'last node',
    fix: 'a network that ends with a linear layer of one output per target, or a registered model to cut at a layer',
  });
}
