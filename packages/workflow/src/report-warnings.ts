import { describeKeep, describeTarget } from './plan/goal.ts';
import { isTailNoise } from './tail-noise.ts';
import type { Arm, MeasuredResult, MeasuredArm } from './report-measured.ts';

/** How much slower than in proportion to its MACs a network may become before the report says so. */
const LATENCY_SLACK = 1.5;

/** The networks that are as small as the pruned one. */
const PRUNED_ARMS: readonly Arm[] = ['refit', 'finetuned', 'scratch', 'quantized'];

/** What a reader of the report would otherwise find out too late. */
export function reportWarnings(report: Omit<MeasuredResult, 'warnings'>): readonly string[] {
  return [
    ...wronglyFed(report),
    ...missedTarget(report),
    ...missedGoal(report),
    ...readersOnly(report),
    ...rotationLeft(report),
    ...latencyWarning(report),
    ...silentCurves(report),
    ...otherSplits(report),
    ...fewSubjects(report),
    ...stillReadable(report),
    ...armWarnings(report),
    ...unfinished(report),
  ];
}

function wronglyFed({ fed = [] }: Omit<MeasuredResult, 'warnings'>): readonly string[] {
  return fed.map((found) => `The pixels may not be prepared as in training: ${found}. See \`kneepoint model check\`.`);
}

/** How far above its target a measured latency may lie before the report says so; two measurements never agree exactly. */
const TARGET_SLACK = 1.05;

function missedTarget({ target, keep }: Omit<MeasuredResult, 'warnings'>): readonly string[] {
  // What a search asked of its last round is nobody's wish.
  if (!target || keep || target.reached <= target.atMost * TARGET_SLACK) return [];
  const unit = target.target.kind === 'latency' ? ' ms' : '';
  return [
    `The target ${describeTarget(target.target)} was missed: ${target.reached.toPrecision(3)}${unit} instead of ${target.atMost.toPrecision(3)}${unit}.`,
  ];
}

/** Widths that do not know what the answers depend on. */
function readersOnly({ damageBy }: Omit<MeasuredResult, 'warnings'>): readonly string[] {
  if (damageBy !== 'readers') return [];
  return [
    'An operator of this network has no derivative: how many filters each layer keeps was judged by the weights that read them, not by what the answers depend on.',
  ];
}

function rotationLeft({ unrotated = [] }: Omit<MeasuredResult, 'warnings'>): readonly string[] {
  if (unrotated.length === 0) return [];
  return [
    `${unrotated.join(', ')} keep filters, not a rank, which may lose more: the rotated network did not give the same answers to the precision of its numbers.`,
  ];
}

/** A goal that no network kept; what stands in the way is that less was left with every cut that was tried. */
function missedGoal({ keep, rounds, metric: { name } }: Omit<MeasuredResult, 'warnings'>): readonly string[] {
  if (!keep || keep.met) return [];
  const worst = keep.tasks
    .map(({ task, validation, bound }) => `${task} ${shown(validation, name)} where ${shown(bound, name)} was wanted`)
    .join(', ');
  const largest = Math.max(...rounds.map(({ share }) => share));
  return [
    `No network that was tried keeps ${describeKeep(keep.goal)}: the best is delivered (on validation ${worst}). The largest that was tried had ${percent(largest)} left; more epochs, more images or a goal below it may help.`,
  ];
}

function otherSplits({ split, task }: Omit<MeasuredResult, 'warnings'>): readonly string[] {
  if (split.shared) return [];
  return [
    `The tasks ${task} do not label the same images: their curves were computed on other splits than the one on which they are judged together here, and some test images helped to choose filters.`,
  ];
}

/** Of so few people an interval says nothing of others. */
function fewSubjects({ split, arms }: Omit<MeasuredResult, 'warnings'>): readonly string[] {
  const drawn = arms.flatMap(({ tasks }) => tasks.map(({ interval }) => interval.drawn));
  if (split.by === 'image' || !drawn.includes('image')) return [];
  return [
    `Fewer than five subjects (${split.by}) are in the test part: the intervals are of other images of these, not of other subjects, where the metric may lie far outside of them.`,
  ];
}

function stillReadable({ avoidance }: Omit<MeasuredResult, 'warnings'>): readonly string[] {
  const avoided = avoidance?.tasks.filter(({ role }) => role === 'avoided') ?? [];
  return avoided
    .filter(({ name, higherIsBetter, images, chance, before, after }) => {
      // Twice the standard error of an accuracy on so many images; a twentieth of an error.
      const noise = name.includes('accuracy') ? 2 * Math.sqrt((chance * (1 - chance)) / images) : chance / 20;
      // A probe that is worse than a constant answer reads nothing.
      const better = (value: number): number => (higherIsBetter ? value - chance : chance - value);
      return better(after) > Math.max(noise, better(before) / 2);
    })
    .map(
      ({ task, name, chance, before, after }) =>
        `${task} can still be read from what is left: ${name} ${shown(after, name)}, ${shown(before, name)} before the cut, ${shown(chance, name)} by chance.`,
    );
}

