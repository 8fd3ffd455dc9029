import { create } from '@bufbuild/protobuf';
import type { ModelProto, NodeProto, TensorProto } from '@kneepoint/onnx';
import {
  cloneModel,
  DataType,
  floatAttr,
  floatConstant,
  Graph,
  initializerBehind,
  intConstant,
  isFloatType,
  NodeProtoSchema,
  readTensor,
  setAttr,
  valueInfo,
  volume,
  writeTensor,
} from '@kneepoint/onnx';
import type { Shapes } from '../trace/trace.ts';
import type { BatchOutputs } from './compare.ts';

/**
 * A layer whose responses are brought to unit size by its own weights. Its scale s and shift m turn the response y into (y − m) · s when
 * the tensors of `scaled` are multiplied by s and the bias becomes (bias − m / β) · s.
 */
interface Site {
  readonly node: NodeProto;
  /** The stored tensor that is multiplied; it names the site, since nodes may share it. */
  readonly scaled: string;
  /** A bias in whole numbers, whose scale goes with that of the weight: it stays as large in more or fewer steps. */
  readonly steps: { readonly scale: string; readonly value: string } | undefined;
  readonly bias: string | undefined;
  /** What the node multiplies its bias by. */
  readonly beta: number;
  /** The axis along which the response has its channels. */
  readonly axis: number;
  readonly dims: readonly number[];
  readonly type: DataType;
}

/** What a site's response is multiplied by, and what is taken from each channel before. */
interface Level {
  readonly scale: number;
  readonly shift: ArrayLike<number>;
}

/** Share of a response's second moment that the image is to make, at least. */
const LEAST_SHARE = 0.01;
/** Below this share nothing is left of the image but rounding. */
const NO_SHARE = 1e-10;
/** So many times unit size a response may have for the image to make its share: beyond, activations saturate. */
const LARGEST = 4;
/** The opset from which ReduceMean takes its axes as an input. */
const AXES_AS_INPUT = 18;

export interface Levelling {
  /** The network with a normalisation behind every layer, which gives the scales and shifts among its outputs. */
  readonly probe: ModelProto;
  /** The same weights in any graph of the same tensors, so that its layers respond as the normalised ones did. */
  apply(model: ModelProto, given: BatchOutputs['results']): void;
}

/**
 * Layer-sequential unit variance (Mishkin and Matas 2016) in one run: behind each layer of `network` its response is normalised in the
 * graph itself, so that every later one is measured on what the earlier will give. A scale alone keeps a chain of layers between dying and
 * exploding. With V the variance from image to image (of a single image, from place to place), M² the channels' mean squared mean and B
 * what is left of the second moment, means are shrunk to t·M, t² = (V/D − V − B) / M² kept within 0 and 1, and where V is less than D of
 * V + B + t²M² still, the response is made larger. No further than needed: all that brings the image out multiplies rounding too.
 * `together` counts the images of a run.
 */
export function levelSignals(network: ModelProto, shapes: Shapes, together: number): Levelling {
  const probe = cloneModel(network);
  const graph = new Graph(probe);
  const owners = new Map<string, string>();
  const sites = graph.topological().flatMap((node) => siteOf(graph, node, shapes, owners) ?? []);
  const writing = new Writing(graph);
  const stems = new Map<string, string>();
  for (const site of sites) {
    const known = stems.get(site.scaled);
    stems.set(site.scaled, writing.normalise(site, together, known));
  }
  graph.proto.valueInfo = [];
  return { probe, apply: (model, given) => apply(model, sites, levelsOf(stems, given)) };
}

/** Operators with a scale, and a bias that a shift can be put into: positions of both, and of the channels. */
const SITES: Readonly<Record<string, { readonly scaled: number; readonly bias?: number }>> = {
  Conv: { scaled: 1, bias: 2 },
  ConvTranspose: { scaled: 1, bias: 2 },
  Gemm: { scaled: 1, bias: 2 },
  BatchNormalization: { scaled: 1, bias: 2 },
  MatMul: { scaled: 1 },
  Einsum: { scaled: 1 },
};

