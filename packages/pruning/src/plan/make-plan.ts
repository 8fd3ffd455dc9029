import { Failure } from '@kneepoint/failures';
import { costs } from '@kneepoint/onnx';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import { cutModel } from '../surgery/cut-model.ts';
import { giveBack } from './give-back.ts';
import type { Plan, PlanFigures, PlanLimits } from './plan.ts';

/**
 * A plan that removes the given classes, less what limits and the graph itself need back. `worth[id]` says which class is given
 * back first (highest); without it the lowest id. Throws PLAN_BAD_LIMIT.
 */
export function makePlan(
  analysis: ChannelAnalysis,
  remove: Iterable<number>,
  limits: PlanLimits = {},
  worth?: ArrayLike<number>,
): Plan {
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new Failure('PLAN_BAD_LIMIT', `${name} is ${value}`, { where: name, fix: 'give a whole number from 1 on' });
    }
  }
  const removed = new Set([...remove].filter((id) => analysis.classes[id]?.frozen === undefined));
  giveBack(analysis, removed, limits, worth);
  const layers = analysis.layers.map(({ name, filters, classes, reason }) => ({
    name,
    filters,
    kept: classes.flatMap((id, filter) => (removed.has(id) ? [] : [filter])),
    ...(reason === undefined ? {} : { reason }),
  }));
  const frozen = analysis.layers.flatMap((layer) => {
    if (layer.prunable) return [];
    const { node, op, text } = analysis.classes[layer.classes[0]!]!.frozen!;
    return [{ layer: layer.name, node, op, reason: text }];
  });
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