function latencyWarning({ before, after }: Omit<MeasuredResult, 'warnings'>): readonly string[] {
  const macs = after.macs / before.macs;
  const time = after.latencyMs.p50 / before.latencyMs.p50;
  if (time <= macs * LATENCY_SLACK || time <= 0.5) return [];
  const became = time > 1 ? `and latency rose to ${percent(time)}` : `latency only to ${percent(time)}`;
  const busy = [before, after].some(({ latencyMs }) => isTailNoise(latencyMs))
    ? ', and this machine had other work meanwhile'
    : '';
  return [
    `MACs fell to ${percent(macs)}, ${became}: channels that are no multiple of 8 or 16 often run no faster${busy}.`,
  ];
}

/** A layer without a say of its own can still lose filters that it shares with layers that have one. */
function silentCurves({ layers }: Omit<MeasuredResult, 'warnings'>): readonly string[] {
  const silent = layers.filter((layer) => layer.reason === null && layer.chosen === 0);
  const said = (consequence: string, found: typeof silent): readonly string[] => {
    const names = found.map(({ name }) => name).join(', ');
    return found.length > 0 ? [`The curve of ${names} says next to nothing about the task: ${consequence}.`] : [];
  };
  return [
    ...said(
      'left whole',
      silent.filter(({ kept, filters }) => kept === filters),
    ),
    ...said(
      'which of its filters stay was left to layers that share them',
      silent.filter(({ kept, filters }) => kept < filters),
    ),
  ];
}

/** What the comparison says against the pruned network. */
function armWarnings({ arms, metric: stages, epsilon }: Omit<MeasuredResult, 'warnings'>): readonly string[] {
  const { name, higherIsBetter, probe } = stages;
  const beats = (a: number, b: number): boolean => (higherIsBetter ? a > b : a < b);
  const show = (value: number): string => shown(value, name);
  const find = (arm: Arm): MeasuredArm | undefined => arms.find((candidate) => candidate.arm === arm);
  const [refit, finetuned, scratch] = [find('refit'), find('finetuned'), find('scratch')];
  const warnings: string[] = [];
  if (finetuned && scratch && beats(scratch.metric, finetuned.metric)) {
    warnings.push(
      `The same architecture trained from fresh weights does better (${show(scratch.metric)}) than the pruned network finetuned (${show(finetuned.metric)}): the inherited weights did not help.`,
    );
  }
  if (finetuned && refit && beats(refit.metric, finetuned.metric)) {
    warnings.push(
      `Finetuning made the pruned network worse: ${show(refit.metric)} refitted, ${show(finetuned.metric)} finetuned.`,
    );
  }
  const small = arms.filter(({ arm }) => PRUNED_ARMS.includes(arm));
  if (small.length > 0 && small.every(({ metric }) => beats(probe, metric))) {
    warnings.push(
      `No pruned network reached the probe of the untouched one (${show(probe)}): ${small.map(({ arm, metric }) => `${arm} ${show(metric)}`).join(', ')}. ${epsilon === null ? 'A larger target' : 'A smaller ε'} keeps more filters.`,
    );
  }
  return warnings;
}

/** Trainings that ended too early, or might as well not have been. */
function unfinished({ arms }: Omit<MeasuredResult, 'warnings'>): readonly string[] {
  const trained = arms.filter(({ epochs }) => epochs !== null && epochs > 0);
  const names = (found: readonly MeasuredArm[]): string => found.map(({ arm }) => arm).join(', ');
  const cut = trained.filter(({ epochs, bestEpoch }) => epochs! > 1 && bestEpoch === epochs);
  const idle = trained.filter(({ bestEpoch }) => bestEpoch === 0);
  return [
    ...(cut.length === 0 ? [] : [`The last epoch was the best of ${names(cut)}: more epochs may help.`]),
    ...(idle.length === 0 ? [] : [`No epoch of ${names(idle)} was better on validation than its start.`]),
  ];
}

function shown(value: number, metric: string): string {
  return metric.includes('accuracy') ? percent(value, 1) : value.toPrecision(4);
}

function percent(share: number, digits = 0): string {
  return `${(100 * share).toFixed(digits)} %`;
}