function siteOf(graph: Graph, node: NodeProto, shapes: Shapes, owners: Map<string, string>): Site | undefined {
  const known = SITES[node.opType];
  const dims = shapes.get(node.output[0] ?? '');
  if (!known || !dims || dims.length < 2) return undefined;
  const scaled = drawnBehind(graph, node.input[known.scaled] ?? '');
  const tensor = scaled === undefined ? undefined : graph.initializer(scaled);
  if (scaled === undefined || !tensor || !isFloatType(tensor.dataType)) return undefined;
  const axis = known.bias === undefined ? dims.length - 1 : 1;
  const bias = known.bias === undefined ? undefined : initializerBehind(graph, node.input[known.bias] ?? '');
  const stored = bias === undefined ? undefined : graph.initializer(bias);
  const fits = stored !== undefined && isFloatType(stored.dataType) && volume(stored.dims.map(Number)) === dims[axis];
  // One bias cannot make up for the means of two layers.
  const own = fits && (owners.get(bias!) ?? scaled) === scaled;
  if (own) owners.set(bias!, scaled);
  const steps = known.bias === undefined ? undefined : stepsBehind(graph, node.input[known.bias] ?? '', owners);
  if (steps) owners.set(steps.scale, scaled);
  const beta = node.opType === 'Gemm' ? floatAttr(node, 'beta', 1) : 1;
  const type = tensor.dataType as DataType;
  return { node, scaled, steps, bias: own && beta !== 0 ? bias : undefined, beta, axis, dims, type };
}

/** The stored weight of an input; of a quantised one the scale of its own that fresh weights came with. */
function drawnBehind(graph: Graph, name: string): string | undefined {
  const read = graph.producer(name);
  if (read?.opType !== 'DequantizeLinear') return initializerBehind(graph, name);
  return read.input[0]?.endsWith('/drawn') ? read.input[1] : undefined;
}

/** A bias in whole numbers that fresh weights came with; undefined where another layer has it too. */
function stepsBehind(graph: Graph, name: string, owners: ReadonlyMap<string, string>): Site['steps'] {
  const read = graph.producer(name);
  const scale = drawnBehind(graph, name);
  if (read?.opType !== 'DequantizeLinear' || scale === undefined || owners.has(scale)) return undefined;
  return { scale, value: read.input[0]! };
}

function levelsOf(stems: ReadonlyMap<string, string>, results: BatchOutputs['results']): ReadonlyMap<string, Level> {
  return new Map(
    [...stems].map(([scaled, stem]) => {
      const scales = results.map((result) => Math.log(result.get(`${stem}_scale`)!.data[0]!));
      const shifts = results.map((result) => result.get(`${stem}_shift`)!.data);
      const scale = Math.exp(scales.reduce((sum, one) => sum + one, 0) / scales.length);
      const shift = Float64Array.from(shifts[0]!, (_, channel) => {
        return shifts.reduce((sum, one) => sum + one[channel]!, 0) / shifts.length;
      });
      // A layer that answers zero to everything has no size to be brought to.
      return [scaled, scale > 0 && scale < MOST ? { scale, shift } : { scale: 1, shift: shift.fill(0) }];
    }),
  );
}

const MOST = 1e12;
/** The least size that is divided by. */
const TINY = 1e-30;

function apply(model: ModelProto, sites: readonly Site[], levels: ReadonlyMap<string, Level>): void {
  const next = new Map<string, (tensor: TensorProto) => TensorProto>();
  for (const { scaled, steps, bias, beta } of sites) {
    const { scale, shift } = levels.get(scaled)!;
    next.set(scaled, (tensor) => changed(tensor, (value) => value * scale));
    if (steps) {
      next.set(steps.scale, (tensor) => changed(tensor, (value) => value * scale));
      next.set(steps.value, (tensor) => changed(tensor, (value) => bounded(value / scale)));
    }
    if (bias !== undefined)
      next.set(bias, (tensor) => changed(tensor, (value, i) => (value - shift[i]! / beta) * scale));
  }
  const graph = model.graph!;
  graph.initializer = graph.initializer.map((tensor) => next.get(tensor.name)?.(tensor) ?? tensor);
}

function changed(tensor: TensorProto, change: (value: number, i: number) => number): TensorProto {
  const { dims, type, data } = readTensor(tensor);
  return writeTensor(tensor.name, { dims, type, data: (data as Float32Array | Int32Array).map(change) });
}

