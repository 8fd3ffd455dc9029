import { Failure } from '@kneepoint/failures';
import type { ModelProto } from '@kneepoint/onnx';
import {
  type ChannelAnalysis,
  type Plan,
  planForTarget,
  type PlanFigures,
  planFromTaps,
  type PlanLimits,
  rankByCriterion,
  type Rankings,
  type Target,
} from '@kneepoint/pruning';
import type { Knee } from '@kneepoint/regression';
import { withoutAvoided } from './avoid.ts';
import type { PruneOptions, SizeTarget } from './prune-options.ts';
import { rankTasks } from './rank-curve.ts';
import { type TaskCurves, tellingCurves, tellingKnees } from './task-knees.ts';

export interface ChooseRequest {
  /** The network that is cut, up to its head. */
  readonly network: ModelProto;
  readonly analysis: ChannelAnalysis;
  /** Tasks that the network is for, and tasks that it shall not carry. */
  readonly tasks: readonly TaskCurves[];
  readonly avoided: readonly TaskCurves[];
  /** The layer that the head reads. */
  readonly layer: string;
  readonly options: PruneOptions;
  /** The whole network as it was given: what a share of a target is a share of. */
  readonly whole: PlanFigures;
  /** MACs of another network that this one is compared with: they take the place of ε or target. */
  readonly equalMacs?: number;
  /** Of the criterion random. */
  readonly seed?: number;
  /** What a criterion that reads data measured: one number per tap channel, by layer. */
  readonly measured?: ReadonlyMap<string, ArrayLike<number>>;
}

export interface ChosenPlan {
  readonly plan: Plan;
  /** Where an ε decided: the knee of each layer and task that tells of the task. */
  readonly knees: readonly ReadonlyMap<string, Knee>[];
  /** Where an ε decided: how many filters each layer's own curves chose. */
  readonly chosen: ReadonlyMap<string, number>;
}

/**
 * Which filters stay. With an ε, in each layer those of the knee, for several tasks of any knee; a layer of which the curve of some task
 * does not count stays whole. With a target, the most that it allows, by the curves' relative losses. A criterion other than lasso ranks by
 * what it reads, at the MACs that lasso leaves. Throws PLAN_TARGET_UNREACHABLE, TARGET_NEEDS_RUN for a latency, which a plan does not know,
 * and what the criterion throws.
 */
export function choosePlan(request: ChooseRequest): ChosenPlan {
  const { options, equalMacs, whole } = request;
  const lasso = (options.criterion ?? 'lasso') === 'lasso';
  const target = equalMacs === undefined ? options.target && costTarget(options.target, whole) : macs(equalMacs);
  const atGoal = target ? undefined : planAtKnees(request);
  if (atGoal && lasso) return atGoal;
  const rankings = lasso ? tapRankings(request) : byCriterion(request);
  const bound = target ?? macs(atGoal!.plan.after.macs);
  const planAt = (atMost: number): Plan => {
    const decisive = { ...limitsOf(request), ...decisionOf(options) };
    const plan = planForTarget(request.analysis, rankings, { ...bound, atMost }, decisive);
    return lasso ? avoiding(request, plan) : plan;
  };
  return { plan: withRoomUsed(planAt, bound), knees: [], chosen: new Map() };
}

/** Room below a target that is worth another plan, and how many are made. */
const WORTH_USING = 0.02;
const MOST_PLANS = 5;

/** A plan from which avoided filters were dropped costs less than it may: others take their room. */
function withRoomUsed(planAt: (atMost: number) => Plan, { kind, atMost }: Target): Plan {
  let best = planAt(atMost);
  let budget = atMost;
  const whole = best.before[kind];
  for (let made = 1; made < MOST_PLANS && budget < whole; made++) {
    const room = atMost - best.after[kind];
    if (room < WORTH_USING * atMost) break;
    budget = Math.min(whole, budget + room);
    const larger = planAt(budget);
    if (larger.after[kind] > atMost || larger.after[kind] <= best.after[kind]) break;
    best = larger;
  }
  return best;
}

function macs(atMost: number): Target {
  return { kind: 'macs', atMost };
}

/** A target in figures. Throws TARGET_NEEDS_RUN. */
function costTarget(target: SizeTarget, whole: PlanFigures): Target {
  const { kind } = target;
  if (kind === 'latency') throw latencyNeedsRun();
  return { kind, atMost: 'remove' in target ? (1 - target.remove) * whole[kind] : target.atMost };
}

/** TARGET_NEEDS_RUN. */
export function latencyNeedsRun(): Failure {
  return new Failure('TARGET_NEEDS_RUN', 'no plan knows the latency of a network before it was timed', {
    where: 'target',
    fix: 'Prune with this target, which times networks; or plan with one of MACs, parameters or bytes.',
  });
}

