import type { GraphProto, ModelProto, NodeProto, TensorProto } from './proto.ts';

/** A stored tensor and where it stands. */
export interface TensorSite {
  readonly tensor: TensorProto;
  readonly where: string;
  /** A weight of the graph or a subgraph, in contrast to a tensor held by an attribute. */
  readonly initializer: boolean;
}

/** The graphs held by the attributes of a node (bodies of If, Loop, Scan). */
export function subgraphs(node: NodeProto): GraphProto[] {
  return node.attribute.flatMap((attribute) => (attribute.g ? [attribute.g, ...attribute.graphs] : attribute.graphs));
}

/** Every graph of a model: the main one first, then its subgraphs, depth first. */
export function* allGraphs(graph: GraphProto): Generator<GraphProto> {
  yield graph;
  for (const node of graph.node) for (const inner of subgraphs(node)) yield* allGraphs(inner);
}

/** Every tensor that a model stores, sparse ones' parts included. */
export function* allTensors(model: ModelProto): Generator<TensorSite> {
  if (model.graph) yield* graphTensors(model.graph);
  for (const info of model.trainingInfo) {
    if (info.initialization) yield* graphTensors(info.initialization);
    if (info.algorithm) yield* graphTensors(info.algorithm);
  }
  for (const fn of model.functions) for (const node of fn.node) yield* nodeTensors(node);
}

function* graphTensors(graph: GraphProto): Generator<TensorSite> {
  for (const tensor of graph.initializer) yield { tensor, where: `initializer ${tensor.name}`, initializer: true };
  for (const sparse of graph.sparseInitializer) {
    const where = `sparse initializer ${sparse.values?.name ?? ''}`;
    if (sparse.values) yield { tensor: sparse.values, where, initializer: true };
    if (sparse.indices) yield { tensor: sparse.indices, where, initializer: true };
  }
  for (const node of graph.node) yield* nodeTensors(node);
}

function* nodeTensors(node: NodeProto): Generator<TensorSite> {
  const owner = node.name || node.output[0] || node.opType;
  for (const attribute of node.attribute) {
    const where = `node ${owner} (${node.opType}), attribute ${attribute.name}`;
    if (attribute.t) yield { tensor: attribute.t, where, initializer: false };
    for (const tensor of attribute.tensors) yield { tensor, where, initializer: false };
    for (const sparse of [attribute.sparseTensor, ...attribute.sparseTensors]) {
      if (sparse?.values) yield { tensor: sparse.values, where, initializer: false };
      if (sparse?.indices) yield { tensor: sparse.indices, where, initializer: false };
    }
  }
  for (const graph of subgraphs(node)) yield* graphTensors(graph);
}
