import { create, isFieldSet } from '@bufbuild/protobuf';
import type { BatchAxis } from './axis.ts';
import { BATCH_RULES } from './rules.ts';
import { ShapeVectors } from './shape-vectors.ts';
import { setAttr } from '../attributes.ts';
import { cloneModel } from '../codec.ts';
import { capturedValues, Graph, isDefaultDomain } from '../graph.ts';
import type { GraphProto, ModelProto, NodeProto, ValueInfoProto } from '../proto.ts';
import { DataType, NodeProtoSchema, TypeProtoSchema } from '../proto.ts';
import { intTensor, writeTensor } from '../tensor.ts';
import { dimsOf, valueInfo } from '../value-info.ts';
import { subgraphs } from '../walk.ts';

export interface FreeBatch {
  /** A new model; the one given is not changed. */
  readonly model: ModelProto;
  /** Whether the model that comes back takes a batch of any size. */
  readonly freed: boolean;
  /** Why it does not: the node and what it does to the batch. */
  readonly reason?: string;
}

interface OperandEdit {
  readonly node: NodeProto;
  readonly input: number;
  readonly values: readonly number[];
  readonly live: string | undefined;
}

const FREE_DIM = 'N';

/**
 * Makes a batch that was fixed at export free, by following the batch axis from the input to every output and rewriting the
 * constant shapes on the way (a leading entry becomes 0, -1 or 1). Operands are copied, not changed: another node may share them.
 * Recorded shapes of inner values are dropped, they would contradict. Where some node needs the fixed size, the model comes back
 * as it was with the reason. Throws GRAPH_CYCLE and what `readTensor` throws for an operand.
 */
export function freeBatch(model: ModelProto): FreeBatch {
  const copy = cloneModel(model);
  const graph = new Graph(copy);
  const [input] = graph.inputs;
  if (!input || graph.inputs.length > 1) return kept(copy, `the model has ${graph.inputs.length} inputs`);
  const dims = dimsOf(input);
  const [batch] = dims;
  if (dims.length === 0) return kept(copy, `the input ${input.name} has no dimensions`);
  if (batch === 0) nameFreeDims(graph.proto);
  if (typeof batch !== 'number' || batch < 1) return { model: copy, freed: true };

  const edits: OperandEdit[] = [];
  const axes = followBatch(graph, input, batch, edits);
  if (typeof axes === 'string') return kept(copy, axes);
  const blocked = graph.outputs.find((output) => axes.get(output.name)?.axis !== 0);
  if (blocked) return kept(copy, `the output ${blocked.name} does not lead with the batch`);

  const replaced = new Set(edits.map(({ node, input: position }) => node.input[position] ?? ''));
  for (const [index, edit] of edits.entries()) rewriteOperand(graph.proto, edit, index);
  dropUnused(graph.proto, replaced);
  graph.proto.valueInfo = [];
  setBatchDim(input, FREE_DIM);
  // A folded axis is the batch itself where the file declares its length so.
  for (const output of graph.proto.output) {
    const exact = !axes.get(output.name)?.merged || dimsOf(output)[0] === batch;
    setBatchDim(output, exact ? FREE_DIM : undefined);
  }
  return { model: copy, freed: true };
}

function kept(model: ModelProto, reason: string): FreeBatch {
  return { model, freed: false, reason };
}

function followBatch(
  graph: Graph,
  input: ValueInfoProto,
  batch: number,
  edits: OperandEdit[],
): ReadonlyMap<string, BatchAxis> | string {
  const axes = new Map<string, BatchAxis>([[input.name, { axis: 0, rank: dimsOf(input).length, merged: false }]]);
  const vectors = new ShapeVectors(graph);
  for (const node of graph.topological()) {
    const inputs = node.input.map((name) => axes.get(name));
    const [first] = inputs;
    if (node.opType === 'Shape' && first) {
      vectors.shape(node, first);
      continue;
    }
    if (!inputs.some((axis) => axis !== undefined) && subgraphs(node).length === 0) {
      vectors.visit(node);
      continue;
    }
    const rule = isDefaultDomain(node.domain) ? BATCH_RULES.get(node.opType) : undefined;
    const result = rule
      ? rule({
          graph,
          node,
          batch,
          inputs,
          shapeOperand: (position) => vectors.entries(node.input[position] ?? ''),
          replaceOperand: (position, values, live) => edits.push({ node, input: position, values, live }),
        })
      : 'nothing is known of what it does to the batch';
    if (typeof result === 'string') return `node ${graph.nodeName(node)} (${node.opType}): ${result}`;
    for (const output of node.output) if (output !== '') axes.set(output, result);
  }
  return axes;
}

