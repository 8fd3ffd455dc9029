import type { Criterion, Decision, PlanInput, TargetInput, TargetKind } from '@kneepoint/client';
import { Failure } from '@kneepoint/failures';
import type { Command } from 'commander';
import { oneOf, readEpsilon, readEpsilons, readMinFilters, readNumber } from './numbers.ts';

/** What decides a cut, as flags. */
export interface PlanFlags {
  readonly epsilon?: string;
  readonly target?: string;
  readonly layerEpsilon?: string;
  readonly layer?: string;
  readonly pool?: string;
  readonly minFilters?: string;
  readonly layerMinFilters?: string;
  readonly roundTo?: string;
  readonly criterion?: string;
  readonly decide?: string;
  readonly avoid?: string;
  readonly avoidStrength?: string;
}

/** What commands call the criteria, and what the gateway calls them. */
const CRITERIA: Readonly<Record<string, Criterion>> = {
  damage: 'DAMAGE',
  lasso: 'LASSO',
  l1: 'L1',
  l2: 'L2',
  bnScale: 'BN_SCALE',
  activation: 'ACTIVATION',
  taylor: 'TAYLOR',
  random: 'RANDOM',
};

const TARGETS: readonly string[] = ['macs', 'parameters', 'bytes', 'latency'];
const DEFAULT_EPSILON = '0.01';

/** The flags of every command that plans a cut. `several`: whether it makes one network for each ε and target. */
export function withPlanFlags(command: Command, { several }: { readonly several: boolean }): Command {
  const list = several ? '; several separated by commas' : '';
  return command
    .option('--epsilon <e>', `how much of the drop in error may be given up (default: 0.01 without a target)${list}`)
    .option(
      '--target <kind=size>',
      `macs, parameters, bytes or latency: a share to remove (macs=-60%) or what may be left (macs=10M, latency=2ms)${list}`,
    )
    .option('--layer-epsilon <layer=e>', 'an ε of its own for a layer; several separated by commas')
    .option('--layer <name>', 'the layer that the head reads (default: chosen on validation and by cost)')
    .option(
      '--pool <n>',
      'how it reads it: 1, the mean over all positions, or 2, a 2 × 2 grid (default: chosen likewise)',
    )
    .option('--min-filters <n>', 'keep at least so many in each layer')
    .option('--layer-min-filters <layer=n>', 'keep at least so many in a layer; several separated by commas')
    .option('--round-to <n>', 'keep a multiple of so many in each layer (default: 4 on the CPU)')
    .option(
      '--criterion <name>',
      `how filters are ranked: ${Object.keys(CRITERIA).join(', ')} (default: lasso for ε, damage for targets)`,
    )
    .option('--decide <how>', 'channels that several layers share: union, vote or mean (default: union)')
    .option('--avoid <tasks>', 'drop filters that tell more of these tasks than of what is wanted; separated by commas')
    .option('--avoid-strength <x>', 'how much the worth of a filter for an avoided task counts (default: 1)');
}

/** What flags say beside ε and targets. Throws EPSILON_INVALID, MIN_FILTERS_INVALID, PLAN_OPTION_INVALID. */
export function readPlanRequest(flags: PlanFlags): Omit<PlanInput, 'task' | 'tasks'> {
  const { layerEpsilon, layer, pool, minFilters, layerMinFilters, roundTo, criterion, decide, avoid, avoidStrength } =
    flags;
  const code = 'PLAN_OPTION_INVALID';
  return {
    ...(layerEpsilon === undefined
      ? {}
      : {
          layerEpsilon: pairs('--layer-epsilon', layerEpsilon).map(([name, e]) => ({
            layer: name,
            epsilon: readEpsilon(e, '--layer-epsilon'),
          })),
        }),
    ...(layer ? { layer } : {}),
    ...(pool === undefined ? {} : { pool: Number(oneOf('--pool', pool, ['1', '2'], code)) }),
    ...readMinFilters(minFilters),
    ...(layerMinFilters === undefined
      ? {}
      : {
          layerMinFilters: pairs('--layer-min-filters', layerMinFilters).map(([name, n]) => ({
            layer: name,
            minFilters: readMinFilters(n, '--layer-min-filters').minFilters!,
          })),
        }),
    ...readNumber('roundTo', '--round-to', roundTo, { least: 1, code }),
    ...(criterion === undefined ? {} : { criterion: readCriterion('--criterion', criterion) }),
    ...(decide === undefined
      ? {}
      : { decide: oneOf('--decide', decide, ['union', 'vote', 'mean'], code).toUpperCase() as Decision }),
    ...(avoid === undefined ? {} : { avoidTasks: readNames(avoid) }),
    ...readNumber('avoidStrength', '--avoid-strength', avoidStrength, { whole: false, code }),
  };
}

