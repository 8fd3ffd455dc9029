import { cloneModel } from '../codec.ts';
import { Graph } from '../graph.ts';
import type { ModelProto } from '../proto.ts';
import { inlineFunctions } from './inline-functions.ts';
import { moveBeforeReading } from './move-before-reading.ts';
import { spellQuantised } from './spell-quantised.ts';
import { storeConstants } from './store-constants.ts';
import { storeZeroPoints } from './store-zero-points.ts';

export interface Normalised {
  /** A new model that computes the same; the one given is not changed, stored bytes are shared. */
  readonly model: ModelProto;
  /** What was left as it was, and why: for the user to read. */
  readonly notes: readonly string[];
}

/**
 * The one form in which every later step meets a model: functions are written out, fused quantised operators are spelled as
 * DequantizeLinear, the operator and QuantizeLinear, which has its zero point, Constant nodes are initializers, no initializer is a graph input, and free lengths have names. Throws
 * GRAPH_CYCLE for a function that calls itself, MODEL_TOO_LARGE, and what `readTensor` throws for a scale.
 */
export function normaliseModel(model: ModelProto): Normalised {
  const copy = cloneModel(model);
  // Unnamed nodes are named by their places in the file, which change from here on.
  const graph = new Graph(copy);
  for (const node of graph.proto.node) node.name = graph.nodeName(node);
  const notes = inlineFunctions(copy);
  spellQuantised(copy);
  storeConstants(copy);
  storeZeroPoints(copy);
  moveBeforeReading(copy);
  nameFreeAxes(copy);
  return { model: copy, notes };
}

/** Some exporters write −1 for a free length, which runtimes take for one and nothing else does. */
function nameFreeAxes({ graph }: ModelProto): void {
  for (const value of [...graph!.input, ...graph!.output]) {
    const type = value.type?.value;
    if (type?.case !== 'tensorType') continue;
    type.value.shape?.dim.forEach((dim, axis) => {
      if (dim.value.case !== 'dimValue' || dim.value.value >= 0n) return;
      dim.value = { case: 'dimParam', value: axis === 0 ? 'N' : `${value.name}_${axis}` };
    });
  }
}
