import type { CostReport, ModelProto } from '@kneepoint/onnx';
import { costs, skeleton } from '@kneepoint/onnx';
import { cutModel } from '../surgery/cut-model.ts';
import { resolvePlan } from '../surgery/resolve-plan.ts';
import type { Shapes } from '../trace/trace.ts';
import type { Plan } from './plan.ts';

/** What the pruned network costs, node by node, without touching a weight. Throws as `prune` does. */
export function planCost(model: ModelProto, shapes: Shapes, plan: Plan): CostReport {
  const { trace, removed } = resolvePlan(skeleton(model), shapes, plan);
  const after = cutModel(trace, removed, shapes);
  return costs(after.model, after.shapes);
}
