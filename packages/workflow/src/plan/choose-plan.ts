import { Failure } from '@kneepoint/failures';
import type { ModelProto } from '@kneepoint/onnx';
import {
  type Candidate,
  type ChannelAnalysis,
  chooseCandidate,
  type DamageStatistics,
  groupsByDamage,
  groupsByWorth,
  lossesOfTaps,
  multipleFor,
  type Plan,
  type PlanFigures,
  planFromTaps,
  type PlanLimits,
  plansForTarget,
  planWithin,
  type RankedGroup,
  type Rankings,
  type Target,
  type TimeTarget,
  worthByCriterion,
  worthByTaps,
} from '@kneepoint/pruning';
import type { Knee } from '@kneepoint/regression';
import { withoutAvoided } from './avoid.ts';
import { byKnees, type CriterionName, criterionOf, type PruneOptions, type SizeTarget } from './prune-options.ts';
import { rankTasks, varianceLosses } from './rank-curve.ts';
import { type TaskCurves, tellingCurves, tellingKnees } from './task-knees.ts';

export interface ChooseRequest {
  /** Image → tasks: what is cut. */
  readonly network: ModelProto;
  readonly analysis: ChannelAnalysis;
  readonly options: PruneOptions;
  /** The whole network as it was given: what a share of a target is a share of. */
  readonly whole: PlanFigures;
  /** What widths are decided by; without it the curves say what a layer loses. */
  readonly statistics?: DamageStatistics | undefined;
  /** Curves of the tasks that the network is for, and of those that it shall not carry: for lasso and for avoiding. */
  readonly tasks?: readonly TaskCurves[];
  readonly avoided?: readonly TaskCurves[];
  /** The layer that the head reads, which curves are judged against. */
  readonly layer?: string;
  /** MACs of another network that this one is compared with: they take the place of ε or target. */
  readonly equalMacs?: number;
  /** What a target of latency comes to, by a table of the network's layers. */
  readonly time?: TimeTarget;
  /** Of the criterion random. */
  readonly seed?: number;
  /** What a criterion goes by: one number per tap channel, by layer. For lasso it takes the place of curves that are of another network. */
  readonly measured?: ReadonlyMap<string, ArrayLike<number>> | undefined;
  /** What the network shall run on, which says what multiples layers keep. Default cpu. */
  readonly provider?: string;
}

export interface ChosenPlan {
  readonly plan: Plan;
  /** Where a target decided: the ways of reaching it. */
  readonly candidates: readonly Candidate[];
  /** Where an ε decided: the knee of each layer and task that tells of the task. */
  readonly knees: readonly ReadonlyMap<string, Knee>[];
  /** Where an ε decided: how many filters each layer's own curves chose. */
  readonly chosen: ReadonlyMap<string, number>;
}

/**
 * Which filters stay. By lasso with an ε, in each layer those of the knee, for several tasks of any knee; a layer of which the curve of some task
 * does not count stays whole. Else a criterion gives an order, and how many stay of it follows from the damage of the rest: with a target
 * where least is done, with an ε in each layer what loses at most that. Criteria beside those two have the MACs of lasso's plan at an
 * ε. Throws PLAN_TARGET_UNREACHABLE, TARGET_NEEDS_RUN for a latency without a table, PLAN_NEEDS_MEASUREMENTS, and what the
 * criterion throws.
 */
export function choosePlan(request: ChooseRequest): ChosenPlan {
  const { analysis, options, equalMacs } = request;
  const target = equalMacs === undefined ? options.target && planTarget(options.target, request) : macs(equalMacs);
  if (!target && byKnees(options)) return planAtKnees(request);
  const criterion = criterionOf(options);
  if (!target && criterion === 'damage') {
    const { epsilon, layerEpsilon = {} } = options;
    const within = (layer: string): number => layerEpsilon[layer] ?? epsilon!;
    const plan = planWithin(analysis, rankedGroups(request, criterion), within, limitsOf(request, multipleOf(request)));
    return { plan, candidates: [], knees: [], chosen: new Map() };
  }
  const bound = target ?? macs(planAtKnees(request).plan.after.macs);
  const forbidden = forbiddenClasses(request);
  const groups = rankedGroups(request, criterion, forbidden);
  const candidates = withMultiple(request, (multiple) =>
    plansForTarget(analysis, groups, bound, { ...limitsOf(request, multiple), forbidden }),
  );
  return { plan: chooseCandidate(candidates).plan, candidates, knees: [], chosen: new Map() };
}

/** The multiple that layers keep: what is asked for, or what the provider runs fastest. */
export function multipleOf({ options, provider = 'cpu' }: Pick<ChooseRequest, 'options' | 'provider'>): number {
  return options.roundTo ?? (byKnees(options) ? 1 : multipleFor(provider));
}

/** Plans with the multiple, or where nobody asked for it and a target lies below it with half of it, and so on. */
function withMultiple<T>(request: ChooseRequest, plan: (multiple: number) => T): T {
  for (let multiple = multipleOf(request); ; multiple >>= 1) {
    try {
      return plan(multiple);
    } catch (error) {
      const unreachable = error instanceof Failure && error.code === 'PLAN_TARGET_UNREACHABLE';
      if (!unreachable || multiple === 1 || request.options.roundTo !== undefined) throw error;
    }
  }
}

