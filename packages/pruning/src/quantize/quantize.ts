import { create } from '@bufbuild/protobuf';
import {
  capturedValues,
  cloneModel,
  DataType,
  Graph,
  type ModelProto,
  type NodeProto,
  NodeProtoSchema,
  readTensor,
  setAttr,
  type Tensor,
  type TensorProto,
  writeTensor,
} from '@kneepoint/onnx';
import { roundedValues } from './activations.ts';
import { compact } from './compact.ts';
import { quantisableLayers, type QuantisableLayer } from './layers.ts';
import { activationSteps, type Steps, type ValueRange } from './ranges.ts';

export interface QuantizeOptions {
  /** What every rounded value takes, see `valuesToRange`. */
  readonly ranges: ReadonlyMap<string, ValueRange>;
  /** Layers that stay float, by name. */
  readonly except?: ReadonlySet<string>;
}

export interface Quantized {
  /** A new model; the one given is not changed. */
  readonly model: ModelProto;
  /** Names of the layers whose weights are whole numbers now. */
  readonly layers: readonly string[];
}

/** Scales along an axis came with it. */
export const LEAST_OPSET = 13;
const LARGEST_WEIGHT = 127;
/** A bias is kept within half of what int32 holds, so that sums have room. */
const LARGEST_BIAS = 2 ** 30;

/** The values whose ranges `quantize` asks for, whichever layers stay float. */
export function valuesToRange(model: ModelProto): readonly string[] {
  const graph = new Graph(model);
  return roundedValues(graph, quantisableLayers(graph).layers).map(({ value }) => value);
}

/**
 * The network in whole numbers, in the form that runtimes fuse (QDQ): weights int8, symmetric, a scale for each filter; activations uint8 with a zero
 * point; biases int32 in steps of (scale of the input · scale of the filter). Every rounded number r stands for scale · (r − zero), which is what the
 * graph computes with; sums are exact. Batch normalisations are to be folded before, and the opset is 13 at least.
 */
export function quantize(source: ModelProto, { ranges, except = new Set() }: QuantizeOptions): Quantized {
  const model = cloneModel(source);
  const graph = new Graph(model);
  const layers = quantisableLayers(graph).layers.filter(({ name }) => !except.has(name));
  const rewriting = new Rewriting(graph);
  const rounded = roundedValues(graph, layers);
  for (const { value, steps } of rounded) rewriting.round(value, stepsIn(ranges, steps));
  const stepsOf = new Map(rounded.map(({ value, steps }) => [value, stepsIn(ranges, steps)]));
  for (const layer of layers) rewriting.store(layer, stepsOf.get(layer.node.input[0]!)!);
  rewriting.finish();
  return { model, layers: layers.map(({ name }) => name) };
}

function stepsIn(ranges: ReadonlyMap<string, ValueRange>, value: string): Steps {
  const range = ranges.get(value);
  if (!range) throw new Error(`no range of the value ${value}`);
  return activationSteps(range);
}

class Rewriting {
  readonly #graph: Graph;
  readonly #names: Set<string>;
  readonly #made: TensorProto[] = [];
  /** Nodes that are to stand directly after the one that makes a value, and what everybody else reads in its place. */
  readonly #after = new Map<string, NodeProto[]>();
  readonly #readAs = new Map<string, string>();
  /** Dequantised constants that stand before everything. */
  readonly #before: NodeProto[] = [];
  /** By node: inputs that are read as something else. */
  readonly #inputs = new Map<NodeProto, Map<number, string>>();
  readonly #scalars = new Map<string, string>();
  #count = 0;

