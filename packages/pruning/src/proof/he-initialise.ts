import type { ModelProto, NodeProto, Random, Tensor, TensorProto } from '@kneepoint/onnx';
import {
  cloneModel,
  DataType,
  Graph,
  initializerBehind,
  intAttr,
  readTensor,
  seededRandom,
  stringAttr,
  tensorDims,
  tensorNumbers,
  volume,
  writeTensor,
} from '@kneepoint/onnx';

/**
 * The same graph with new weights: contractions normal with variance gain² · 2 / fan-in (He et al. 2015), biases small, normalisation scale
 * and statistics away from 1 and 0. Numbers that are settings, not weights, stay. Two images then differ in the output, which is what gives
 * a comparison of graphs its power; where sigmoids and gates damp the signal, a gain above 1 makes up for it. Shared weights stay shared.
 */
export function heInitialise(model: ModelProto, seed: number, gain = 1): ModelProto {
  const copy = cloneModel(model);
  const graph = new Graph(copy);
  const random = seededRandom(seed);
  const drawn = new Map<string, Tensor>();
  const learned = new Set<string>();
  for (const node of graph.topological()) {
    const inside = node.input.some((name) => learned.has(name));
    if (inside || CONTRACTIONS.has(node.opType)) for (const name of node.output) learned.add(name);
    node.input.forEach((name, input) => {
      const source = initializerBehind(graph, name);
      const tensor = source === undefined ? undefined : graph.initializer(source);
      if (!source || !tensor || drawn.has(source)) return;
      const dims = tensorDims(tensor);
      // Before the first contraction arithmetic prepares the image; behind it, arithmetic per channel is learned (bias, layer scale).
      const arithmetic = inside && volume(dims) > 1 ? ARITHMETIC[node.opType] : undefined;
      const draw = arithmetic ?? DRAWS[node.opType]?.[input];
      const type = tensor.dataType as DataType;
      if (!draw || (type !== DataType.FLOAT && type !== DataType.FLOAT16 && type !== DataType.BFLOAT16)) return;
      drawn.set(source, { dims, type, data: numbers(draw({ random, dims, node, gain }), dims) });
    });
  }
  drawQuantised(graph, { random, gain });
  graph.proto.initializer = graph.proto.initializer.map((tensor) => {
    const next = drawn.get(tensor.name);
    return next ? writeTensor(tensor.name, next) : tensor;
  });
  return copy;
}

/**
 * New weights for what is stored in whole numbers: drawn as any other weight, with one scale for all that lets the largest just fit. The scale
 * becomes a tensor of its own, since another value may share the old one.
 */
function drawQuantised(graph: Graph, { random, gain }: Pick<Draw, 'random' | 'gain'>): void {
  const { proto } = graph;
  const drawn = new Map<
    NodeProto,
    { readonly tensors: TensorProto[]; readonly scale: string; readonly value: string; readonly step: number }
  >();
  for (const node of graph.proto.node) {
    node.input.forEach((name, input) => {
      const draw = DRAWS[node.opType]?.[input];
      const read = graph.producer(name);
      if (!draw || read?.opType !== 'DequantizeLinear' || drawn.has(read)) return;
      const [value, scale, zero] = [0, 1, 2].map((position) => graph.initializer(read.input[position] ?? ''));
      const most = value && LARGEST.get(value.dataType);
      if (!value || !scale || most === undefined || scale.dataType !== (DataType.FLOAT as number)) return;
      const dims = tensorDims(value);
      const plain = numbers(draw({ random, dims, node, gain }), dims);
      const free = plain.reduce((largest, number) => Math.max(largest, Math.abs(number)), 0) / most || 1;
      const [fed, weight] = node.input.map((operand) => graph.producer(operand));
      const own = input === BIAS && weight ? biasStep(graph, fed, drawn.get(weight)?.step) : undefined;
      const step = own ?? free;
      // A zero point for each position would be as new as the weight: the middle of the range serves for all.
      const middle = zero ? (tensorNumbers(readTensor(zero))[0] ?? 0) : 0;
      const { type, data } = readTensor(value);
      const whole = data.slice();
      const [low, high] = RANGES.get(type) ?? [-Infinity, Infinity];
      plain.forEach((number, i) => {
        whole[i] = Math.min(high, Math.max(low, Math.round(number / step) + middle));
      });
      const names = { value: `${name}/drawn`, scale: `${name}/drawn_scale` };
      const scaleDims = tensorDims(scale);
      drawn.set(read, {
        ...{ ...names, step },
        tensors: [
          writeTensor(names.value, { dims, type, data: whole }),
          writeTensor(names.scale, {
            ...{ dims: scaleDims, type: DataType.FLOAT },
            data: new Float32Array(volume(scaleDims)).fill(step),
          }),
        ],
      });
    });
  }
  for (const [read, { tensors, scale, value }] of drawn) {
    proto.initializer.push(...tensors);
    read.input[0] = value;
    read.input[1] = scale;
  }
}

