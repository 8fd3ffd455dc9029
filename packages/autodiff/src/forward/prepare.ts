import type { DataType, ModelProto, NodeProto, TensorProto } from '@kneepoint/onnx';
import {
  capturedValues,
  cloneModel,
  DataType as Type,
  floatConstant,
  Folder,
  type Folded,
  Graph,
  isConstantNode,
  isFloatType,
  upgradeOpset,
  writeTensor,
} from '@kneepoint/onnx';
import type { ValueType } from '../emit/emitter.ts';
import { valueTypes } from './value-types.ts';

export interface Prepared {
  /** At opset 18; shape arithmetic and small constants are initializers, and every node carries its name in the model. */
  readonly model: ModelProto;
  readonly types: ReadonlyMap<string, ValueType>;
}

/**
 * A copy of a model in the form that it is placed in: opset 18, what follows from shapes and constants computed, nothing that no
 * output needs.
 * @param shapes every value's shape at the step's batch size
 * @param keep initializers that are not to be computed with: those that train
 * @throws MODEL_OPSET_UNSUPPORTED naming the node, SHAPES_INCOMPLETE
 */
export function prepareForward(
  model: ModelProto,
  shapes: ReadonlyMap<string, readonly number[]>,
  keep: ReadonlySet<string> = new Set(),
): Prepared {
  const copy = namedCopy(model);
  nameInitializersDirectly(copy);
  fold(copy, shapes, keep);
  dropUnread(copy);
  const upgraded = upgradeOpset(copy, shapes);
  return { model: upgraded.model, types: valueTypes(upgraded.model, upgraded.shapes) };
}

function namedCopy(model: ModelProto): ModelProto {
  const names = new Graph(model);
  const copy = cloneModel(model);
  copy.graph!.node.forEach((node, i) => (node.name = names.nodeName(names.proto.node[i]!)));
  return copy;
}

/** Exporters share equal initializers through Identity; rules look for the initializer itself, running statistics above all. */
function nameInitializersDirectly(model: ModelProto): void {
  const graph = new Graph(model);
  const alias = new Map<string, string>();
  for (const node of graph.topological()) {
    node.input = node.input.map((name) => alias.get(name) ?? name);
    const [input, output] = [node.input[0] ?? '', node.output[0] ?? ''];
    if (node.opType === 'Identity' && graph.initializer(input) && !graph.isOutput(output)) alias.set(output, input);
  }
}

/** Replaces what follows from shapes and small constants by its value. */
function fold(model: ModelProto, shapes: ReadonlyMap<string, readonly number[]>, keep: ReadonlySet<string>): void {
  const graph = new Graph(model);
  const folder = new Folder(graph, (value) => shapes.get(value) ?? graph.constant(value)?.dims);
  const types = valueTypes(model, shapes);
  const trained = new Set(keep);
  const folded: TensorProto[] = [];
  const gone = new Set<NodeProto>();
  for (const node of graph.topological()) {
    const [output] = node.output;
    const depends = !SHAPE_ONLY.has(node.opType) && node.input.some((name) => trained.has(name));
    if (depends) for (const name of node.output) trained.add(name);
    if (depends || output === undefined || node.output.length > 1 || isConstantNode(node) || graph.isOutput(output))
      continue;
    const value = folder.value(output);
    const tensor = value && tensorOf(output, value, types.get(output)?.type);
    if (!tensor) continue;
    folded.push(tensor);
    gone.add(node);
  }
  graph.proto.initializer.push(...folded);
  graph.proto.node = graph.proto.node.filter((node) => !gone.has(node));
}

/** What these give does not depend on the numbers that they read. */
const SHAPE_ONLY: ReadonlySet<string> = new Set(['Shape', 'Size']);

function tensorOf(name: string, { dims, data, integer }: Folded, known: DataType | undefined): TensorProto | undefined {
  const type = known ?? (integer ? Type.INT64 : Type.FLOAT);
  if (isFloatType(type)) return floatConstant(name, type, dims, data);
  if (type === Type.INT64) return writeTensor(name, { dims, type, data: BigInt64Array.from(data, BigInt) });
  if (type === Type.INT32) return writeTensor(name, { dims, type, data: Int32Array.from(data) });
  if (type === Type.BOOL)
    return writeTensor(name, { dims, type, data: Uint8Array.from(data, (value) => (value ? 1 : 0)) });
  return undefined;
}

/** Removes nodes that no output needs, and names of optional outputs that nobody reads, whose shapes are not known. */
function dropUnread(model: ModelProto): void {
  const graph = new Graph(model);
  const read = new Set(graph.outputs.map(({ name }) => name));
  const needed = new Set<NodeProto>();
  for (const node of graph.topological().toReversed()) {
    if (!node.output.some((name) => read.has(name))) continue;
    needed.add(node);
    for (const name of [...node.input, ...capturedValues(node)]) read.add(name);
    if (VARIADIC.has(node.opType)) continue;
    node.output = node.output.map((name) => (read.has(name) ? name : ''));
    while (node.output.at(-1) === '') node.output.pop();
  }
  graph.proto.node = graph.proto.node.filter((node) => needed.has(node));
}

/** Operators all of whose outputs must be there, read or not. */
const VARIADIC: ReadonlySet<string> = new Set(['Split', 'TopK']);
