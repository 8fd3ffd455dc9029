import { cloneModel, Graph } from '@kneepoint/onnx';
import { composeConvolutions } from './compose-convolutions.ts';
import { headSite, type HeadSite, type Shaped, shifted, withHead } from './head-site.ts';
import { count, isPointwise, kernelOf, type LinearPath, linearPath, valuesOf } from './linear-path.ts';
import { narrowConvolution } from './narrow-convolution.ts';

/**
 * Merges what is linear before the linear head, wherever that costs fewer multiply-accumulates. With x the input of the convolution K (and s, c
 * the scale and shift of a normalisation behind it), P an average over positions and W, b the head,
 *
 *     W · P(s∘(K x) + c) + b = P(W · s∘K x) + (W · c + b),
 *
 * as the weights of an average add up to 1. A 1 × 1 convolution acts at every position alike, so that P goes inside and it is one with the head; of any
 * other the head sees no more than its own row space, so that as many filters are enough as it has rows (`narrowConvolution`); and two convolutions
 * behind each other are one where one of them is 1 × 1 (`composeConvolutions`). What a skeleton has left out counts as 0. Gives the network itself where
 * nothing is to be merged.
 */
export function mergeHead(network: Shaped): Shaped {
  const { shapes } = network;
  const graph = new Graph(network.model);
  const site = headSite(graph, shapes);
  const path = site && linearPath(graph, site.readers[0].input[0]!);
  if (!path || !graph.producer(path.conv.input[0]!)) return network;
  const merged =
    mergePointwise(network, graph, site, path) ??
    narrowConvolution(network, graph, site, path) ??
    composeConvolutions(network, graph, path);
  return merged ? mergeHead(merged) : network;
}

/** A 1 × 1 convolution becomes one with the head; undefined where it is none, or where that costs no less. */
function mergePointwise(
  { model, shapes }: Shaped,
  graph: Graph,
  site: HeadSite,
  { conv, scale, shift }: LinearPath,
): Shaped | undefined {
  const { head, cells, targets } = site;
  const kernel = kernelOf(graph, conv);
  const after = shapes.get(conv.output[0]!);
  if (!isPointwise(kernel) || !after) return undefined;
  const { inputs, outputs } = kernel;
  const positions = count(after.slice(2));
  if (cells * targets * inputs >= outputs * (positions * inputs + cells * targets)) return undefined;
  const weight = valuesOf(graph, conv.input[1]!)!;
  const old = valuesOf(graph, head.input[1]!)!;
  const weights = new Float64Array(targets * inputs * cells);
  for (let t = 0; t < targets; t++) {
    for (let f = 0; f < outputs * cells; f++) {
      const [o, cell, factor] = [Math.floor(f / cells), f % cells, old[t * outputs * cells + f]!];
      for (let i = 0; i < inputs; i++) {
        weights[(t * inputs + i) * cells + cell]! += factor * scale[o]! * weight[o * inputs + i]!;
      }
    }
  }
  const copy = cloneModel(model);
  return withHead(copy, shapes, site, {
    value: conv.input[0]!,
    channels: inputs,
    weights,
    bias: shifted(graph, site, shift),
  });
}
