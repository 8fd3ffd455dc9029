import { Failure } from '@kneepoint/failures';
import type { WantedBatch } from '@kneepoint/onnx';
import {
  DEFAULT_KEEP,
  type KeepGoal,
  needsRounds,
  type ModelReference,
  type PruneOptions,
  type TrainedArm,
} from '@kneepoint/workflow';
import type { KeepInput, LaunchCompressionInput } from '../schema/compression.ts';
import { isAbsent } from './absent.ts';
import { requirePruneOptions, toPruneOptions, type Wanted } from './prune-options.ts';

type Requested = Pick<
  LaunchCompressionInput,
  'plan' | 'keep' | 'rounds' | 'compare' | 'epsilons' | 'targets' | 'training'
> & { readonly arms: readonly TrainedArm[] };

/**
 * Options of every network of a compression: one for each ε and target; or the one that keeps a goal, which is 99 % of the whole network
 * where nothing is said. Throws as `requirePruneOptions`, and PLAN_OPTIONS_CONFLICT, GOAL_INVALID.
 */
export function requireCompressOptions(
  input: Requested,
  model: ModelReference,
  wanted: Wanted,
): readonly PruneOptions[] {
  const options = goalsOf(input, model, wanted);
  if (!isAbsent(input.rounds) && !options.some(({ keep }) => keep)) {
    throw conflict(
      'rounds bound the search for a goal; how many lead to a target follows from the target',
      'rounds',
      'Leave them out, or say what shall be kept.',
    );
  }
  const byScale = input.plan.criterion === 'bnScale' || (input.compare ?? []).includes('bnScale');
  const folds = isAbsent(input.training?.batchNorm) || input.training.batchNorm === 'identity';
  if (byScale && folds && input.arms.includes('finetuned') && options.some(needsRounds)) {
    throw conflict(
      'rounds cut what a training has made, which folds the normalisation away whose scales would rank',
      input.plan.criterion === 'bnScale' ? 'plan.criterion' : 'compare',
      'Train with batchNorm FROZEN or TRAIN, leave FINETUNED out of the arms, or ask for an ε.',
    );
  }
  requireDerivatives(input, model, options);
  return options;
}

/** Refuses before any work what would be trained through an operator without a derivative, whichever layer the head reads. Throws AUTODIFF_OPERATOR. */
function requireDerivatives(
  { arms, training }: Requested,
  model: ModelReference,
  options: readonly PruneOptions[],
): void {
  if (arms.length === 0 || (training?.freeze ?? []).length > 0) return;
  for (const { layer } of options) {
    const taps = model.inspection.taps.filter((tap) => layer === undefined || tap.layer === layer);
    const { untrained } = taps[0] ?? {};
    if (!untrained || !taps.every((tap) => tap.untrained)) continue;
    throw new Failure(
      'AUTODIFF_OPERATOR',
      `${untrained.operator} has no derivative: what lies before it cannot be trained`,
      {
        where: `node ${untrained.node}`,
        fix: 'Leave training out (--arms none, arms: []), which cuts, heals and fits a head in closed form; or freeze the layers before the node.',
      },
    );
  }
}