/** The groups of classes by a criterion, with the damage of keeping the first of each. `forbidden` ones come last. */
function rankedGroups(
  request: ChooseRequest,
  criterion: CriterionName,
  forbidden: ReadonlySet<number> = new Set(),
): readonly RankedGroup[] {
  const { analysis, statistics, options } = request;
  if (criterion === 'damage') {
    if (statistics) return groupsByDamage(analysis, statistics);
    throw new Failure('PLAN_NEEDS_MEASUREMENTS', 'damage is measured on images, and none was', {
      where: 'criterion',
      fix: 'measure it first, or use lasso',
    });
  }
  const worth = criterion === 'lasso' ? worthByCurves(request) : worthOf(request, criterion);
  return groupsByWorth(analysis, worth, statistics ?? lossesOfCurves(request, options.decide), forbidden);
}

function worthByCurves(request: ChooseRequest): Float64Array {
  const { analysis, measured, options } = request;
  if (!measured) return worthByTaps(analysis, tapRankings(request), options.decide);
  const rankings = [...measured].map(([layer, worth]) => [layer, { worth, loss: noLoss(worth.length) }] as const);
  // They may speak of layers behind the head's, which are gone.
  return worthByTaps(analysis, onTaps(analysis, new Map(rankings)), options.decide);
}

function worthOf({ network, analysis, seed = 0, measured }: ChooseRequest, criterion: CriterionName): Float64Array {
  return worthByCriterion(criterion, { ...{ analysis, seed, model: network }, ...(measured ? { measured } : {}) });
}

function noLoss(channels: number): Float64Array {
  return new Float64Array(channels + 1);
}

/** What layers lose by the curves alone: labels' variance that pooled responses no longer explain, in a unit that all layers share. */
function lossesOfCurves(
  { analysis, tasks = [], layer = '' }: ChooseRequest,
  decide: PruneOptions['decide'],
): ReturnType<typeof lossesOfTaps> {
  return lossesOfTaps(analysis, onTaps(analysis, varianceLosses(tasks, layer)), decide);
}

function macs(atMost: number): Target {
  return { kind: 'macs', atMost };
}

/** A target in figures. Throws TARGET_NEEDS_RUN. */
function planTarget(target: SizeTarget, { whole, time }: ChooseRequest): Target {
  const { kind } = target;
  if (kind === 'latency') {
    if (time) return time;
    throw latencyNeedsRun();
  }
  return { kind, atMost: 'remove' in target ? (1 - target.remove) * whole[kind] : target.atMost };
}

/** TARGET_NEEDS_RUN. */
export function latencyNeedsRun(): Failure {
  return new Failure('TARGET_NEEDS_RUN', 'no plan knows the latency of a network before it was timed', {
    where: 'target',
    fix: 'Prune with this target, which times networks; or plan by LASSO with one of MACs, parameters or bytes.',
  });
}

function planAtKnees(request: ChooseRequest): ChosenPlan {
  const { analysis, tasks = [], layer: headLayer = '', options } = request;
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
  return { plan: planKeeping(request, withoutUnwanted(request, kept)), candidates: [], knees, chosen };
}

function planKeeping(request: ChooseRequest, kept: ReadonlyMap<string, readonly number[]>): Plan {
  const { analysis, options } = request;
  const { epsilon, layerEpsilon } = options;
  return planFromTaps(analysis, kept, {
    rankings: new Map([...tapRankings(request)].filter(([layer]) => kept.has(layer))),
    ...(epsilon === undefined ? {} : { epsilon }),
    ...(layerEpsilon === undefined ? {} : { layerEpsilon }),
    ...limitsOf(request, options.roundTo ?? 1),
    ...decisionOf(options),
  });
}

/** What the kept filters of each layer are without those that rather carry an avoided task. */
function withoutUnwanted(
  { tasks = [], avoided = [], layer: headLayer = '', options }: ChooseRequest,
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

/** Classes of filters that rather carry an avoided task, in layers of which every wanted task tells. */
function forbiddenClasses(request: ChooseRequest): ReadonlySet<number> {
  const { analysis, tasks = [], avoided = [], layer: headLayer = '', options } = request;
  if (avoided.length === 0) return new Set();
  const telling = tasks.map((task) => tellingCurves(task, headLayer));
  const taps = analysis.taps.filter(({ layer }) => telling.every((curves) => curves.has(layer)));
  const all = new Map(taps.map(({ layer, channels }) => [layer, [...Array(channels).keys()]]));
  const kept = withoutUnwanted(request, all);
  return new Set(planFromTaps(analysis, kept, { ...limitsOf(request, 1), ...decisionOf(options) }).removedClasses);
}

function tapRankings({ analysis, tasks = [], layer = '' }: ChooseRequest): Rankings {
  return onTaps(analysis, rankTasks(tasks, layer));
}

/** Curves of layers that the network does not have are of no use. */
function onTaps({ taps }: ChannelAnalysis, rankings: Rankings): Rankings {
  const known = new Set(taps.map((tap) => tap.layer));
  return new Map([...rankings].filter(([name]) => known.has(name)));
}

function limitsOf(
  { analysis, options: { minFilters, layerMinFilters = {} } }: ChooseRequest,
  multiple: number,
): PlanLimits {
  // Layers behind the head's are gone, and with them what they had to keep.
  const names = new Set([...analysis.layers.map(({ name }) => name), ...analysis.taps.map(({ layer }) => layer)]);
  const own = Object.entries(layerMinFilters).filter(([layer]) => names.has(layer));
  return {
    ...(minFilters === undefined ? {} : { minFilters }),
    ...(own.length === 0 ? {} : { layerMinFilters: Object.fromEntries(own) }),
    ...(multiple === 1 ? {} : { roundTo: multiple }),
  };
}

function decisionOf({ decide }: PruneOptions): Pick<PruneOptions, 'decide'> {
  return decide === undefined ? {} : { decide };
}
