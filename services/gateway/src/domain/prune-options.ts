import { Failure } from '@kneepoint/failures';
import type { HeadPool } from '@kneepoint/pruning';
import type { TaskSpec } from '@kneepoint/regression';
import {
  type Avoidance,
  type DatasetReference,
  describeTarget,
  goalLabel,
  type KeepGoal,
  type ModelReference,
  type PruneOptions,
  type SizeTarget,
} from '@kneepoint/workflow';
import type { LaunchPruneInput } from '../schema/mutations.ts';
import type { PlanInput, TargetInput } from '../schema/plan-options.ts';
import { requireTask, requireTasks } from './datasets.ts';
import { requireEpsilon } from './epsilon.ts';
import { isAbsent } from './absent.ts';
import { requireLayer } from './layers.ts';

const MOST_NETWORKS = 20;
const MOST_ROUNDING = 1024;
const MOST_STRENGTH = 100;

/** The tasks that a network is for, and those that it shall not carry. */
export interface Wanted {
  readonly tasks: readonly TaskSpec[];
  readonly avoided: readonly TaskSpec[];
}

/** Exactly one of task and tasks, and none of them to be avoided. Throws TASK_UNKNOWN, TASKS_COUNT, PLAN_OPTIONS_CONFLICT. */
export function requireWanted(
  dataset: DatasetReference,
  { task, tasks, avoidTasks }: Pick<PlanInput, 'task' | 'tasks' | 'avoidTasks'>,
): Wanted {
  if (isAbsent(task) === isAbsent(tasks)) {
    throw conflict('exactly one of task and tasks is needed', 'plan.task', 'Pass one task, or a list of several.');
  }
  // In the data set's order, so that the same tasks in another order are the same steps.
  const inOrder = (found: readonly TaskSpec[]): readonly TaskSpec[] =>
    dataset.tasks.filter((spec) => found.includes(spec));
  const wanted = isAbsent(task)
    ? inOrder(requireTasks(dataset, tasks, 'plan.tasks'))
    : [requireTask(dataset, task, 'plan.task')];
  const avoided = inOrder((avoidTasks ?? []).map((name) => requireTask(dataset, name, 'plan.avoidTasks')));
  const both = avoided.find((spec) => wanted.includes(spec));
  if (both)
    throw conflict(`"${both.name}" is wanted and to be avoided`, 'plan.avoidTasks', 'Leave it out of one of them.');
  return { tasks: wanted, avoided };
}

/**
 * Options of one pruning for each ε and target, bounded and different. Throws EPSILON_INVALID, TARGET_INVALID, LAYER_UNKNOWN,
 * MIN_FILTERS_INVALID, PLAN_OPTION_INVALID, PLAN_OPTIONS_CONFLICT.
 */
export function requirePruneOptions(
  input: Pick<LaunchPruneInput, 'epsilons' | 'targets' | 'plan'>,
  model: ModelReference,
  wanted: Wanted,
): readonly PruneOptions[] {
  const epsilons = input.epsilons ?? [];
  const targets = input.targets ?? [];
  const repeated = epsilons.find((epsilon, index) => epsilons.indexOf(epsilon) < index);
  const count = epsilons.length + targets.length;
  if (count < 1 || count > MOST_NETWORKS || repeated !== undefined) {
    const problem = repeated === undefined ? `epsilons has ${count} entries` : `ε = ${repeated} is there twice`;
    throw new Failure('EPSILON_INVALID', problem, {
      where: 'epsilons',
      fix: `Pass 1 to ${MOST_NETWORKS} different values between 0 and 1.`,
    });
  }
  const options = [
    ...epsilons.map((epsilon) => toPruneOptions(input.plan, { epsilon }, model, wanted, 'epsilons')),
    ...targets.map((target) => toPruneOptions(input.plan, { target }, model, wanted, 'targets')),
  ];
  const labels = options.map(goalLabel);
  const twice = options.find((option, index) => labels.indexOf(labels[index]!) < index && option.target);
  if (!twice) return options;
  throw new Failure('TARGET_INVALID', `${describeTarget(twice.target!)} is there twice`, {
    where: 'targets',
    fix: 'Pass each target once.',
  });
}

/** An ε or a target as a client wrote it. */
export interface Goal {
  readonly epsilon?: number | null;
  readonly target?: TargetInput | null;
  /** Bounded already; with a target or alone. */
  readonly keep?: KeepGoal;
}