function rewriteOperand(proto: GraphProto, edit: OperandEdit, index: number): void {
  const old = edit.node.input[edit.input] ?? '';
  const name = freshName(proto, `${old || edit.node.opType}_batch${index}`);
  edit.node.input[edit.input] = name;
  if (edit.live !== undefined) {
    insertLiveShape(proto, edit.node, name, edit.live, edit.values.slice(1));
    return;
  }
  proto.initializer.push(writeTensor(name, intTensor(edit.values)));
  // Before version 4 of the format every initializer is also a graph input.
  if (proto.input.some((value) => value.name === old)) {
    proto.input.push(valueInfo(name, [edit.values.length], DataType.INT64));
  }
}

/** Puts Concat(Shape(live)[0], rest) before the node that uses it. */
function insertLiveShape(
  proto: GraphProto,
  user: NodeProto,
  name: string,
  live: string,
  rest: readonly number[],
): void {
  const names = [`${name}.shape`, `${name}.lead`, `${name}.zero`, `${name}.rest`].map((stem) => freshName(proto, stem));
  const [shape = '', lead = '', zero = '', tail = ''] = names;
  proto.initializer.push(writeTensor(zero, intTensor([0])), writeTensor(tail, intTensor(rest)));
  const made = [
    create(NodeProtoSchema, { name: shape, opType: 'Shape', input: [live], output: [shape] }),
    create(NodeProtoSchema, { name: lead, opType: 'Gather', input: [shape, zero], output: [lead] }),
    create(NodeProtoSchema, { name, opType: 'Concat', input: [lead, tail], output: [name] }),
  ];
  const concat = made.at(-1);
  if (concat) setAttr(concat, 'axis', 0);
  proto.node.splice(proto.node.indexOf(user), 0, ...made);
}

function freshName(proto: GraphProto, stem: string): string {
  const taken = (name: string) =>
    proto.initializer.some((tensor) => tensor.name === name) ||
    proto.input.some((value) => value.name === name) ||
    proto.node.some((node) => node.output.includes(name));
  let name = stem;
  while (taken(name)) name += '_';
  return name;
}

/** Removes the operands that nothing uses any more. */
function dropUnused(proto: GraphProto, replaced: ReadonlySet<string>): void {
  const used = new Set(proto.node.flatMap((node) => [...node.input, ...capturedValues(node)]));
  for (const output of proto.output) used.add(output.name);
  const gone = (name: string) => replaced.has(name) && !used.has(name);
  proto.initializer = proto.initializer.filter(({ name }) => !gone(name));
  proto.input = proto.input.filter(({ name }) => !gone(name));
  proto.node = proto.node.filter(({ output }) => !output.some(gone));
}

/** Some exporters write 0 for a free length, which runtimes take literally. */
function nameFreeDims(proto: GraphProto): void {
  for (const value of [...proto.input, ...proto.output]) if (dimsOf(value)[0] === 0) setBatchDim(value, FREE_DIM);
}

function setBatchDim(value: ValueInfoProto, name: string | undefined): void {
  const type = value.type;
  if (!type || type.value.case !== 'tensorType') return;
  const dims = dimsOf(value);
  if (dims.length === 0) return;
  const renewed = valueInfo(value.name, [name, ...dims.slice(1)], type.value.value.elemType).type;
  if (renewed && isFieldSet(type, TypeProtoSchema.field.denotation)) renewed.denotation = type.denotation;
  if (renewed) value.type = renewed;
}
