import type { ModelProto } from '@kneepoint/onnx';
import { skeleton } from '@kneepoint/onnx';
import type { Plan } from '../plan/plan.ts';
import type { Shapes } from '../trace/trace.ts';
import { cutModel } from './cut-model.ts';
import type { OverChannels } from './over-channels.ts';
import { statisticsOf } from './over-channels.ts';
import { resolvePlan } from './resolve-plan.ts';

/**
 * The model without the channels that a plan removes: filters, biases, normalisation parameters, constants and the matching inputs of
 * every consumer are cut, shape operands follow. Node, value and constant names stay. The given model is not changed; what was not
 * cut is shared with it. `over` says how statistics over channels count what goes; by default as the weights allow. Throws PLAN_UNKNOWN_LAYER, PLAN_BAD_FILTER, PLAN_SPLITS_CLASS, PLAN_REMOVES_FROZEN, PLAN_EMPTIES_VALUE.
 */
export function prune(model: ModelProto, shapes: Shapes, plan: Plan, over?: readonly OverChannels[]): ModelProto {
  const { trace, removed } = resolvePlan(model, shapes, plan);
  return cutModel(trace, removed, shapes, over ?? statisticsOf(trace, removed)).model;
}

/** Every value's shape at batch 1 in the pruned model. Throws as `prune` does. */
export function prunedShapes(model: ModelProto, shapes: Shapes, plan: Plan): Shapes {
  const { trace, removed } = resolvePlan(skeleton(model), shapes, plan);
  return cutModel(trace, removed, shapes).shapes;
}
