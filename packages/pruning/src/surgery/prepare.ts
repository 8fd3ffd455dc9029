import type { ModelProto, NodeProto, TensorProto } from '@kneepoint/onnx';
import {
  axesOf,
  cloneModel,
  constantDims,
  constantProto,
  Folder,
  Graph,
  hasAttr,
  intAttr,
  intsAttr,
  isDefaultDomain,
  isFloatType,
  movedConstant,
  normalAxis,
  reshapedConstant,
  reshapeTarget,
  squeezed,
  transposition,
  unsqueezed,
  volume,
} from '@kneepoint/onnx';
import type { Shapes } from '../trace/trace.ts';
import { foldShuffles } from './fold-shuffles.ts';
import { removeDead } from './remove-dead.ts';

/**
 * A copy of the model in the form that rules work on: every node carries its name, and weights that the file passes through
 * Identity, Transpose, Reshape and the like stand where they are used, and channel shuffles are single nodes (where shapes are given).
 * Computes the same function; weights stay shared.
 */
export function prepare(model: ModelProto, shapes: Shapes = new Map()): ModelProto {
  const copy = namedCopy(model);
  const graph = new Graph(copy);
  const folder = new Folder(graph, () => undefined);
  const weights = new Map<string, TensorProto>();
  const alias = new Map<string, string>();
  const weight = (name: string) => weights.get(name) ?? constantProto(graph, name);
  for (const node of graph.topological()) {
    node.input = node.input.map((name) => alias.get(name) ?? name);
    const [input, output] = [node.input[0], node.output[0]];
    if (!input || !output || !isDefaultDomain(node.domain) || graph.isOutput(output)) continue;
    const source = weight(input);
    if (!source || !isFloatType(source.dataType)) continue;
    if (node.opType === 'Identity') alias.set(output, input);
    else {
      const moved = movedWeight(node, source, folder);
      if (moved) weights.set(output, moved);
    }
  }
  graph.proto.initializer.push(...weights.values());
  graph.proto.node = graph.proto.node.filter((node) => !weights.has(node.output[0] ?? ''));
  foldShuffles(copy, shapes);
  removeDead(copy);
  return copy;
}

/** A copy in which every node carries the name that `Graph.nodeName` gives it, so that names survive when nodes go. */
export function namedCopy(model: ModelProto): ModelProto {
  const names = new Graph(model);
  const copy = cloneModel(model);
  copy.graph!.node.forEach((node, i) => {
    node.name = names.nodeName(names.proto.node[i]!);
  });
  return copy;
}

function movedWeight(node: NodeProto, source: TensorProto, folder: Folder): TensorProto | undefined {
  const name = node.output[0]!;
  const dims = constantDims(source);
  if (node.opType === 'Transpose') {
    const reversed = dims.map((_, axis) => dims.length - 1 - axis);
    return movedConstant(source, name, transposition(dims, intsAttr(node, 'perm', reversed)));
  }
  const target = reshapedDims(node, dims, folder);
  return target && reshapedConstant(source, name, target);
}

function reshapedDims(node: NodeProto, dims: readonly number[], folder: Folder): readonly number[] | undefined {
  const operand = folder.value(node.input[1] ?? '');
  if (node.input[1] && !operand) return undefined;
  switch (node.opType) {
    case 'Reshape': {
      const shape = operand ? [...operand.data] : intsAttr(node, 'shape', []);
      return reshapeTarget(dims, shape, intAttr(node, 'allowzero', 0) === 1);
    }
    case 'Flatten': {
      const axis = normalAxis(intAttr(node, 'axis', 1), dims.length);
      return [volume(dims.slice(0, axis)), volume(dims.slice(axis))];
    }
    case 'Squeeze':
      return squeezed(dims, axesOf(node, operand, dims.length));
    case 'Unsqueeze': {
      const count = hasAttr(node, 'axes') ? intsAttr(node, 'axes').length : (operand?.data.length ?? 0);
      return unsqueezed(dims, axesOf(node, operand, dims.length + count));
    }
    default:
      return undefined;
  }
}
