import {
  type Graph,
  type NodeProto,
  type TensorProto,
  constantProto,
  floatAttr,
  hasAttr,
  intAttr,
  isDropped,
  readTensor,
  tensorNumbers,
  stridesOf,
} from '@kneepoint/onnx';
import type { TracedLayer } from '../trace/edits.ts';
import { storedBehind, storedNumbers } from '../trace/stored.ts';
import type { Trace, Value } from '../trace/trace.ts';
import type { Removed } from './removed.ts';

/** Roots of the removed classes whose channels are zero in a value, whatever the image. */
export type ZeroRoots = ReadonlySet<number>;

const NONE: ZeroRoots = new Set();
const names = (list: string): ReadonlySet<string> => new Set(list.split(' '));

/** f(0) = 0, or a movement of the same numbers. A channel is zero behind it where it was in front of it. */
const KEEPS_ZERO = names(
  'Relu LeakyRelu Elu Selu Celu HardSwish Swish Tanh Softsign Gelu Erf Mish ThresholdedRelu Shrink Identity Abs Neg Sqrt Floor ' +
    'Ceil Round Sign Cast Sin Tan Sinh Asin Asinh Atan Atanh Dropout PRelu Div MaxPool AveragePool LpPool GlobalAveragePool ' +
    'GlobalMaxPool GlobalLpPool Reshape Flatten Squeeze Unsqueeze Transpose Concat Split Slice Gather Resize Upsample Expand Tile ' +
    'DepthToSpace SpaceToDepth Pad ReduceMean ReduceMax ReduceMin ReduceSum ReduceL1 ReduceL2',
);
const SUMS = names('Add Sub Sum Max Min Mean');

/**
 * Finds which removed channels are exactly zero in which values: those of filters without a weight and a bias, through everything that
 * keeps a zero. What is masked in front of a filter counts as zero there too. Without weights (a skeleton) nothing is known to be zero.
 */
export function zeroChannels(trace: Trace, removed: Removed): ReadonlyMap<string, ZeroRoots> {
  return new ZeroSearch(trace, removed).run();
}

class ZeroSearch {
  private readonly trace: Trace;
  private readonly graph: Graph;
  private readonly removed: Removed;
  private readonly layers: ReadonlyMap<NodeProto, TracedLayer>;
  private readonly found = new Map<string, ZeroRoots>();

  constructor(trace: Trace, removed: Removed) {
    this.trace = trace;
    this.graph = trace.graph;
    this.removed = removed;
    this.layers = new Map(trace.layers.map((layer) => [layer.node, layer]));
  }

  run(): ReadonlyMap<string, ZeroRoots> {
    for (const node of this.graph.topological()) {
      for (const name of node.output) {
        const value = this.trace.values.get(name);
        if (!value) continue;
        const going = this.rootsOf(value);
        if (going.size === 0) continue;
        const zero = this.zeroBehind(node, going);
        if (zero.size > 0) this.found.set(name, zero);
      }
    }
    return this.found;
  }

  /** Roots of the classes in a value that go. */
  private rootsOf({ labels }: Value): ZeroRoots {
    const roots = new Set<number>();
    for (const label of labels.data) if (this.removed(label)) roots.add(this.trace.labels.find(label));
    return roots;
  }

  private zeroBehind(node: NodeProto, going: ZeroRoots): ZeroRoots {
    const layer = this.layers.get(node);
    if (layer) return this.zeroFilters(layer, going);
    const first = this.found.get(node.input[0] ?? '') ?? NONE;
    if (node.opType === 'BatchNormalization') return this.normalised(node, going, first);
    if (node.opType === 'Mul') return only(going, (root) => node.input.some((name) => this.found.get(name)?.has(root)));
    if (node.opType === 'Clip') return this.clipsAroundZero(node) ? only(going, (root) => first.has(root)) : NONE;
    if (node.opType === 'Where') return this.inAll(node.input.slice(1), going);
    if (SUMS.has(node.opType)) return this.inAll(node.input, going);
    if (!KEEPS_ZERO.has(node.opType)) return NONE;
    // Operands behind the first say where and how; of a Concat all are joined.
    return this.inAll(node.opType === 'Concat' ? node.input : node.input.slice(0, 1), going, true);
  }

  /** Roots that are zero in every one of several operands; where they are joined, in those that have them. */
  private inAll(operands: readonly string[], going: ZeroRoots, joined = false): ZeroRoots {
    const parts = operands.map((name) => ({ name, value: this.trace.values.get(name) }));
    const constants = parts.filter(({ value }) => !value);
    if (!joined && !constants.every(({ name }) => this.isZero(constantProto(this.graph, name)))) return NONE;
    const values = parts.flatMap(({ name, value }) =>
      value ? [{ has: this.rootsOf(value), zero: this.found.get(name) ?? NONE }] : [],
    );
    return only(going, (root) => {
      const own = joined ? values.filter(({ has }) => has.has(root)) : values;
      return own.length > 0 && own.every(({ zero }) => zero.has(root));
    });
  }

