import type { CompressionArm, KeepInput, TargetInput } from '@kneepoint/client';
import { Failure } from '@kneepoint/failures';
import { DEFAULT_REGRESSION } from '@kneepoint/workflow';
import { readNumber } from './numbers.ts';
import { type PlanFlags, readGoals } from './plan-options.ts';

interface GoalFlags extends Pick<PlanFlags, 'epsilon' | 'target'> {
  readonly keep?: string;
  readonly within?: string;
}

interface SearchFlags {
  readonly rounds?: string;
  readonly splitSeed?: string;
  /** False for --no-teacher. */
  readonly teacher: boolean;
}

interface TrialFlags {
  readonly trials?: string;
  readonly splitSeed?: string;
}

interface Goals {
  readonly epsilons: readonly number[];
  readonly targets: readonly TargetInput[];
  readonly keep?: KeepInput;
}

const DEFAULT_KEEP = { share: 0.99 } as const;

/**
 * One network for each ε and target, or the smallest that keeps a goal: 99 % of the whole one where nothing is said and something is
 * trained. Throws EPSILON_INVALID, TARGET_INVALID, GOAL_INVALID, PLAN_OPTIONS_CONFLICT.
 */
export function readCompressGoals(flags: GoalFlags, arms: readonly CompressionArm[]): Goals {
  const { epsilon, target, keep, within } = flags;
  const asked = readKeep(keep, within);
  if (asked && epsilon !== undefined) {
    throw new Failure('PLAN_OPTIONS_CONFLICT', 'a goal to keep and an ε both decide how small the network becomes', {
      where: '--epsilon',
      fix: 'Pass one of them.',
    });
  }
  const silent = epsilon === undefined && target === undefined;
  if (asked) return { epsilons: [], targets: silent ? [] : readGoals(flags).targets, keep: asked };
  if (silent && arms.includes('FINETUNED')) return { epsilons: [], targets: [], keep: DEFAULT_KEEP };
  return readGoals(flags);
}

/** How a goal is searched, and on which partition. Throws GOAL_INVALID. */
export function readSearch({ rounds, splitSeed, teacher }: SearchFlags): Readonly<Record<string, number | boolean>> {
  return {
    ...readNumber('rounds', '--rounds', rounds, { least: 1, code: 'GOAL_INVALID' }),
    ...readNumber('splitSeed', '--split-seed', splitSeed, { code: 'GOAL_INVALID' }),
    ...(teacher ? {} : { teacher }),
  };
}

/** --trials and the seeds of its partitions. Throws GOAL_INVALID. */
export function readTrials({ trials, splitSeed }: TrialFlags): readonly number[] {
  const { count = 1 } = readNumber('count', '--trials', trials, { least: 1, code: 'GOAL_INVALID' });
  const { first = DEFAULT_REGRESSION.seed } = readNumber('first', '--split-seed', splitSeed, { code: 'GOAL_INVALID' });
  return Array.from({ length: count }, (_, trial) => first + trial);
}

const SHARE = /^(\d+(?:\.\d+)?)\s*(%?)$/;

/** "99%", "0.99", or a difference. */
function readKeep(keep: string | undefined, within: string | undefined): KeepInput | undefined {
  if (keep !== undefined && within !== undefined) {
    throw new Failure('PLAN_OPTIONS_CONFLICT', '--keep and --within say the same thing in two ways', {
      where: '--within',
      fix: 'Pass one of them.',
    });
  }
  if (within !== undefined) {
    const { difference } = readNumber('difference', '--within', within, { whole: false, code: 'GOAL_INVALID' });
    return { within: difference! };
  }
  if (keep === undefined) return undefined;
  const [, number, sign] = SHARE.exec(keep.trim()) ?? [];
  const share = Number(number) / (sign === '%' ? 100 : 1);
  if (share > 0 && share <= 1) return { share };
  throw new Failure('GOAL_INVALID', `the share to keep is "${keep}"`, {
    where: '--keep',
    fix: 'Pass a share above 0 and at most 1, such as 99% or 0.99.',
  });
}
