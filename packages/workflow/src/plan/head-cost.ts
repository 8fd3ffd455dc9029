import { costs, type ModelProto } from '@kneepoint/onnx';
import { findTaps, mergeHead, type Shapes, truncate, truncatedShapes } from '@kneepoint/pruning';
import type { HeadChoice } from './head-layer.ts';

/** Multiply-accumulates of a network truncated to a head of so many targets, the head included; its skeleton is enough. Infinite for a layer without a tap. */
export function truncatedMacs(model: ModelProto, shapes: Shapes, targets: number): (choice: HeadChoice) => number {
  const taps = findTaps(model, shapes);
  return ({ layer, pool }) => {
    const tap = taps.find((candidate) => candidate.layer === layer);
    if (!tap) return Infinity;
    const weights = new Float64Array(targets * tap.channels * pool ** 2);
    const head = { name: 'head', outputName: 'answers', pool, weights, bias: new Float64Array(targets) };
    const truncated = truncate(model, tap, head);
    const merged = mergeHead({ model: truncated, shapes: truncatedShapes(shapes, tap, { ...head, targets }) });
    return costs(merged.model, merged.shapes).macs;
  };
}