  private zeroFilters({ node, labels, weight }: TracedLayer, going: ZeroRoots): ZeroRoots {
    const alive = new Set<number>();
    const root = (filter: number) => this.trace.labels.find(labels[filter]!);
    const stored = storedBehind(this.graph, node.input[weight.input]!);
    if (!stored || isDropped(stored.tensor)) return NONE;
    const { dims, data } = storedNumbers(this.graph, stored);
    const groups = intAttr(node, 'group', 1);
    if (groups > 1 && weight.axis !== 0) return NONE;
    const numbers = data as Float32Array;
    const stride = stridesOf(dims)[weight.axis]!;
    const silent = this.silentInputs(node, weight.axis, groups, dims);
    for (let i = 0; i < numbers.length; i++) {
      if (numbers[i] === 0) continue;
      const filter = Math.floor(i / stride) % dims[weight.axis]!;
      if (!silent?.(i, filter)) alive.add(root(filter));
    }
    const bias = BIASED.has(node.opType) ? node.input[2] : undefined;
    if (bias) {
      const tensor = constantProto(this.graph, bias);
      if (!tensor || isDropped(tensor)) return NONE;
      const values = tensorNumbers(readTensor(tensor));
      if (values.length === labels.length) values.forEach((value, filter) => value !== 0 && alive.add(root(filter)));
      else if (values.some((value) => value !== 0)) return NONE;
    }
    return only(going, (one) => !alive.has(one));
  }

  /** Whether the input that a weight of a convolution or product meets is at zero: masked, or zero in front of a depthwise convolution. */
  private silentInputs(
    node: NodeProto,
    filterAxis: number,
    groups: number,
    dims: readonly number[],
  ): ((i: number, filter: number) => boolean) | undefined {
    const sum = this.trace.consumptions.find((consumption) => consumption.node === node && consumption.input === 0);
    if (sum && groups === 1 && dims.length >= 2 && filterAxis < 2) {
      const inner = 1 - filterAxis;
      const stride = stridesOf(dims)[inner]!;
      const gone = Array.from(sum.labels, (label) => this.removed(label));
      return gone.length === dims[inner] ? (i) => gone[Math.floor(i / stride) % dims[inner]!]! : undefined;
    }
    const input = this.trace.values.get(node.input[0] ?? '');
    if (sum || groups === 1 || !input) return undefined;
    const zero = this.found.get(node.input[0]!) ?? NONE;
    const each = dims[0]! / groups;
    return (_, filter) => zero.has(this.trace.labels.find(input.labels.data[Math.floor(filter / each)] ?? -1));
  }

  /** γ (x − μ) / √(σ² + ε) + β is zero where γ and β are, or where x is and the rest cancels. */
  private normalised(node: NodeProto, going: ZeroRoots, first: ZeroRoots): ZeroRoots {
    const value = this.trace.values.get(node.output[0] ?? '');
    const tensors = [1, 2, 3, 4].map((input) => constantProto(this.graph, node.input[input] ?? ''));
    if (!value || !tensors.every((tensor): tensor is TensorProto => tensor !== undefined && !isDropped(tensor)))
      return NONE;
    const [scale, bias, mean, variance] = tensors.map((tensor) => tensorNumbers(readTensor(tensor)));
    const epsilon = floatAttr(node, 'epsilon', 1e-5);
    const alive = new Set<number>();
    value.labels.data.forEach((label, i) => {
      const root = this.trace.labels.find(label);
      const dead = scale![i] === 0 && bias![i] === 0;
      const still = bias![i]! - (scale![i]! * mean![i]!) / Math.sqrt(variance![i]! + epsilon) === 0;
      if (!dead && !(first.has(root) && still)) alive.add(root);
    });
    return only(going, (root) => !alive.has(root));
  }

  private clipsAroundZero(node: NodeProto): boolean {
    const bound = (input: number, name: string, otherwise: number) => {
      if (hasAttr(node, name)) return floatAttr(node, name);
      if (!node.input[input]) return otherwise;
      const tensor = constantProto(this.graph, node.input[input]);
      return tensor && !isDropped(tensor) ? tensorNumbers(readTensor(tensor))[0] : undefined;
    };
    const [low, high] = [bound(1, 'min', -Infinity), bound(2, 'max', Infinity)];
    return low !== undefined && high !== undefined && low <= 0 && high >= 0;
  }

  private isZero(tensor: TensorProto | undefined): boolean {
    return !!tensor && !isDropped(tensor) && tensorNumbers(readTensor(tensor)).every((value) => value === 0);
  }
}

/** Operators whose third input is a bias. */
const BIASED = names('Conv ConvTranspose Gemm');

function only(roots: ZeroRoots, keeps: (root: number) => boolean): ZeroRoots {
  return new Set([...roots].filter(keeps));
}
