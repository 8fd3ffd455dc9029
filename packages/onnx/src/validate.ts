import { Failure } from '@kneepoint/failures';
import { isFloatType } from './data-type.ts';
import { refuseMadeLarge } from './made-sizes.ts';
import { capturedValues, Graph, isDefaultDomain } from './graph.ts';
import { weightRole } from './parameters.ts';
import type { ModelProto, NodeProto, TensorProto } from './proto.ts';
import { DataLocation } from './proto.ts';
import { readTensor } from './tensor.ts';
import { allGraphs } from './walk.ts';

/** A mask is added as minus infinity, so these may hold it; a NaN is never meant. */
const MASKING: ReadonlySet<string> = new Set(['Add', 'Sub', 'Max', 'Min', 'Sum']);

/** Operators for which a stored tensor without a number says something: no region, no scales, nothing to append. */
const TAKES_EMPTY: ReadonlySet<string> = new Set([
  ...['Resize', 'Upsample', 'Concat', 'ConcatFromSequence', 'Identity', 'Cast', 'CastLike', 'Shape', 'Size'],
  ...['If', 'Loop', 'Scan', 'SequenceInsert', 'SequenceConstruct', 'SequenceAt', 'Optional'],
]);

type Check = (graph: Graph, model: ModelProto) => void;

/** Microsoft's fused operators and ONNX's classical ones are left as they are: nothing is pruned through them, but they run. */
const OPAQUE_DOMAINS: ReadonlySet<string> = new Set(['com.microsoft', 'ai.onnx.ml']);

/**
 * Refuses a model that no later step could treat rightly. The bodies of If, Loop and Scan are opaque: only what they read from
 * outside is checked. Throws MODEL_NO_GRAPH, MODEL_NO_OPSET, GRAPH_SPARSE_WEIGHTS, GRAPH_UNKNOWN_DOMAIN, GRAPH_NO_OUTPUT,
 * GRAPH_DUPLICATE_VALUE, GRAPH_DANGLING_INPUT, GRAPH_CYCLE, MODEL_TOO_LARGE, TENSOR_BAD_DIMS, WEIGHT_NOT_FINITE, and what `readTensor` throws for a weight.
 */
export function validateGraph(model: ModelProto): void {
  const graph = new Graph(model);
  for (const check of CHECKS) check(graph, model);
}

const requireOpset: Check = (_graph, model) => {
  if (model.opsetImport.some((entry) => isDefaultDomain(entry.domain) && entry.version > 0n)) return;
  const found = model.opsetImport.map((entry) => entry.domain).join(', ');
  throw new Failure('MODEL_NO_OPSET', found ? `opset_import names only ${found}` : 'opset_import is empty', {
    where: 'opset_import',
  });
};

const refuseSparse: Check = (graph) => {
  for (const { sparseInitializer } of allGraphs(graph.proto)) {
    const [sparse] = sparseInitializer;
    if (sparse)
      throw new Failure('GRAPH_SPARSE_WEIGHTS', 'the weight is a sparse tensor', {
        where: `initializer ${sparse.values?.name ?? ''}`,
      });
  }
};

const refuseUnknownDomains: Check = (graph, model) => {
  const local = new Set(model.functions.map((fn) => `${fn.domain}:${fn.name}`));
  for (const { node: nodes } of allGraphs(graph.proto)) {
    for (const node of nodes) {
      if (isDefaultDomain(node.domain) || OPAQUE_DOMAINS.has(node.domain)) continue;
      if (local.has(`${node.domain}:${node.opType}`)) continue;
      throw new Failure('GRAPH_UNKNOWN_DOMAIN', `operator ${node.opType} is from the domain ${node.domain}`, {
        where: `node ${node.name || node.output[0] || ''} (${node.opType})`,
      });
    }
  }
};

const requireSingleProducers: Check = (graph) => {
  const made = new Set(graph.inputs.map((value) => value.name));
  const make = (name: string, where: string) => {
    if (made.has(name)) throw new Failure('GRAPH_DUPLICATE_VALUE', `value ${name} is made twice`, { where });
    made.add(name);
  };
  for (const tensor of graph.proto.initializer) make(tensor.name, `initializer ${tensor.name}`);
  for (const node of graph.proto.node) {
    for (const output of node.output) if (output !== '') make(output, nodeLabel(graph, node));
  }
};

const requireProducers: Check = (graph) => {
  const exists = (name: string) =>
    graph.isInput(name) || graph.initializer(name) !== undefined || graph.producer(name) !== undefined;
  for (const node of graph.proto.node) {
    for (const name of [...node.input, ...capturedValues(node)]) {
      if (name === '' || exists(name)) continue;
      throw new Failure('GRAPH_DANGLING_INPUT', `value ${name} is made by nothing`, { where: nodeLabel(graph, node) });
    }
  }
  for (const output of graph.outputs) {
    if (!exists(output.name))
      throw new Failure('GRAPH_DANGLING_INPUT', `value ${output.name} is made by nothing`, {
        where: `output ${output.name}`,
      });
  }
};

const requireOutputs: Check = (graph) => {
  if (graph.outputs.length === 0)
    throw new Failure('GRAPH_NO_OUTPUT', 'the graph has no output', { where: 'graph outputs' });
};

const requireOrder: Check = (graph) => {
  graph.topological();
};

const requireFiniteWeights: Check = (graph) => {
  const checked = new Set<TensorProto>();
  for (const node of graph.proto.node) {
    if (!isDefaultDomain(node.domain)) continue;
    node.input.forEach((name, input) => {
      const tensor = graph.initializer(name);
      if (!tensor || checked.has(tensor) || !isFloatType(tensor.dataType)) return;
      if (tensor.dataLocation === DataLocation.EXTERNAL || !weightRole(node, input, 2)) return;
      checked.add(tensor);
      const finite = !MASKING.has(node.opType);
      refuseBadNumbers(tensor, finite, nodeLabel(graph, node));
    });
  }
};

/** Weights without a number are refused here: ONNX Runtime's kernels do not all look whether there is one before they begin. */
const refuseEmptyWeights: Check = (graph) => {
  for (const node of graph.proto.node) {
    if (!isDefaultDomain(node.domain) || TAKES_EMPTY.has(node.opType)) continue;
    for (const name of node.input) {
      const tensor = graph.initializer(name);
      if (!tensor || !isFloatType(tensor.dataType) || !tensor.dims.includes(0n)) continue;
      throw new Failure(
        'TENSOR_BAD_DIMS',
        `${name} has dimensions [${tensor.dims.join(', ')}], and so not one number`,
        {
          where: nodeLabel(graph, node),
        },
      );
    }
  }
};

const requireBoundedSizes: Check = (_graph, model) => refuseMadeLarge(model);

const CHECKS: readonly Check[] = [
  requireOpset,
  refuseSparse,
  refuseUnknownDomains,
  requireOutputs,
  requireSingleProducers,
  requireProducers,
  requireOrder,
  refuseEmptyWeights,
  requireBoundedSizes,
  requireFiniteWeights,
];

function refuseBadNumbers(tensor: TensorProto, finite: boolean, user: string): void {
  const { data } = readTensor(tensor);
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i]);
    if (Number.isFinite(value) || (!finite && !Number.isNaN(value))) continue;
    throw new Failure('WEIGHT_NOT_FINITE', `element ${i} of ${tensor.name} is ${value}`, { where: user });
  }
}

function nodeLabel(graph: Graph, node: NodeProto): string {
  return `node ${graph.nodeName(node)} (${node.opType})`;
}
