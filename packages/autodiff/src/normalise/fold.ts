import type { ModelProto, NodeProto } from '@kneepoint/onnx';
import { cloneModel, floatAttr, floatTensor, Graph, isDefaultDomain, readTensor } from '@kneepoint/onnx';
import {
  biasOf,
  dropPlaceholder,
  dropUnused,
  filterLayout,
  isLayer,
  isSingle,
  ownInitializer,
  scaledFilters,
  setInitializer,
  toPlainForm,
} from './layer.ts';
import { obstacle, type SiteOptions } from './sites.ts';

/** Batch normalisations that directly follow a layer that trains and do nothing but rescale its filters, by node name. */
export function foldableNormalisations(model: ModelProto, options: SiteOptions): readonly string[] {
  const { trainable, except = [] } = options;
  const graph = new Graph(model);
  return graph
    .topological()
    .filter((norm) => {
      if (norm.opType !== 'BatchNormalization' || !isDefaultDomain(norm.domain)) return false;
      if (norm.output.filter((name) => name !== '').length !== 1) return false;
      // Frozen normalisations stay as they are, like frozen layers.
      if (!trainable.has(norm.input[1] ?? '') || !norm.input.slice(1).every((name) => isSingle(graph, name)))
        return false;
      const layer = layerBefore(graph, norm);
      return (
        layer !== undefined &&
        trainable.has(layer.input[1] ?? '') &&
        !except.includes(graph.nodeName(layer)) &&
        obstacle(graph, layer, options) === undefined
      );
    })
    .map((norm) => graph.nodeName(norm));
}

/**
 * A copy of a model without these normalisations, which computes the same in inference: scale / √(variance + ε) goes into the filters of
 * the layer before, and what is left into its bias. Layers keep their names, and values theirs.
 * @param norms names of nodes, each as `foldableNormalisations` or `insertNormalisation` gives them
 */
export function foldNormalisations(model: ModelProto, norms: Iterable<string>): ModelProto {
  const copy = cloneModel(model);
  const names = new Graph(model);
  copy.graph!.node.forEach((node, i) => (node.name = names.nodeName(names.proto.node[i]!)));
  for (const name of norms) foldOne(copy, name);
  return copy;
}

function foldOne(model: ModelProto, name: string): void {
  const norm = model.graph!.node.find((node) => node.name === name)!;
  const layer = layerBefore(new Graph(model), norm)!;
  dropPlaceholder(model, layer);
  toPlainForm(model, layer);
  const graph = new Graph(model);
  const [, scale, shift, mean, variance] = norm.input.map((input, i) =>
    i === 0 ? new Float32Array() : (graph.constant(input)!.data as Float32Array),
  ) as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
  const epsilon = floatAttr(norm, 'epsilon', 1e-5);
  const [x = '', weightName = '', biasName = ''] = layer.input;
  const weight = readTensor(graph.initializer(weightName)!);
  const { filters } = filterLayout(layer, weight.dims);
  const bias = biasOf(graph, layer, filters);
  const slope = Float64Array.from(scale, (value, k) => value / Math.sqrt(variance[k]! + epsilon));
  const offset = Float32Array.from(shift, (value, k) => value + (bias[k]! - mean[k]!) * slope[k]!);
  setInitializer(model, weightName, scaledFilters(layer, weight, slope));
  const [wanted, reader] = biasName === '' ? [norm.input[2]!, norm] : [biasName, layer];
  const own = ownInitializer(model, wanted, floatTensor([filters], offset), reader);
  layer.input = [x, weightName, own];
  layer.output = [norm.output[0]!];
  model.graph!.node = model.graph!.node.filter((node) => node !== norm);
  model.graph!.valueInfo = model.graph!.valueInfo.filter((info) => info.name !== norm.input[0]);
  dropUnused(model, [...norm.input.slice(1), biasName]);
}

/** The layer whose output a normalisation reads and nothing else does. */
function layerBefore(graph: Graph, norm: NodeProto): NodeProto | undefined {
  const [value = ''] = norm.input;
  const layer = graph.producer(value);
  const alone = graph.consumers(value).length === 1 && !graph.isOutput(value);
  return layer && alone && isLayer(layer) ? layer : undefined;
}
