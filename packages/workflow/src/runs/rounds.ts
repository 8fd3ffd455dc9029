import type { StepPlan } from '@kneepoint/platform';
import { describeGoal } from '../plan/goal.ts';
import type { PruneOptions, SizeTarget } from '../plan/prune-options.ts';
import type { Round, RoundKeys } from '../rounds/round.ts';
import { roundShares } from '../rounds/round-shares.ts';
import { trainingSettings } from '../training-choice.ts';
import { prunedArm, type TrainingRequest } from './arms.ts';
import { pruneStep, type PruneRequest, type TaskAnalysisPlan } from './prune.ts';

/** How many networks a search for a goal trains at most when nothing else is said. */
export const MOST_ROUNDS = 6;

export interface RoundsRequest extends TrainingRequest, Pick<PruneRequest, 'avoided'> {
  readonly analysis: TaskAnalysisPlan;
  /** With a target, a goal to keep, or both; see `needsRounds`. */
  readonly option: PruneOptions;
  /** Training of the whole network. */
  readonly whole: StepPlan;
  /** Its answers. */
  readonly teacher?: StepPlan | undefined;
  /** Networks that a search for a goal trains at most. */
  readonly mostRounds?: number;
  /** Tells these steps apart from others of the run. */
  readonly label: string;
  /** Rounds of another criterion, whose MACs these share. */
  readonly equalTo?: RoundsPlan;
}

/** Cuts and trainings in turn. */
export interface RoundsPlan {
  readonly steps: readonly StepPlan[];
  readonly rounds: readonly { readonly prune: StepPlan; readonly finetune: StepPlan }[];
}

/**
 * Whether a network is cut from the finetuned whole one, in rounds, rather than once from the registered one: tasks are avoided by curves, which are of the
 * registered one.
 */
export function needsRounds({ target, keep, avoid }: PruneOptions): boolean {
  return (target !== undefined || keep !== undefined) && (avoid?.tasks.length ?? 0) === 0;
}

/**
 * The way down from the whole network finetuned: each round cuts what the round before has trained. A target is reached over the shares
 * of `roundShares`, and the trainings on the way are half as long. A goal is searched: every round decides by what the earlier ones
 * made (`decideRound`), and a last pair of steps passes the best on.
 */
export function planRounds(request: RoundsRequest): RoundsPlan {
  const { option, mostRounds = MOST_ROUNDS } = request;
  const searching = option.keep !== undefined;
  const targets = searching ? Array.from({ length: mostRounds + 1 }, () => option.target) : roundTargets(request);
  const rounds: { prune: StepPlan; finetune: StepPlan }[] = [];
  for (const [index, target] of targets.entries()) {
    const last = index === targets.length - 1;
    const own: PruneOptions = target === undefined ? option : { ...option, target };
    rounds.push(planRound(request, own, { index, last, searching, earlier: rounds }));
  }
  return { steps: rounds.flatMap(({ prune, finetune }) => [prune, finetune]), rounds };
}

function planRound(
  request: RoundsRequest,
  option: PruneOptions,
  {
    index,
    last,
    searching,
    earlier,
  }: {
    readonly index: number;
    readonly last: boolean;
    readonly searching: boolean;
    readonly earlier: RoundsPlan['rounds'];
  },
): { readonly prune: StepPlan; readonly finetune: StepPlan } {
  const { analysis, avoided = [], whole, teacher, equalTo } = request;
  const floor = searching ? floorOf(request) : undefined;
  const round: Round = {
    whole: whole.key,
    earlier: earlier.map(({ prune, finetune }): RoundKeys => ({ prune: prune.key, finetune: finetune.key })),
    ...(floor === undefined ? {} : { floor }),
    ...(searching && last ? { closing: true } : {}),
  };
  const made = pruneStep(option, avoided, analysis, { round, equalTo: equalTo?.rounds[index]?.prune });
  const suffix = last ? '' : `-round-${index + 1}`;
  const goal = describeGoal(request.option);
  const prune: StepPlan = {
    ...made,
    ref: `prune-${request.label}${suffix}`,
    name: last ? made.name : `round ${index + 1} of cutting for ${goal}`,
    dependsOn: [...made.dependsOn, whole.ref, ...earlier.flatMap((done) => [done.prune.ref, done.finetune.ref])],
  };
  const epochs = !searching && !last ? halfOf(request) : undefined;
  const training = prunedArm(request, 'finetuned', request.option, {
    ...{ pruning: prune, teacher },
    ...(epochs === undefined ? {} : { epochs }),
  });
  const finetune = last ? training : { ...training, name: `train round ${index + 1} for ${goal}` };
  return { prune, finetune };
}

/** What lies below a target with a goal beside it need not be tried. */
function floorOf({ option: { target }, model: { inspection } }: RoundsRequest): number | undefined {
  return target && shareOf(target, inspection);
}

/** Of a share: what binary fractions leave behind these is nobody's wish. */
const DIGITS = 6;

function roundTargets({ option, model: { inspection } }: RoundsRequest): readonly SizeTarget[] {
  const target = option.target!;
  const share = shareOf(target, inspection);
  const before = share === undefined ? [] : roundShares(share).slice(0, -1);
  return [
    ...before.map((left): SizeTarget => ({ kind: target.kind, remove: Number((1 - left).toFixed(DIGITS)) })),
    target,
  ];
}

/** The share of the whole network's cost that a target leaves; undefined for milliseconds, which nobody has measured yet. */
function shareOf(
  target: SizeTarget,
  whole: { readonly macs: number; readonly parameters: number; readonly bytes: number },
): number | undefined {
  if ('remove' in target) return 1 - target.remove;
  return target.kind === 'latency' ? undefined : Math.min(1, target.atMost / Math.max(1, whole[target.kind]));
}

function halfOf({ training }: RoundsRequest): number {
  return Math.ceil(trainingSettings('whole', training).epochs / 2);
}
