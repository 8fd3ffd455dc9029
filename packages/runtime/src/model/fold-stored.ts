import { create } from '@bufbuild/protobuf';
import type { ModelProto, NodeProto, TensorProto, ValueInfoProto, DataType } from '@kneepoint/onnx';
import {
  byteLengthOf,
  cloneModel,
  elementCount,
  Graph,
  isDefaultDomain,
  subgraphs,
  TensorProtoSchema,
  valueInfo,
} from '@kneepoint/onnx';
import { openSession } from '../session/open-session.ts';
import { typeOfPort } from '../session/port-type.ts';
import type { Dense } from '../session/session.ts';
import { keepOutputs } from './keep-outputs.ts';

/** Results may be larger than the tensors that they are computed from by this factor: int8 that becomes float32. */
const GROWTH = 4;
/** Results below this many bytes may always be stored: shape arithmetic and small tables. */
const SMALL = 65_536;

/**
 * Computes what follows from stored tensors alone (weight normalisation, weight standardisation, a kernel that is transposed) once and
 * stores it under the name that it had, so that it is a weight like any other. ONNX Runtime computes it, by its own rules and for every
 * operator. Left alone: what is drawn at random, quantisation (a stored int8 weight would become float), results that are much larger
 * than what they come from, and outputs of the graph. Gives a new model, or the one given where there is nothing to fold. Throws
 * RUNTIME_MODEL_REFUSED, RUNTIME_RUN_FAILED.
 */
export async function foldStored(model: ModelProto): Promise<ModelProto> {
  const graph = new Graph(model);
  const { values, folded } = frontier(graph);
  if (values.length === 0) return model;
  const computed = await compute(model, values);
  const worth = new Map([...computed].filter(([name, tensor]) => isWorth(graph, name, tensor)));
  // A node of several results is replaced whole or not at all.
  const whole = (name: string) =>
    graph.producer(name)!.output.every((output) => worth.has(output) || !values.includes(output));
  const kept = new Map([...worth].filter(([name]) => whole(name)));
  if (kept.size === 0) return model;
  const copy = cloneModel(model);
  const proto = copy.graph!;
  proto.node = proto.node.filter(({ output }) => !output.some((name) => kept.has(name)));
  proto.initializer.push(...kept.values());
  dropUnread(copy, folded);
  return copy;
}

/** The values that follow from stored tensors alone and are read by nodes that do not, and all nodes that only serve them. */
function frontier(graph: Graph): { values: string[]; folded: ReadonlySet<string> } {
  const folded = new Set<string>();
  const fixed = (name: string) => name === '' || folded.has(name) || graph.initializer(name) !== undefined;
  for (const node of graph.topological()) {
    if (isPure(node) && node.input.every(fixed) && !node.output.some((name) => graph.isOutput(name))) {
      for (const name of node.output) if (name !== '') folded.add(name);
    }
  }
  const values = [...folded].filter(
    (name) =>
      !isCastOfStored(graph, name) &&
      graph.consumers(name).some(({ node, input }) => input < 0 || !node.output.every((output) => folded.has(output))),
  );
  return { values, folded };
}

/** A weight that is kept in half precision: everybody sees through the Cast that widens it. */
function isCastOfStored(graph: Graph, name: string): boolean {
  const node = graph.producer(name)!;
  return node.opType === 'Cast' && graph.initializer(node.input[0]!) !== undefined;
}

/** Whether a node gives the same from the same inputs, in a form that may stand in its place. */
function isPure(node: NodeProto): boolean {
  return isDefaultDomain(node.domain) && !KEPT.has(node.opType) && subgraphs(node).length === 0;
}

async function compute(model: ModelProto, values: readonly string[]): Promise<Map<string, TensorProto>> {
  const part = cloneModel(model);
  keepOutputs(part, values.map(untyped));
  part.graph!.input = [];
  const session = await openSession(part, { optimization: 'disabled', arena: false });
  try {
    const types = new Map(session.outputs.map(({ name, type }) => [name, typeOfPort(type)]));
    const results = await session.run({});
    return new Map(
      Object.entries(results).flatMap(([name, result]) => {
        const type = types.get(name);
        return type === undefined ? [] : [[name, stored(name, type, result)] as const];
      }),
    );
  } finally {
    await session.release();
  }
}

/** The runtime finds out the type by itself. */
function untyped(name: string): ValueInfoProto {
  const value = valueInfo(name);
  delete value.type;
  return value;
}

function stored(name: string, type: DataType, { dims, data }: Dense): TensorProto {
  return create(TensorProtoSchema, {
    ...{ name, dataType: type, dims: dims.map(BigInt) },
    // A copy: the runtime's own memory goes when the session is released.
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice(),
  });
}

function isWorth(graph: Graph, name: string, tensor: TensorProto): boolean {
  const bytes = tensor.rawData.byteLength;
  if (bytes <= SMALL) return true;
  let sources = 0;
  const seen = new Set<string>();
  for (const open = [name]; open.length > 0;) {
    const value = open.pop()!;
    if (seen.has(value)) continue;
    seen.add(value);
    const source = graph.initializer(value);
    if (source) sources += byteLengthOf(source.dataType, elementCount(source.dims.map(Number))) ?? 0;
    else open.push(...(graph.producer(value)?.input ?? []));
  }
  return bytes <= GROWTH * sources;
}

/** Nodes that served folded values alone, and the tensors that only they read. */
function dropUnread(model: ModelProto, folded: ReadonlySet<string>): void {
  for (;;) {
    const graph = new Graph(model);
    const { proto } = graph;
    const isRead = (name: string) => graph.consumers(name).length > 0 || graph.isOutput(name);
    const before = proto.node.length;
    proto.node = proto.node.filter(({ output }) => output.some((name) => !folded.has(name) || isRead(name)));
    if (proto.node.length < before) continue;
    proto.initializer = proto.initializer.filter(({ name }) => isRead(name));
    return;
  }
}

/** Operators that are not folded: random ones, and those between a weight's stored form and its use. */
const KEPT: ReadonlySet<string> = new Set(
  'RandomNormal RandomUniform RandomNormalLike RandomUniformLike Multinomial Bernoulli Dropout QuantizeLinear DequantizeLinear DynamicQuantizeLinear Constant'.split(
    ' ',
  ),
);