  constructor(graph: Graph) {
    this.#graph = graph;
    const { proto } = graph;
    this.#names = new Set([
      ...proto.node.flatMap((node) => [...node.output, ...capturedValues(node)]),
      ...proto.initializer.map(({ name }) => name),
      ...proto.input.map(({ name }) => name),
    ]);
  }

  round(value: string, { scale, zero }: Steps): void {
    const operands = [this.#scalar(scale), this.#zero(zero)];
    const [stored, read] = [this.#fresh(), this.#fresh()];
    this.#after.set(value, [
      create(NodeProtoSchema, { opType: 'QuantizeLinear', input: [value, ...operands], output: [stored] }),
      create(NodeProtoSchema, { opType: 'DequantizeLinear', input: [stored, ...operands], output: [read] }),
    ]);
    this.#readAs.set(value, read);
  }

  store({ node, weight, axis, bias }: QuantisableLayer, input: Steps): void {
    const values = readTensor(this.#graph.stored(weight)!);
    const added = bias === undefined ? undefined : readTensor(this.#graph.stored(bias)!);
    const scales = weightScales(values, axis, added && { values: added.data as Float32Array, step: input.scale });
    const whole = Int8Array.from(values.data as Float32Array, (value, i) => {
      const rounded = roundEven(value / scales[filterOf(values.dims, axis, i)]!);
      return Math.min(LARGEST_WEIGHT, Math.max(-LARGEST_WEIGHT, rounded));
    });
    const inputs = new Map([[1, this.#stored({ dims: values.dims, type: DataType.INT8, data: whole }, scales, axis)]]);
    if (added) {
      const steps = scales.map((scale) => Math.fround(scale * input.scale));
      const counts = Int32Array.from(added.data as Float32Array, (value, i) => roundEven(value / steps[i]!));
      inputs.set(2, this.#stored({ dims: added.dims, type: DataType.INT32, data: counts }, steps, 0));
    }
    this.#inputs.set(node, inputs);
  }

  finish(): void {
    const { proto } = this.#graph;
    for (const node of proto.node) {
      const own = this.#inputs.get(node);
      node.input = node.input.map((value, i) => own?.get(i) ?? this.#readAs.get(value) ?? value);
    }
    const fed = this.#graph.inputs.flatMap(({ name }) => this.#after.get(name) ?? []);
    proto.node = [
      ...this.#before,
      ...fed,
      ...this.#graph
        .topological()
        .flatMap((node) => [node, ...node.output.flatMap((name) => this.#after.get(name) ?? [])]),
    ];
    const used = new Set(proto.node.flatMap((node) => [...node.input, ...capturedValues(node)]));
    const outputs = new Set(proto.output.map(({ name }) => name));
    proto.node = proto.node.filter(
      (node) => node.opType !== 'Constant' || node.output.some((name) => used.has(name) || outputs.has(name)),
    );
    proto.initializer = [...proto.initializer.filter(({ name }) => used.has(name) || outputs.has(name)), ...this.#made];
    proto.input = [...this.#graph.inputs];
    // What was recorded of shapes holds for the values that are left.
    proto.valueInfo = [];
    compact(this.#graph, () => this.#fresh());
  }

  /** A constant in whole numbers with a scale for each position along an axis, read as what it stands for. */
  #stored(tensor: Tensor, scales: Float32Array, axis: number): string {
    const [constant, scale, read] = [this.#fresh(), this.#fresh(), this.#fresh()];
    this.#made.push(
      writeTensor(constant, tensor),
      writeTensor(scale, { dims: [scales.length], type: DataType.FLOAT, data: scales }),
    );
    const node = create(NodeProtoSchema, { opType: 'DequantizeLinear', input: [constant, scale], output: [read] });
    setAttr(node, 'axis', axis);
    this.#before.push(node);
    return read;
  }

  #scalar(value: number): string {
    return this.#once(`f${value}`, { dims: [], type: DataType.FLOAT, data: Float32Array.of(value) });
  }

  #zero(value: number): string {
    return this.#once(`z${value}`, { dims: [], type: DataType.UINT8, data: Uint8Array.of(value) });
  }

  #once(key: string, tensor: Tensor): string {
    const known = this.#scalars.get(key);
    if (known !== undefined) return known;
    const name = this.#fresh();
    this.#made.push(writeTensor(name, tensor));
    this.#scalars.set(key, name);
    return name;
  }

  /** Short, because they are most of what whole numbers add to a small file. */
  #fresh(): string {
    let name: string;
    do name = `q${(this.#count++).toString(36)}`;
    while (this.#names.has(name));
    this.#names.add(name);
    return name;
  }
}

/** Of each filter; larger where its bias would not fit. */
function weightScales(
  { data, dims }: Tensor,
  axis: number,
  bias: { readonly values: Float32Array; readonly step: number } | undefined,
): Float32Array {
  const largest = new Float64Array(dims[axis]!);
  (data as Float32Array).forEach((value, i) => {
    const filter = filterOf(dims, axis, i);
    largest[filter] = Math.max(largest[filter]!, Math.abs(value));
  });
  return Float32Array.from(largest, (most, filter) => {
    const least = bias ? Math.abs(bias.values[filter]!) / (LARGEST_BIAS * bias.step) : 0;
    return Math.max(most / LARGEST_WEIGHT, least) || 1;
  });
}

function filterOf(dims: readonly number[], axis: number, at: number): number {
  const behind = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  return Math.floor(at / behind) % dims[axis]!;
}

/** Ties to even, as QuantizeLinear rounds. */
function roundEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
