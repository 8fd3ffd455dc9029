import type { MapSize, NodeProto } from '@kneepoint/onnx';
import type { Graph } from '@kneepoint/onnx';
import { constantProto, isDefaultDomain } from '@kneepoint/onnx';
import { expanded, varyingAxes } from '../labels/label-tensor.ts';
import type { Trace } from '../trace/trace.ts';

/**
 * Where responses are read: after a convolution (+ normalisation, + activation or max-feature-map) and before pooling, after the sum
 * of a residual block (+ activation), and after a hidden dense layer (+ activation).
 */
export interface Tap {
  /** Name of the node whose responses they are: Conv, ConvTranspose, Gemm, MatMul, or the Add of a residual block. */
  readonly layer: string;
  /** Name of the tensor to read: N × channels × space, or of a dense layer N × channels or N × space × channels. */
  readonly value: string;
  readonly channels: number;
  readonly rank: number;
  /** Where its channels lie: 1, or the last of several axes. */
  readonly axis: number;
  /** Height and width of its maps, where it has these two axes. */
  readonly size?: MapSize;
  /** Position among the taps, in graph order. */
  readonly order: number;
  /** Channel class of each channel; −1 for one that belongs to no filter. */
  readonly classes: readonly number[];
}

/** The taps of a traced graph. `frozen` says whether a class has to stay. */
export function tapsOf(
  trace: Trace,
  classOf: (label: number) => number | undefined,
  frozen: (id: number) => boolean,
): Tap[] {
  const taps: Tap[] = [];
  const layers = new Set(trace.layers.map(({ node }) => node));
  for (const node of trace.graph.topological()) {
    const dense = DENSE.has(node.opType);
    if (dense || CONVOLUTIONS.has(node.opType) ? !layers.has(node) : !isResidualSum(trace, node)) continue;
    const name = follow(trace.graph, node.output[0]!);
    const value = trace.values.get(name);
    if (!value || value.batch > 0 || value.dims.length < (dense ? 2 : 3)) continue;
    const rank = value.dims.length;
    const axis = dense ? rank - 1 : 1;
    if (varyingAxes(value.labels).some((varying) => varying !== axis)) continue;
    const channels = value.dims[axis]!;
    const labels = expanded(
      value.labels,
      value.dims.map((size, i) => (i === axis ? size : 1)),
    );
    const classes = Array.from(labels, (label) => classOf(label) ?? -1);
    // The last dense layer is the answer itself, not a response to judge filters by.
    if (dense && classes.every((id) => id < 0 || frozen(id))) continue;
    const [height, width, ...more] = value.dims.filter((_, i) => i !== 0 && i !== axis);
    const size =
      height === undefined || width === undefined || more.length > 0 ? {} : { size: [height, width] as const };
    taps.push({ layer: node.name, value: name, channels, rank, axis, ...size, order: taps.length, classes });
  }
  return taps;
}

/** A sum of feature maps of one shape, channel by channel; not a bias, a gate, or a value spread over channels or positions. */
function isResidualSum({ values }: Trace, node: NodeProto): boolean {
  if (!SUMS.has(node.opType) || !isDefaultDomain(node.domain) || node.input.length < 2) return false;
  const terms = node.input.map((name) => values.get(name)?.dims);
  const [first] = terms;
  return (
    first !== undefined &&
    first.length >= 3 &&
    terms.every((dims) => dims?.length === first.length && dims.every((size, axis) => size === first[axis]))
  );
}

const CONVOLUTIONS: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose']);
const DENSE: ReadonlySet<string> = new Set(['Gemm', 'MatMul']);
const SUMS: ReadonlySet<string> = new Set(['Add', 'Sum']);

/** From a node's output through normalisation and at most one activation to the value that is its response. */
function follow(graph: Graph, start: string): string {
  let value = start;
  let activated = false;
  for (;;) {
    const next: Step | undefined = graph.isOutput(value) ? undefined : step(graph, value, activated);
    if (!next) return value;
    activated ||= next.activates;
    value = next.value;
  }
}

interface Step {
  readonly value: string;
  readonly activates: boolean;
}

function step(graph: Graph, value: string, activated: boolean): Step | undefined {
  const users = [...new Set(graph.consumers(value).map((use) => use.node))];
  if (users.some((node) => !isDefaultDomain(node.domain))) return undefined;
  const [only] = users;
  if (only && users.length === 1) {
    if (only.opType === 'Split') return activated ? undefined : maxFeatureMap(graph, [only], value);
    const output = only.output[0]!;
    if (PASSES.has(only.opType) || scalesChannels(graph, only, value)) return { value: output, activates: false };
    if (activated) return undefined;
    const activates = ACTIVATIONS.has(only.opType) && only.input[0] === value;
    return activates ? { value: output, activates } : undefined;
  }
  if (activated) return undefined;
  return gated(graph, users, value) ?? maxFeatureMap(graph, users, value);
}

/** Max-feature-map: slices of one value that meet again in a Max. */
function maxFeatureMap(graph: Graph, users: readonly NodeProto[], value: string): Step | undefined {
  const parts = users.flatMap((node) => {
    const cuts = (node.opType === 'Slice' || node.opType === 'Split') && node.input[0] === value;
    return cuts ? node.output : [''];
  });
  if (parts.length < 2 || parts.includes('')) return undefined;
  const meets = new Set(parts.flatMap((part) => graph.consumers(part).map((use) => use.node)));
  const [max] = meets;
  if (meets.size !== 1 || max?.opType !== 'Max' || max.input.some((input) => !parts.includes(input))) return undefined;
  return { value: max.output[0]!, activates: true };
}

/** x · gate(x), as exporters write Swish, HardSwish and Mish; the gate is a chain of one or more nodes. */
function gated(graph: Graph, users: readonly NodeProto[], value: string): Step | undefined {
  const product = users.find((node) => node.opType === 'Mul' && node.input.includes(value));
  const gate = users.find((node) => node !== product);
  if (!product || !gate || users.length !== 2) return undefined;
  let at = gate;
  for (let length = 0; length < MAX_GATE && GATES.has(at.opType); length++) {
    const output = at.output[0]!;
    const [use, ...others] = graph.consumers(output);
    if (!use || others.length > 0) return undefined;
    if (use.node === product) return { value: product.output[0]!, activates: true };
    at = use.node;
  }
  return undefined;
}

/** Add or Mul with a constant: a bias or scale that the exporter left outside the convolution. */
function scalesChannels(graph: Graph, node: NodeProto, value: string): boolean {
  if (node.opType !== 'Add' && node.opType !== 'Mul' && node.opType !== 'Sub' && node.opType !== 'Div') return false;
  const other = node.input.find((input) => input !== value);
  return other !== undefined && constantProto(graph, other) !== undefined;
}

const MAX_GATE = 3;

const PASSES: ReadonlySet<string> = new Set(['BatchNormalization', 'Identity', 'Dropout']);

const GATES: ReadonlySet<string> = new Set([
  'Sigmoid',
  'HardSigmoid',
  'Softplus',
  'Tanh',
  'Add',
  'Clip',
  'Div',
  'Erf',
  'Mul',
]);

const ACTIVATIONS: ReadonlySet<string> = new Set([
  ...['Relu', 'LeakyRelu', 'PRelu', 'Elu', 'Selu', 'Celu', 'Sigmoid', 'HardSigmoid', 'HardSwish', 'Swish', 'Tanh'],
  ...['Softplus', 'Softsign', 'Gelu', 'Mish', 'ThresholdedRelu', 'Clip'],
]);