function goalsOf(input: Requested, model: ModelReference, wanted: Wanted): readonly PruneOptions[] {
  const { epsilons, targets, arms } = input;
  const goals = (epsilons?.length ?? 0) + (targets?.length ?? 0);
  const silent = isAbsent(input.keep) && goals === 0 && isAbsent(epsilons) && isAbsent(targets);
  if (isAbsent(input.keep) && !(silent && arms.includes('finetuned'))) {
    return requirePruneOptions(input, model, wanted);
  }
  const keep = isAbsent(input.keep) ? DEFAULT_KEEP : requireKeep(input.keep);
  if (!arms.includes('finetuned')) {
    throw conflict(
      'a goal is kept by training',
      'keep',
      'Leave FINETUNED among the arms, or ask for a target or an ε.',
    );
  }
  if ((epsilons?.length ?? 0) > 0 || (targets?.length ?? 0) > 1) {
    throw conflict('a goal is searched alone, or down to one target', 'keep', 'Leave out ε, and all targets but one.');
  }
  if ((input.compare ?? []).length > 0) {
    throw conflict(
      'criteria are compared at equal cost, which a search for a goal does not know beforehand',
      'compare',
      'Compare at a target, such as the size that the search found.',
    );
  }
  if ((input.plan.avoidTasks ?? []).length > 0) {
    throw conflict(
      'tasks are avoided by the curves of the registered network, a goal is searched by cutting trained ones',
      'avoidTasks',
      'Leave them out, or ask for a target or an ε.',
    );
  }
  const [target] = targets ?? [];
  if (target && target.kind === 'latency' && !isAbsent(target.atMost)) {
    throw conflict(
      'a search for a goal needs the share of the whole network at which it may end',
      'targets',
      'Say how much of the latency shall go, by remove.',
    );
  }
  return [toPruneOptions(input.plan, { keep, target: target ?? null }, model, wanted, 'targets')];
}

/** Exactly one of share and within, within bounds. Throws GOAL_INVALID. */
function requireKeep({ share, within }: KeepInput): KeepGoal {
  if (isAbsent(share) === isAbsent(within)) throw invalid('exactly one of share and within is needed', 'keep');
  if (!isAbsent(share)) {
    if (share > 0 && share <= 1) return { share };
    throw invalid(`the share to keep is ${share}`, 'keep.share');
  }
  if (within! >= 0 && Number.isFinite(within)) return { within: within! };
  throw invalid(`the difference allowed is ${within}`, 'keep.within');
}

const MOST_ROUNDS = 12;

/** Throws GOAL_INVALID. */
export function requireMostRounds(rounds: number | null | undefined): number | undefined {
  if (isAbsent(rounds)) return undefined;
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= MOST_ROUNDS) return rounds;
  throw new Failure('GOAL_INVALID', `${rounds} rounds`, { where: 'rounds', fix: `Pass 1 to ${MOST_ROUNDS}.` });
}

const MOST_IMAGES = 65_536;

/** The batch of the written file. Throws GOAL_INVALID, and ONNX_BATCH_FIXED for a network that runs one image at a time. */
export function requireBatch(batch: string | null | undefined, model: ModelReference): WantedBatch | undefined {
  if (isAbsent(batch)) return undefined;
  const images = Number(batch);
  const wanted = batch === 'free' ? batch : images;
  if (wanted !== 'free' && !(Number.isInteger(images) && images >= 1 && images <= MOST_IMAGES)) {
    throw new Failure('GOAL_INVALID', `the batch is ${JSON.stringify(batch.slice(0, 40))}`, {
      where: 'batch',
      fix: `Pass "free", or a whole number from 1 to ${MOST_IMAGES}.`,
    });
  }
  if (model.inspection.input.layersFree === false && wanted !== model.inspection.input.batch) {
    throw new Failure('ONNX_BATCH_FIXED', 'the network runs one image at a time, and its layers cannot do otherwise', {
      where: 'batch',
      fix: 'Leave it out: the written file then takes one image, as the original does.',
    });
  }
  return wanted;
}

/** The seed of the partition as a part of the settings; empty when absent. Throws GOAL_INVALID. */
export function requireSplitSeed(seed: number | null | undefined): { readonly seed?: number } {
  if (isAbsent(seed)) return {};
  if (Number.isSafeInteger(seed) && seed >= 0) return { seed };
  throw new Failure('GOAL_INVALID', `the seed is ${seed}`, {
    where: 'splitSeed',
    fix: 'Pass a whole number from 0 on.',
  });
}

function invalid(message: string, where: string): Failure {
  return new Failure('GOAL_INVALID', message, {
    where,
    fix: 'Pass a share above 0 and at most 1, such as 0.99, or a difference from 0 on in the unit of the metric.',
  });
}

function conflict(message: string, where: string, fix: string): Failure {
  return new Failure('PLAN_OPTIONS_CONFLICT', message, { where, fix });
}