/** One network for each. Throws EPSILON_INVALID, TARGET_INVALID. */
export function readGoals({ epsilon, target }: PlanFlags): {
  readonly epsilons: readonly number[];
  readonly targets: readonly TargetInput[];
} {
  const targets = target === undefined ? [] : target.split(',').map(readTarget);
  if (epsilon === undefined && targets.length > 0) return { epsilons: [], targets };
  return { epsilons: readEpsilons(epsilon ?? DEFAULT_EPSILON), targets };
}

/** One network alone. Throws EPSILON_INVALID, TARGET_INVALID, PLAN_OPTIONS_CONFLICT. */
export function readGoal(flags: PlanFlags): { readonly epsilon: number } | { readonly target: TargetInput } {
  const { epsilons, targets } = readGoals(flags);
  if (epsilons.length + targets.length > 1) {
    throw new Failure('PLAN_OPTIONS_CONFLICT', 'a plan has one ε or one target', {
      where: '--target',
      fix: 'Pass one of them; prune and compress take several.',
    });
  }
  return targets.length > 0 ? { target: targets[0]! } : { epsilon: epsilons[0]! };
}

/** Names separated by commas. */
export function readNames(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** One task, or several separated by commas, as a part of a request. */
export function readTasks(text: string): { readonly task: string } | { readonly tasks: readonly string[] } {
  const names = readNames(text);
  return names.length > 1 ? { tasks: names } : { task: text.trim() };
}

/** A criterion by the name that the gateway has for it. Throws PLAN_OPTION_INVALID. */
export function readCriterion(option: string, text: string): Criterion {
  return CRITERIA[oneOf(option, text.trim(), Object.keys(CRITERIA), 'PLAN_OPTION_INVALID')]!;
}

const SHARE = /^[-−](\d+(?:\.\d+)?)\s*%$/;
const FIGURE = /^(\d+(?:\.\d+)?(?:e\d+)?)\s*([kMGT]?)(B|ms)?$/;
const FACTORS: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 };

/** "macs=-60%", "parameters=200k", "bytes=1.5MB", "latency=2ms". Throws TARGET_INVALID. */
function readTarget(text: string): TargetInput {
  const [kind = '', size = '', ...rest] = text.trim().split('=');
  const share = SHARE.exec(size);
  const figure = FIGURE.exec(size);
  const unit = figure?.[3];
  const fits = unit === undefined || (unit === 'ms' ? kind === 'latency' && figure?.[2] === '' : kind === 'bytes');
  if (TARGETS.includes(kind) && rest.length === 0) {
    const remove = share ? Number(share[1]) / 100 : NaN;
    if (remove > 0 && remove < 1) return { kind: kind.toUpperCase() as TargetKind, remove };
    const atMost = figure && fits ? Number(figure[1]) * FACTORS[figure[2]!]! : NaN;
    if (atMost > 0 && Number.isFinite(atMost)) return { kind: kind.toUpperCase() as TargetKind, atMost };
  }
  throw new Failure('TARGET_INVALID', `the target is "${text}"`, {
    where: '--target',
    fix: `Pass one of ${TARGETS.join(', ')} with a share to remove or what may be left, such as macs=-60%, macs=10M or latency=2ms.`,
  });
}

/** "conv1=0.1,conv2=0.2". Throws PLAN_OPTION_INVALID. */
function pairs(option: string, text: string): readonly (readonly [string, string])[] {
  return text.split(',').map((part) => {
    const at = part.lastIndexOf('=');
    if (at > 0 && at < part.length - 1) return [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    throw new Failure('PLAN_OPTION_INVALID', `${option} has "${part}"`, {
      where: option,
      fix: 'Pass a layer and its value, such as conv1=8.',
    });
  });
}