function planAtKnees(request: ChooseRequest): ChosenPlan {
  const { analysis, tasks, layer: headLayer, options } = request;
  const epsilon = options.epsilon!;
  const knees = tasks.map((task) =>
    tellingKnees(task, headLayer, {
      epsilon,
      ...(options.layerEpsilon ? { layerEpsilon: options.layerEpsilon } : {}),
    }),
  );
  const kept = new Map<string, readonly number[]>();
  const chosen = new Map<string, number>();
  for (const { layer } of analysis.taps) {
    if (!tasks.some(({ curves }) => curves.has(layer))) continue;
    const own = knees.map((found) => found.get(layer)?.kept);
    const all = own.every((filters) => filters !== undefined) ? new Set(own.flat()) : new Set<number>();
    chosen.set(layer, all.size);
    if (all.size > 0)
      kept.set(
        layer,
        [...all].sort((a, b) => a - b),
      );
  }
  return { plan: planKeeping(request, withoutUnwanted(request, kept)), knees, chosen };
}

function planKeeping(request: ChooseRequest, kept: ReadonlyMap<string, readonly number[]>): Plan {
  const { analysis, options } = request;
  const { epsilon, layerEpsilon } = options;
  return planFromTaps(analysis, kept, {
    rankings: new Map([...tapRankings(request)].filter(([layer]) => kept.has(layer))),
    ...(epsilon === undefined ? {} : { epsilon }),
    ...(layerEpsilon === undefined ? {} : { layerEpsilon }),
    ...limitsOf(request),
    ...decisionOf(options),
  });
}

/** What the kept filters of each layer are without those that rather carry an avoided task. */
function withoutUnwanted(
  { tasks, avoided, layer: headLayer, options }: ChooseRequest,
  kept: ReadonlyMap<string, readonly number[]>,
): ReadonlyMap<string, readonly number[]> {
  if (avoided.length === 0) return kept;
  const { strength = 1 } = options.avoid ?? {};
  const wanted = tasks.map((task) => tellingCurves(task, headLayer));
  const others = avoided.map((task) => tellingCurves(task, headLayer));
  return new Map(
    [...kept].map(([layer, filters]) => [
      layer,
      withoutAvoided({
        kept: filters,
        wanted: wanted.flatMap((curves) => curves.get(layer) ?? []),
        avoided: others.flatMap((curves) => curves.get(layer) ?? []),
        strength,
        minFilters: options.layerMinFilters?.[layer] ?? options.minFilters ?? 1,
      }),
    ]),
  );
}

/** A plan made for a target, less the filters that rather carry an avoided task, in layers of which every wanted task tells. */
function avoiding(request: ChooseRequest, plan: Plan): Plan {
  const { analysis, tasks, avoided, layer: headLayer } = request;
  if (avoided.length === 0) return plan;
  const gone = new Set(plan.removedClasses);
  const telling = tasks.map((task) => tellingCurves(task, headLayer));
  const stay = (ids: readonly number[]): readonly number[] =>
    [...ids.keys()].filter((channel) => !gone.has(ids[channel]!));
  const kept = new Map(analysis.taps.map(({ layer, classes }) => [layer, stay(classes)]));
  const open = [...kept].filter(([layer]) => telling.every((curves) => curves.has(layer)));
  return planKeeping(request, new Map([...kept, ...withoutUnwanted(request, new Map(open))]));
}

function tapRankings({ analysis, tasks, layer }: ChooseRequest): Rankings {
  const rankings = rankTasks(tasks, layer);
  const known = new Set(analysis.taps.map((tap) => tap.layer));
  return new Map([...rankings].filter(([name]) => known.has(name)));
}

function byCriterion({ network, analysis, options, seed = 0, measured }: ChooseRequest): Rankings {
  return rankByCriterion(options.criterion!, {
    analysis,
    model: network,
    seed,
    ...(measured ? { measured } : {}),
  });
}

function limitsOf({ analysis, options: { minFilters, layerMinFilters = {}, roundTo } }: ChooseRequest): PlanLimits {
  // Layers behind the head's are gone, and with them what they had to keep.
  const names = new Set([...analysis.layers.map(({ name }) => name), ...analysis.taps.map(({ layer }) => layer)]);
  const own = Object.entries(layerMinFilters).filter(([layer]) => names.has(layer));
  return {
    ...(minFilters === undefined ? {} : { minFilters }),
    ...(own.length === 0 ? {} : { layerMinFilters: Object.fromEntries(own) }),
    ...(roundTo === undefined ? {} : { roundTo }),
  };
}

function decisionOf({ decide }: PruneOptions): Pick<PruneOptions, 'decide'> {
  return decide === undefined ? {} : { decide };
}