/**
 * The step of a bias in whole numbers: that of the input · that of the weight, as every runtime takes it to be that fuses the layer. Undefined
 * where the input is not quantised.
 */
function biasStep(graph: Graph, fed: NodeProto | undefined, weight: number | undefined): number | undefined {
  const scale = fed?.opType === 'DequantizeLinear' ? graph.initializer(fed.input[1] ?? '') : undefined;
  if (!scale || weight === undefined || volume(tensorDims(scale)) !== 1) return undefined;
  return Math.fround(tensorNumbers(readTensor(scale))[0]! * weight);
}

/** The input of a layer that holds its bias. */
const BIAS = 2;

/** The largest step to either side of the zero point; an int32 bias is drawn in fewer steps than it could be, so that sums stay exact. */
const LARGEST: ReadonlyMap<number, number> = new Map([
  [DataType.INT8, 127],
  [DataType.UINT8, 127],
  [DataType.INT32, 2 ** 20],
]);

const RANGES: ReadonlyMap<DataType, readonly [number, number]> = new Map([
  [DataType.INT8, [-128, 127]],
  [DataType.UINT8, [0, 255]],
]);

function numbers(value: () => number, dims: readonly number[]): Float32Array {
  const data = new Float32Array(volume(dims));
  for (let i = 0; i < data.length; i++) data[i] = value();
  return data;
}

interface Draw {
  readonly random: Random;
  readonly dims: readonly number[];
  readonly node: NodeProto;
  readonly gain: number;
}

const fan = (count: (draw: Draw) => number) => (draw: Draw) => {
  const deviation = draw.gain * Math.sqrt(2 / Math.max(1, count(draw)));
  return () => deviation * draw.random.normal();
};
const small =
  ({ random }: Draw) =>
  () =>
    0.1 * random.normal();
const around =
  (low: number, high: number) =>
  ({ random }: Draw) =>
  () =>
    low + (high - low) * random.uniform();

const convolution = fan(({ dims }) => volume(dims.slice(1)));
const transposed = fan(({ dims, node }) => (dims[0]! / intAttr(node, 'group', 1)) * Math.sqrt(volume(dims.slice(2))));
const gemm = fan(({ dims, node }) => dims[intAttr(node, 'transB', 0) ? 1 : 0] ?? 1);

/** Of an equation like "nchw,dc->ndhw" each sum has as many terms as the letters that the result lacks have positions. */
const einsum =
  (input: number) =>
  (draw: Draw): (() => number) => {
    const [left = '', right = ''] = stringAttr(draw.node, 'equation').replaceAll(/\s/g, '').split('->');
    const letters = left.split(',')[input] ?? '';
    return fan(({ dims }) => volume(dims.filter((_, axis) => !right.includes(letters[axis] ?? ''))))(draw);
  };
/** A state that is fed back must not grow: variance 1 / fan-in. */
const recurrent = (draw: Draw) => fan(({ dims }) => 2 * (dims.at(-1) ?? 1))(draw);

const CONTRACTIONS: ReadonlySet<string> = new Set([
  ...['Conv', 'ConvTranspose', 'Gemm', 'MatMul', 'Einsum'],
  ...['LSTM', 'GRU', 'RNN'],
]);

/** What is drawn for a constant of several numbers in arithmetic behind a contraction. */
const ARITHMETIC: Readonly<Record<string, (draw: Draw) => () => number>> = {
  Add: small,
  Mul: around(0.5, 1.5),
};

/** What is drawn for which input of which operator. */
const DRAWS: Readonly<Record<string, Readonly<Record<number, (draw: Draw) => () => number>>>> = {
  Conv: { 1: convolution, 2: small },
  ConvTranspose: { 1: transposed, 2: small },
  Gemm: { 1: gemm, 2: small },
  MatMul: { 0: fan(({ dims }) => dims.at(-1) ?? 1), 1: fan(({ dims }) => dims.at(-2) ?? 1) },
  // E[scale²] · E[1 / variance] = 1: a signal that grew with every layer would, over hundreds, blow rounding up to the size of a difference.
  BatchNormalization: { 1: around(0.46, 1.38), 2: small, 3: small, 4: around(0.5, 1.5) },
  InstanceNormalization: { 1: around(0.5, 1.5), 2: small },
  LayerNormalization: { 1: around(0.5, 1.5), 2: small },
  GroupNormalization: { 1: around(0.5, 1.5), 2: small },
  PRelu: { 1: around(0.1, 0.4) },
  Einsum: { 0: einsum(0), 1: einsum(1) },
  ...Object.fromEntries(['LSTM', 'GRU', 'RNN'].map((name) => [name, { 1: recurrent, 2: recurrent, 3: small }])),
};

/** Whether what is stored at an input of a node is learned: a weight, a bias, a statistic. */
export function isLearned({ opType }: NodeProto, input: number): boolean {
  return DRAWS[opType]?.[input] !== undefined || ARITHMETIC[opType] !== undefined;
}
