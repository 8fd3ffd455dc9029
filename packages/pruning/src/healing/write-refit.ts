import { create } from '@bufbuild/protobuf';
import type { DataType, ModelProto, NodeProto, TensorProto } from '@kneepoint/onnx';
import {
  constantDims,
  constantProto,
  floatAttr,
  floatConstant,
  Graph,
  NodeProtoSchema,
  readTensor,
  setAttr,
  valueInfo,
  volume,
} from '@kneepoint/onnx';
import type { Refit } from './refit.ts';
import type { Site, Unit } from './units.ts';

/** Puts a correction into a model, in place. Tensors that other nodes read, or another model, are copied and not changed. */
export function writeRefit(model: ModelProto, { sites, unknowns }: Unit, { weights, biases }: Refit): void {
  const [{ layout }] = sites as [Site];
  if (weights) {
    const graph = new Graph(model);
    const stored = constantProto(graph, layout.weight)!;
    const values = Float64Array.from(readTensor(stored).data as ArrayLike<number>);
    const inputs = layout.channels * layout.taps;
    weights.forEach((change, group) => {
      for (let filter = 0; filter < layout.filters; filter++) {
        for (let input = 0; input < inputs; input++) {
          const unknown = unknowns.channelOf?.[input] ?? input;
          values[layout.weightAt(group, filter, input)]! += change[filter * unknowns.count + unknown]! / layout.scale;
        }
      }
    });
    store(graph, floatConstant(layout.weight, stored.dataType, constantDims(stored), values), sites);
  }
  if (biases) addBias(model, sites, biases);
  listInputs(model);
}

/** Before IR 4 a file lists its initializers as graph inputs. */
function listInputs(model: ModelProto): void {
  if (model.irVersion >= 4n) return;
  const graph = model.graph!;
  const listed = new Set(graph.input.map(({ name }) => name));
  for (const tensor of graph.initializer) {
    if (!listed.has(tensor.name)) graph.input.push(valueInfo(tensor.name, constantDims(tensor), tensor.dataType));
  }
}

/** Stores a tensor under the name that the sites read; a Constant node of that name goes. */
function store(graph: Graph, tensor: TensorProto, sites: readonly Site[]): void {
  const { proto } = graph;
  const own = graph.consumers(tensor.name).every(({ node }) => sites.some((site) => site.node === node.name));
  if (!own) {
    const before = tensor.name;
    tensor.name = unused(graph, `${before}_healed`);
    for (const node of nodesOf(graph, sites))
      node.input = node.input.map((name) => (name === before ? tensor.name : name));
  }
  const constant = graph.producer(tensor.name);
  proto.node = proto.node.filter((node) => node !== constant);
  proto.initializer = [...proto.initializer.filter(({ name }) => name !== tensor.name), tensor];
}

function addBias(model: ModelProto, sites: readonly Site[], shift: Float64Array): void {
  const graph = new Graph(model);
  const nodes = nodesOf(graph, sites);
  const [{ layout, op }] = sites as [Site];
  const type = constantProto(graph, layout.weight)!.dataType as DataType;
  if (op === 'MatMul') {
    nodes.forEach((node, i) => addAfter(graph, node, sites[i]!, type, shift));
    return;
  }
  const [first] = nodes as [NodeProto];
  const name = first.input[2] ?? '';
  const stored = constantProto(graph, name);
  const beta = op === 'Gemm' ? floatAttr(first, 'beta', 1) : 1;
  if (beta === 0) for (const node of nodes) setAttr(node, 'beta', { float: 1 });
  const bias = stored && beta !== 0 ? readTensor(stored) : undefined;
  // Gemm takes a row, a column of one value for each row, or a single number: all of them are spread over rows × filters.
  const rows = bias?.dims.length === 2 ? bias.dims[0]! : 1;
  const columns = bias?.dims.at(-1) ?? 1;
  const values = Float64Array.from({ length: rows * shift.length }, (_, i) => {
    const [row, filter] = [Math.floor(i / shift.length), i % shift.length];
    const before = bias ? Number(bias.data[row * columns + (columns === 1 ? 0 : filter)]) : 0;
    return before + shift[filter]! / (beta === 0 ? 1 : beta);
  });
  const dims = bias?.dims.length === 2 ? [rows, shift.length] : [shift.length];
  const target = name === '' ? unused(graph, `${first.name}_bias`) : name;
  for (const node of nodes) {
    while (node.input.length < 3) node.input.push('');
    node.input[2] = target;
  }
  store(new Graph(model), floatConstant(target, type, dims, values), sites);
}

/** A MatMul has no bias: the constant that is added to its result and to nothing else is one; else there will be one. */
function addAfter(graph: Graph, node: NodeProto, site: Site, type: DataType, shift: Float64Array): void {
  const [output] = node.output as [string];
  const { reading } = site.layout;
  const behind = reading.kind === 'rows' ? reading.rank - 1 - reading.outputAxis : 0;
  const dims = [shift.length, ...Array.from({ length: behind }, () => 1)];
  const uses = graph.consumers(output);
  const sum = uses.length === 1 && !graph.isOutput(output) && uses[0]!.node.opType === 'Add' ? uses[0]! : undefined;
  const name = sum && sum.input >= 0 ? sum.node.input[1 - sum.input]! : '';
  const stored = constantProto(graph, name);
  if (
    stored &&
    volume(constantDims(stored)) === shift.length &&
    constantDims(stored).at(-1 - behind) === shift.length
  ) {
    const before = readTensor(stored);
    const values = Float64Array.from(shift, (value, i) => value + Number(before.data[i]));
    const own = graph.consumers(name).length === 1;
    const target = own ? name : unused(graph, `${name}_healed`);
    sum!.node.input[1 - sum!.input] = target;
    graph.proto.node = graph.proto.node.filter((other) => other !== graph.producer(target));
    const others = graph.proto.initializer.filter((other) => other.name !== target);
    graph.proto.initializer = [...others, floatConstant(target, stored.dataType, before.dims, values)];
    return;
  }
  const [inner, bias] = [unused(graph, `${output}_unshifted`), unused(graph, `${node.name}_bias`)];
  graph.proto.initializer.push(floatConstant(bias, type, dims, shift));
  node.output[0] = inner;
  const added = create(NodeProtoSchema, { name: bias, opType: 'Add', input: [inner, bias], output: [output] });
  graph.proto.node.splice(graph.proto.node.indexOf(node) + 1, 0, added);
}

function nodesOf(graph: Graph, sites: readonly Site[]): NodeProto[] {
  return sites.map((site) => graph.proto.node.find((node) => node.name === site.node)!);
}

function unused(graph: Graph, stem: string): string {
  const taken = (name: string): boolean =>
    !!graph.initializer(name) || !!graph.producer(name) || graph.isInput(name) || graph.consumers(name).length > 0;
  let name = stem;
  for (let i = 2; taken(name); i++) name = `${stem}_${i}`;
  return name;
}
