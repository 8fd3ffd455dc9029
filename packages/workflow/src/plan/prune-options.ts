import type { HeadPool } from '@kneepoint/pruning';
import type { KeepGoal } from '../rounds/keep-goal.ts';

/**
 * How filters are ranked. `damage`: by what those kept cannot explain of what the answers depend on. `lasso`: by the task's characteristic curves.
 * The others are baselines.
 */
export const CRITERIA = ['damage', 'lasso', 'l1', 'l2', 'bnScale', 'activation', 'taylor', 'random'] as const;
export type CriterionName = (typeof CRITERIA)[number];

/** What a target is about: figures of the network, or milliseconds for one image, measured. */
export const TARGET_KINDS = ['macs', 'parameters', 'bytes', 'latency'] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

/** How a channel class with several taps is decided: any tap keeps it, most of them, or the mean of their worth. */
export const DECISIONS = ['union', 'vote', 'mean'] as const;
export type DecisionName = (typeof DECISIONS)[number];

/** How small the network must become: a share of the whole network as it was given that goes, or what may be left. */
export type SizeTarget =
  | { readonly kind: TargetKind; /** Between 0 and 1. */ readonly remove: number }
  | { readonly kind: TargetKind; /** In units of the kind; milliseconds for latency. */ readonly atMost: number };

/** Tasks that the network shall not carry. */
export interface Avoidance {
  readonly tasks: readonly string[];
  /** How much an avoided task's worth counts against the wanted one's; default 1. */
  readonly strength?: number;
}

/** One pruned network. Exactly one of `epsilon`, and `target` or `keep` or both. */
export interface PruneOptions {
  readonly epsilon?: number;
  readonly target?: SizeTarget;
  /** The smallest network that keeps this is searched; with a target beside it, none smaller than that. */
  readonly keep?: KeepGoal;
  /** Overrides ε for single layers. */
  readonly layerEpsilon?: Readonly<Record<string, number>>;
  /** The layer that the head reads, and how: its means over all positions (1) or on a 2 × 2 grid (2). What is absent is chosen, see `chooseHead`. */
  readonly layer?: string;
  readonly pool?: HeadPool;
  /** Filters that every layer keeps at least; default 1. */
  readonly minFilters?: number;
  /** Overrides `minFilters` for single layers. */
  readonly layerMinFilters?: Readonly<Record<string, number>>;
  /**
   * Every layer keeps a multiple of this many filters where its classes allow. Default that of the provider (`multipleFor`) or what of it a target
   * allows; 1 for lasso with an ε, which is the paper's rule to the filter.
   */
  readonly roundTo?: number;
  /**
   * Default lasso for an ε and where tasks are avoided, else damage. With an ε, damage keeps in each layer what loses at most that share of the layer's
   * damage; others get the MACs of the lasso's plan at that ε.
   */
  readonly criterion?: CriterionName;
  /** Default union. */
  readonly decide?: DecisionName;
  readonly avoid?: Avoidance;
}

/** The criterion that is used where none is named. */
export function defaultCriterion({ epsilon, avoid }: Pick<PruneOptions, 'epsilon' | 'avoid'>): CriterionName {
  return epsilon !== undefined || (avoid?.tasks.length ?? 0) > 0 ? 'lasso' : 'damage';
}

/** The criterion that is used. */
export function criterionOf(options: Pick<PruneOptions, 'epsilon' | 'avoid' | 'criterion'>): CriterionName {
  return options.criterion ?? defaultCriterion(options);
}

/** Whether filters are what the curves' knees say, to the filter. */
export function byKnees(options: Pick<PruneOptions, 'epsilon' | 'avoid' | 'criterion'>): boolean {
  return options.epsilon !== undefined && criterionOf(options) === 'lasso';
}

/** Without what equals its default, so that saying a default changes no content key. */
export function normaliseOptions(options: PruneOptions): PruneOptions {
  const { criterion, decide, minFilters, roundTo, layerEpsilon, layerMinFilters, avoid, ...rest } = options;
  return {
    ...rest,
    ...(isEmpty(layerEpsilon) ? {} : { layerEpsilon }),
    ...(minFilters === undefined || minFilters === 1 ? {} : { minFilters }),
    ...(isEmpty(layerMinFilters) ? {} : { layerMinFilters }),
    ...(roundTo === undefined || (roundTo === 1 && byKnees(options)) ? {} : { roundTo }),
    ...(criterion === undefined || criterion === defaultCriterion(options) ? {} : { criterion }),
    ...(decide === undefined || decide === 'union' ? {} : { decide }),
    ...(avoid === undefined || avoid.tasks.length === 0 ? {} : { avoid: normaliseAvoidance(avoid) }),
  };
}

function normaliseAvoidance({ tasks, strength }: Avoidance): Avoidance {
  const names = [...new Set(tasks)].sort();
  return strength === undefined || strength === 1 ? { tasks: names } : { tasks: names, strength };
}

function isEmpty(record: object | undefined): record is undefined {
  return record === undefined || Object.keys(record).length === 0;
}
