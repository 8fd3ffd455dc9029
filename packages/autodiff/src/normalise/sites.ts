import type { ModelProto, NodeProto } from '@kneepoint/onnx';
import { Graph, intAttr, isDefaultDomain } from '@kneepoint/onnx';
import { filterLayout, isLayer, isSingle } from './layer.ts';

export interface SiteOptions {
  /** Initializers that training may change; a layer whose weights are not among them is passed over. */
  readonly trainable: ReadonlySet<string>;
  /** Every value's shape, at any batch size. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** Names of layers that stay as they are, such as the linear head. */
  readonly except?: readonly string[];
}

/** A layer behind which a normalisation can be put, and folded again. */
export interface NormalisationSite {
  readonly layer: string;
  /** Its output: N × filters × positions. */
  readonly value: string;
}

export interface NormalisationSites {
  readonly sites: readonly NormalisationSite[];
  /** Layers that train as they are, and why. */
  readonly skipped: readonly { readonly layer: string; readonly reason: string }[];
}

/** The convolutions and dense layers of a model that train and whose filters can be rescaled one by one, in topological order. */
export function normalisationSites(model: ModelProto, options: SiteOptions): NormalisationSites {
  const { trainable, except = [] } = options;
  const graph = new Graph(model);
  const sites: NormalisationSite[] = [];
  const skipped: { layer: string; reason: string }[] = [];
  for (const node of graph.topological()) {
    const layer = graph.nodeName(node);
    if (!isLayer(node) || !isDefaultDomain(node.domain) || except.includes(layer)) continue;
    if (!trainable.has(node.input[1] ?? '')) continue;
    const reason = obstacle(graph, node, options);
    if (reason === undefined) sites.push({ layer, value: node.output[0]! });
    else skipped.push({ layer, reason });
  }
  return { sites, skipped };
}

/** Why the filters of a layer cannot be rescaled one by one; undefined if they can. */
export function obstacle(graph: Graph, node: NodeProto, { shapes }: Pick<SiteOptions, 'shapes'>): string | undefined {
  const [, weight = '', bias = ''] = node.input;
  const tensor = graph.initializer(weight);
  if (!tensor || !isSingle(graph, weight)) return 'its weights are not stored in single precision';
  if (graph.consumers(weight).length > 1 || graph.isOutput(weight)) return 'its weights are shared';
  const dims = tensor.dims.map(Number);
  if (node.opType === 'Gemm' && intAttr(node, 'transA', 0) !== 0) return 'it reads its input transposed';
  if (node.opType === 'MatMul' && (dims.length !== 2 || shapes.get(node.output[0]!)?.length !== 2)) {
    return 'its filters do not lie along the second axis';
  }
  if (bias === '') return undefined;
  const length = graph.constant(bias)?.data.length;
  const { filters } = filterLayout(node, dims);
  if (!isSingle(graph, bias) || (length !== 1 && length !== filters)) return 'its bias is not one number per filter';
  return undefined;
}
