import type { ModelProto, NodeProto } from '@kneepoint/onnx';
import {
  DataType,
  Graph,
  hasAttr,
  intAttr,
  intsAttr,
  isDefaultDomain,
  tensorAttr,
  tensorNumbers,
} from '@kneepoint/onnx';
import type { ValueType } from '../emit/emitter.ts';

type Dims = readonly number[];

/**
 * Shape and element type of every value of a model whose shapes were measured. Element types follow from the operators; shapes that
 * nobody reads were not measured and are absent, except where they follow from a sibling.
 */
export function valueTypes(model: ModelProto, shapes: ReadonlyMap<string, Dims>): ReadonlyMap<string, ValueType> {
  const graph = new Graph(model);
  const types = new Map<string, DataType>();
  for (const input of graph.inputs) {
    const type = input.type?.value;
    types.set(input.name, type?.case === 'tensorType' ? type.value.elemType : DataType.FLOAT);
  }
  for (const tensor of graph.proto.initializer) types.set(tensor.name, tensor.dataType);
  const result = new Map<string, ValueType>();
  const note = (name: string, type: DataType, dims: Dims | undefined): void => {
    types.set(name, type);
    if (name !== '' && dims) result.set(name, { dims, type });
  };
  for (const { name } of graph.inputs) note(name, types.get(name)!, shapes.get(name));
  for (const node of graph.topological()) {
    node.output.forEach((name, position) => {
      const type = outputType(node, position, (input) => types.get(node.input[input] ?? ''));
      note(name, type, shapes.get(name) ?? siblingDims(graph, node, position, shapes));
    });
  }
  return result;
}

const BOOLEAN: ReadonlySet<string> = new Set(
  'Equal Greater GreaterOrEqual Less LessOrEqual Not And Or Xor IsNaN IsInf'.split(' '),
);
const INDICES: ReadonlySet<string> = new Set(['Shape', 'Size', 'ArgMax', 'ArgMin', 'NonZero']);

/** Operators whose second output is of a type of its own. */
const SECOND: Readonly<Record<string, DataType>> = {
  MaxPool: DataType.INT64,
  TopK: DataType.INT64,
  Dropout: DataType.BOOL,
};

/** Operators whose result has the type of another input than the first. */
const TYPED_BY: Readonly<Record<string, number>> = { Where: 1, CastLike: 1, OneHot: 2 };

function outputType(node: NodeProto, position: number, typeOf: (input: number) => DataType | undefined): DataType {
  if (!isDefaultDomain(node.domain)) return typeOf(0) ?? DataType.FLOAT;
  const { opType } = node;
  if (BOOLEAN.has(opType)) return DataType.BOOL;
  if (INDICES.has(opType)) return DataType.INT64;
  if (position > 0 && SECOND[opType] !== undefined) return SECOND[opType];
  if (opType === 'Cast') return intAttr(node, 'to');
  if (opType === 'Constant' || opType === 'ConstantOfShape') return heldType(node);
  if (hasAttr(node, 'dtype')) return intAttr(node, 'dtype');
  return typeOf(TYPED_BY[opType] ?? 0) ?? DataType.FLOAT;
}

function heldType(node: NodeProto): DataType {
  if (hasAttr(node, 'value')) return tensorAttr(node, 'value').dataType;
  return hasAttr(node, 'value_int') || hasAttr(node, 'value_ints') ? DataType.INT64 : DataType.FLOAT;
}

/** The shape of an output that was not measured because nothing reads it, while the operator needs it. */
function siblingDims(
  graph: Graph,
  node: NodeProto,
  position: number,
  shapes: ReadonlyMap<string, Dims>,
): Dims | undefined {
  const siblings = node.output.flatMap((name) => shapes.get(name) ?? []);
  if (node.opType === 'TopK') return node.output.flatMap((name) => [shapes.get(name)]).find((dims) => dims);
  const dims = shapes.get(node.input[0] ?? '');
  if (node.opType !== 'Split' || !dims || siblings.length === 0) return undefined;
  const axis = intAttr(node, 'axis', 0) < 0 ? intAttr(node, 'axis') + dims.length : intAttr(node, 'axis', 0);
  const operand = graph.constant(node.input[1] ?? '');
  const sizes = hasAttr(node, 'split') ? intsAttr(node, 'split') : operand && tensorNumbers(operand);
  const even = Math.ceil(dims[axis]! / node.output.length);
  const size = sizes?.[position] ?? Math.min(even, dims[axis]! - even * position);
  return dims.map((dim, i) => (i === axis ? size : dim));
}
