import { costs } from '@kneepoint/onnx';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import { cutModel } from '../surgery/cut-model.ts';
import { giveBack } from './give-back.ts';
import { holders } from './limits.ts';
import type { Plan, PlanFigures, PlanLimits } from './plan.ts';
import type { Tolerance } from './round-down.ts';
import { roundDown } from './round-down.ts';

export interface MakePlanOptions extends PlanLimits {
  /** By class id: the highest is given back first. Without it the lowest id is. */
  readonly worth?: ArrayLike<number>;
  /** Where a multiple is asked for: lets a layer go below what it would keep while its loss allows. Without it layers are rounded up. */
  readonly tolerance?: Tolerance;
}

/**
 * A plan that removes the given classes, less what limits and the graph itself need back. Throws PLAN_BAD_LIMIT, PLAN_UNKNOWN_LAYER,
 * PLAN_BAD_RANKING.
 */
export function makePlan(
  analysis: ChannelAnalysis,
  remove: Iterable<number>,
  { worth, tolerance, ...limits }: MakePlanOptions = {},
): Plan {
  const removed = new Set([...remove].filter((id) => analysis.classes[id]?.frozen === undefined));
  const rounding = holders(analysis, limits);
  giveBack(
    analysis,
    removed,
    rounding.map((holder) => ({ ...holder, multiple: 1 })),
    worth,
  );
  const unrounded = new Set(removed);
  if ((limits.roundTo ?? 1) > 1) {
    if (tolerance && worth) roundDown(analysis, removed, rounding, worth, tolerance);
    giveBack(analysis, removed, rounding, worth);
  }
  const layers = analysis.layers.map(({ name, filters, classes, reason }) => {
    const kept = classes.flatMap((id, filter) => (removed.has(id) ? [] : [filter]));
    const from = classes.filter((id) => !unrounded.has(id)).length;
    return {
      name,
      filters,
      kept,
      ...(reason === undefined ? {} : { reason }),
      ...(from === kept.length ? {} : { rounded: { from, to: kept.length } }),
    };
  });
  const frozen = analysis.layers.flatMap(({ name, prunable, frozenBy }) =>
    prunable ? [] : [{ layer: name, node: frozenBy!.node, op: frozenBy!.op, reason: frozenBy!.text }],
  );
  return {
    layers,
    removedClasses: [...removed].sort((a, b) => a - b),
    frozen,
    before: costBefore(analysis),
    after: costAfter(analysis, removed),
    options: analysis.options,
  };
}

/** What the whole network costs. Weights that the file transposes or reshapes before use count, though their users see another value. */
export function costBefore({ skeleton, trace, shapes }: ChannelAnalysis): PlanFigures {
  const { parameters, macs } = costs(trace.graph.model, shapes);
  return { parameters, macs, bytes: costs(skeleton, shapes).bytes };
}

/** What the network costs without some classes; weights are not read. */
export function costAfter(analysis: ChannelAnalysis, removed: ReadonlySet<number>): PlanFigures {
  const gone = (label: number) => removed.has(analysis.classOf(label) ?? -1);
  const { model, shapes } = cutModel(analysis.trace, gone, analysis.shapes);
  return figures(costs(model, shapes));
}

function figures({ parameters, macs, bytes }: PlanFigures): PlanFigures {
  return { parameters, macs, bytes };
}
