import { Failure } from '@kneepoint/failures';
import type { ModelProto } from '@kneepoint/onnx';
import type { Plan } from '../plan/plan.ts';
import { type Shapes, Trace } from '../trace/trace.ts';
import type { Removed } from './removed.ts';
import { prepare } from './prepare.ts';

/** A plan matched to a model: its trace, and which labels go. */
export interface ResolvedPlan {
  readonly trace: Trace;
  readonly removed: Removed;
  /** Roots of the classes that go. */
  readonly roots: ReadonlySet<number>;
}

/**
 * Matches a plan to a model by layer names and filter indices. Throws PLAN_UNKNOWN_LAYER, PLAN_BAD_FILTER, PLAN_SPLITS_CLASS when
 * it keeps one channel of a class and removes another, PLAN_REMOVES_FROZEN, PLAN_EMPTIES_VALUE.
 */
export function resolvePlan(model: ModelProto, shapes: Shapes, plan: Plan): ResolvedPlan {
  const trace = new Trace(prepare(model, shapes), shapes, plan.options);
  const { labels } = trace;
  const layers = new Map(trace.layers.map((layer) => [layer.node.name, layer]));
  const roots = new Set<number>();
  for (const { name, filters, kept } of plan.layers) {
    const layer = layers.get(name);
    if (!layer) {
      throw new Failure('PLAN_UNKNOWN_LAYER', `the plan names layer ${name}, which this network does not have`, {
        where: name,
        fix: 'make the plan anew for this model',
      });
    }
    const bad = kept.find((filter) => !Number.isInteger(filter) || filter < 0 || filter >= layer.labels.length);
    if (bad !== undefined || filters !== layer.labels.length) {
      throw new Failure(
        'PLAN_BAD_FILTER',
        bad === undefined
          ? `the plan counts ${filters} filters, the layer has ${layer.labels.length}`
          : `the plan keeps filter ${bad} of ${layer.labels.length}`,
        { where: name, fix: 'make the plan anew for this model' },
      );
    }
    const stays = new Set(kept);
    layer.labels.forEach((label, filter) => {
      if (!stays.has(filter)) roots.add(labels.find(label));
    });
  }
  const removed: Removed = (label) => roots.has(labels.find(label));
  checkKept(trace, plan, removed);
  return { trace, removed, roots };
}

function checkKept(trace: Trace, plan: Plan, removed: Removed): void {
  const planned = new Map(plan.layers.map((layer) => [layer.name, layer]));
  for (const { node, labels } of trace.layers) {
    const kept = planned.get(node.name)?.kept ?? labels.keys();
    for (const filter of kept) {
      if (!removed(labels[filter]!)) continue;
      throw new Failure('PLAN_SPLITS_CLASS', `filter ${filter} is kept, but a channel tied to it is removed`, {
        where: node.name,
        fix: 'keep or remove all channels of a class together',
      });
    }
    const frozen = labels.find((label) => removed(label) && trace.labels.reason(label) !== undefined);
    if (frozen === undefined) continue;
    throw new Failure('PLAN_REMOVES_FROZEN', `a removed filter must stay: it ${trace.labels.reason(frozen)!.text}`, {
      where: node.name,
      fix: 'keep this filter',
    });
  }
  for (const [name, { labels }] of trace.values) {
    // What is empty on the image at hand (detections of nothing) is not emptied by a plan.
    if (labels.data.length === 0 || !labels.data.every(removed)) continue;
    throw new Failure('PLAN_EMPTIES_VALUE', 'the plan removes every channel of this value', {
      where: `value ${name}`,
      fix: 'keep one channel of it',
    });
  }
}