/** A number of steps. More than these are beyond what a sum in whole numbers holds. */
function bounded(value: number): number {
  return Math.round(Math.min(MOST_STEPS, Math.max(-MOST_STEPS, value)));
}

const MOST_STEPS = 2 ** 30;

class Writing {
  private readonly graph: Graph;
  private made = 0;

  constructor(graph: Graph) {
    this.graph = graph;
  }

  /** Puts y ← (y − shift) · scale behind a node; gives the stem of both names, or uses those of the node that shares its weight. */
  normalise({ node, bias, axis, dims, type }: Site, together: number, known: string | undefined): string {
    const { proto } = this.graph;
    const output = node.output[0]!;
    const raw = `${output}_raw`;
    node.output[0] = raw;
    const rank = dims.length;
    const others = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis);
    const added: NodeProto[] = [];
    const put = (opType: string, inputs: string[], output?: string): string => {
      // A node of the network may be called as its output is.
      const name = `level_${++this.made}`;
      added.push(create(NodeProtoSchema, { name, opType, input: inputs, output: [output ?? name] }));
      return output ?? name;
    };
    const mean = (value: string, axes: readonly number[]): string => {
      if (this.graph.opset >= AXES_AS_INPUT) return put('ReduceMean', [value, this.ints(axes)]);
      const name = put('ReduceMean', [value]);
      setAttr(added.at(-1)!, 'axes', [...axes]);
      return name;
    };
    const cast = (value: string, to: DataType, output?: string): string => {
      const made = put('Cast', [value], output);
      setAttr(added.at(-1)!, 'to', to);
      return made;
    };
    const single = type === DataType.FLOAT;
    const value = single ? raw : cast(raw, DataType.FLOAT);
    const stem = known ?? `level_${++this.made}`;
    if (known === undefined) {
      const all = [...others, axis];
      const squared = (of: string) => mean(put('Mul', [of, of]), all);
      const atLeast = (of: string, least: number) => put('Max', [of, this.number(least)]);
      const means = mean(value, others);
      const [second, between] = [squared(value), squared(means)];
      const byImage = together > 1 && dims[0] === 1 && axis !== 0;
      const variance = squared(put('Sub', [value, byImage ? mean(value, [0]) : means]));
      const wanted = put('Div', [variance, this.number(LEAST_SHARE)]);
      const rest = atLeast(put('Sub', [second, between]), 0);
      const shrunk = put('Div', [put('Sub', [wanted, rest]), atLeast(between, TINY)]);
      // One place of one image varies by nothing.
      const alone = !byImage && volume(dims) === dims[axis];
      const lost = put('Less', [variance, put('Mul', [second, this.number(NO_SHARE)])]);
      const left =
        alone || bias === undefined
          ? this.number(1)
          : put('Where', [lost, this.number(1), put('Min', [atLeast(shrunk, 0), this.number(1)])]);
      const size = atLeast(put('Add', [rest, put('Mul', [left, between])]), TINY);
      const gain = put('Div', [size, atLeast(wanted, TINY)]);
      const larger = alone
        ? this.number(1)
        : put('Where', [lost, this.number(1), put('Min', [atLeast(gain, 1), this.number(LARGEST ** 2)])]);
      put('Sqrt', [put('Div', [larger, size])], `${stem}_scale`);
      put('Mul', [put('Sub', [this.number(1), put('Sqrt', [left])]), means], `${stem}_shift`);
      proto.output.push(valueInfo(`${stem}_scale`), valueInfo(`${stem}_shift`));
    }
    const shifted = put('Sub', [value, `${stem}_shift`]);
    if (single) put('Mul', [shifted, `${stem}_scale`], output);
    else cast(put('Mul', [shifted, `${stem}_scale`]), type, output);
    proto.node.splice(proto.node.indexOf(node) + 1, 0, ...added);
    return stem;
  }

  private number(value: number): string {
    const name = `level_${++this.made}`;
    this.graph.proto.initializer.push(floatConstant(name, DataType.FLOAT, [], [value]));
    return name;
  }

  private ints(values: readonly number[]): string {
    const name = `level_${++this.made}`;
    this.graph.proto.initializer.push(intConstant(name, values, [values.length]));
    return name;
  }
}