/** Options of one pruning, bounded: exactly one of ε and target, layers that exist. `field`: where the ε or target was given. */
export function toPruneOptions(
  plan: PlanInput,
  { epsilon, target, keep }: Goal,
  model: ModelReference,
  wanted: Wanted,
  field?: string,
): PruneOptions {
  if (isAbsent(epsilon) === (isAbsent(target) && keep === undefined)) {
    throw conflict(
      'exactly one of epsilon and target is needed',
      'epsilon',
      'Pass an ε such as 0.01, or how small the network shall become.',
    );
  }
  const { roundTo, criterion, decide, layer, pool } = plan;
  const layerEpsilon = layerEpsilonOf(plan, model);
  if (isAbsent(epsilon) && layerEpsilon) {
    throw conflict(
      'an ε for single layers is of no use to a target',
      'plan.layerEpsilon',
      'Leave it out, or pass an ε.',
    );
  }
  if (!isAbsent(roundTo) && (roundTo < 1 || roundTo > MOST_ROUNDING)) {
    throw optionInvalid('roundTo', roundTo, `a whole number from 1 to ${MOST_ROUNDING}, such as 8`);
  }
  const avoid = avoidanceOf(plan, wanted);
  if (avoid && !isAbsent(criterion) && criterion !== 'lasso') {
    throw conflict(
      `tasks are avoided by their curves, which the criterion ${criterion} does not read`,
      'plan.avoidTasks',
      'Leave them out, or rank by LASSO.',
    );
  }
  const minFilters = requireMinFilters(plan.minFilters, 'plan.minFilters');
  const layerMinFilters = layerMinFiltersOf(plan, model);
  return {
    ...(isAbsent(epsilon) ? {} : { epsilon: requireEpsilon(epsilon, field ?? 'epsilon') }),
    ...(isAbsent(target) ? {} : { target: requireTarget(target, field ?? 'target') }),
    ...(keep ? { keep } : {}),
    ...(layerEpsilon ? { layerEpsilon } : {}),
    ...(layer ? { layer: requireLayer(model, layer, 'plan.layer') } : {}),
    ...(isAbsent(pool) ? {} : { pool: requirePool(pool) }),
    ...(minFilters === undefined ? {} : { minFilters }),
    ...(layerMinFilters ? { layerMinFilters } : {}),
    ...(isAbsent(roundTo) ? {} : { roundTo }),
    ...(isAbsent(criterion) ? {} : { criterion }),
    ...(isAbsent(decide) ? {} : { decide }),
    ...(avoid ? { avoid } : {}),
  };
}

/** Throws PLAN_OPTION_INVALID. */
function requirePool(pool: number): HeadPool {
  if (pool === 1 || pool === 2) return pool;
  throw optionInvalid('pool', pool, '1 for the mean over all positions, or 2 for a 2 × 2 grid');
}

/** Throws TARGET_INVALID. */
function requireTarget({ kind, remove, atMost }: TargetInput, where: string): SizeTarget {
  const refuse = (message: string): Failure =>
    new Failure('TARGET_INVALID', message, {
      where,
      fix: 'Pass a share to remove between 0 and 1, such as 0.6, or a figure above 0 that may be left.',
    });
  if (isAbsent(remove) === isAbsent(atMost)) throw refuse('exactly one of remove and atMost is needed');
  if (!isAbsent(remove)) {
    if (remove > 0 && remove < 1) return { kind, remove };
    throw refuse(`the share to remove is ${remove}`);
  }
  if (atMost! > 0 && Number.isFinite(atMost)) return { kind, atMost: atMost! };
  throw refuse(`what may be left is ${atMost}`);
}

function layerEpsilonOf(
  { layerEpsilon }: PlanInput,
  model: ModelReference,
): Readonly<Record<string, number>> | undefined {
  if (isAbsent(layerEpsilon) || layerEpsilon.length === 0) return undefined;
  return Object.fromEntries(
    layerEpsilon.map(({ layer, epsilon }) => [
      requireLayer(model, layer, 'plan.layerEpsilon'),
      requireEpsilon(epsilon, 'plan.layerEpsilon'),
    ]),
  );
}

function layerMinFiltersOf(
  { layerMinFilters }: PlanInput,
  model: ModelReference,
): Readonly<Record<string, number>> | undefined {
  if (isAbsent(layerMinFilters) || layerMinFilters.length === 0) return undefined;
  return Object.fromEntries(
    layerMinFilters.map(({ layer, minFilters }) => [
      requireLayer(model, layer, 'plan.layerMinFilters'),
      requireMinFilters(minFilters, 'plan.layerMinFilters')!,
    ]),
  );
}

function requireMinFilters(minFilters: number | null | undefined, where: string): number | undefined {
  if (isAbsent(minFilters)) return undefined;
  if (minFilters >= 1) return minFilters;
  throw new Failure('MIN_FILTERS_INVALID', `minFilters is ${minFilters}`, { where, fix: 'Pass 1 or more.' });
}

function avoidanceOf({ avoidStrength: strength }: PlanInput, { avoided }: Wanted): Avoidance | undefined {
  if (avoided.length === 0) {
    if (isAbsent(strength)) return undefined;
    throw conflict('avoidStrength is of no use without avoidTasks', 'plan.avoidStrength', 'Name tasks to avoid.');
  }
  const tasks = avoided.map(({ name }) => name);
  if (isAbsent(strength)) return { tasks };
  if (strength > 0 && strength <= MOST_STRENGTH) return { tasks, strength };
  throw optionInvalid('avoidStrength', strength, `a number above 0, ${MOST_STRENGTH} at most`);
}

function optionInvalid(field: string, value: number, bounds: string): Failure {
  return new Failure('PLAN_OPTION_INVALID', `${field} is ${value}`, { where: `plan.${field}`, fix: `Pass ${bounds}.` });
}

function conflict(message: string, where: string, fix: string): Failure {
  return new Failure('PLAN_OPTIONS_CONFLICT', message, { where, fix });
}
