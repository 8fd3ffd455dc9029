import { pairedError } from '@kneepoint/regression';
import { describeKeep, describeTarget } from './plan/goal.ts';
import type { MeasuredArm, MeasuredResult, MeasuredTask, NetworkFigures } from './report-measured.ts';
import { isTailNoise } from './tail-noise.ts';

/** A task of a network, with draws that are the same images as those of the network beside it. */
type VerdictTask = Pick<MeasuredTask, 'task' | 'metric' | 'draws'>;

/** What a verdict is made of. */
export interface VerdictFacts extends Pick<MeasuredResult, 'before' | 'after' | 'tasks' | 'keep' | 'target'> {
  /** What the network is compared with, and the network that is delivered, task by task. */
  readonly reference: { readonly name: 'unpruned' | 'probe'; readonly tasks: readonly VerdictTask[] };
  readonly delivered: Pick<MeasuredArm, 'arm' | 'epochs' | 'bestEpoch'> & { readonly tasks: readonly VerdictTask[] };
  /** Of values, by task; null where nobody named one. */
  readonly units: Readonly<Record<string, string | null>>;
}

/** Medians that differ by less are as good as equal: two measurements of one network do. */
const SAME_TIME = 0.05;
/** Shares of a metric that people ask about. */
const TIERS = [0.01, 0.02, 0.05, 0.1];
const TWO_SIDED_95 = 1.96;

/**
 * One sentence for who reads nothing else: how much smaller, cheaper and faster; what it costs in the metric, and whether these images can tell;
 * what became of the goal; what may help where that was missed.
 */
export function verdictOf(facts: VerdictFacts): string {
  const parts = [sizes(facts), metrics(facts), ...goal(facts), ...help(facts)];
  const text = parts.join('; ');
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}

function sizes({ before, after }: VerdictFacts): string {
  return [
    lessOf(before.macs, after.macs, (share) => `${share} fewer MACs`, 'as many MACs'),
    lessOf(before.bytes, after.bytes, (share) => `${share} smaller`, 'as large a file'),
    speed(before, after),
  ].join(', ');
}

function lessOf(before: number, after: number, less: (share: string) => string, same: string): string {
  const share = 1 - after / before;
  // Nothing is ever all gone.
  if (share >= 0.005) return less(percent(Math.min(share, 0.999), share > 0.99 ? 1 : 0));
  return share > -0.005 ? same : `${less(percent(-share)).replace('fewer', 'more').replace('smaller', 'larger')}`;
}

/** By the medians; what the 95th percentiles say is worth a word only where they say nothing. */
function speed({ latencyMs: before }: NetworkFigures, { latencyMs: after }: NetworkFigures): string {
  const ratio = before.p50 / after.p50;
  const times = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0));
  const found =
    Math.abs(1 - 1 / ratio) <= SAME_TIME
      ? 'no faster on this machine'
      : ratio > 1
        ? `${times(ratio)} times as fast on this machine`
        : `${times(1 / ratio)} times as slow on this machine`;
  const noisy = [before, after].some(isTailNoise);
  return noisy ? `${found} (p95 is noise here)` : found;
}

interface Compared {
  readonly text: string;
  /** Share of the metric that is lost; at most 0 where it is no worse. */
  readonly lost: number;
  readonly noise: boolean;
}

function metrics(facts: VerdictFacts): string {
  const { reference, tasks } = facts;
  const compared = tasks.map((task) => compare(task, facts));
  const several = compared.length > 1;
  const of = reference.name === 'unpruned' ? 'the whole network finetuned' : 'a linear probe on the untouched network';
  const worst = Math.max(...compared.map(({ lost }) => lost));
  const untold = compared.every(({ noise }) => noise) && worst !== 0;
  const noise = untold
    ? `, ${several ? 'differences' : 'a difference'} that ${imagesOf(tasks)} test images do not tell from none`
    : '';
  return `${compared.map(({ text }) => text).join(', ')} of ${of}: ${tierOf(worst, several)}${noise}`;
}

/** "400", or "80 to 400" where tasks label different images. */
function imagesOf(tasks: VerdictFacts['tasks']): string {
  const counts = tasks.map(({ images }) => images);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? `${most}` : `${least} to ${most}`;
}

function compare({ task, name, higherIsBetter }: VerdictFacts['tasks'][number], facts: VerdictFacts): Compared {
  const [own, other] = [facts.delivered, facts.reference].map(({ tasks }) => tasks.find((one) => one.task === task)!);
  const { metric: now, draws } = own!;
  const { metric: was, draws: drawsBefore } = other!;
  const worse = higherIsBetter ? was - now : now - was;
  const share = name.includes('accuracy');
  const named = facts.units[task] ?? null;
  const unit = share || named === null ? '' : ` ${named}`;
  const show = (value: number): string => (share ? percent(value, 1) : value.toPrecision(3));
  const what = facts.tasks.length > 1 ? `${task} ${words(name)}` : words(name);
  return {
    text: `${what} ${show(now)} against ${show(was)}${unit}`,
    lost: worse === 0 ? 0 : worse / Math.max(Math.abs(was), Number.MIN_VALUE),
    // Two that answer exactly alike are told apart by nothing.
    noise: Math.abs(worse) <= TWO_SIDED_95 * pairedError(draws, drawsBefore),
  };
}

function tierOf(lost: number, several: boolean): string {
  const each = several ? 'each ' : '';
  if (lost < 0) return several ? 'each no worse' : 'better';
  if (lost === 0) return several ? 'each no worse' : 'the same';
  const tier = TIERS.find((candidate) => lost <= candidate);
  if (tier === undefined) return `${several ? 'up to ' : ''}${percent(Math.min(lost, 99.99))} worse`;
  const missed = TIERS[TIERS.indexOf(tier) - 1];
  return `${each}within ${percent(tier)}${missed === undefined ? '' : `, outside ${percent(missed)}`}`;
}

/** What became of what was asked for. */
function goal({ keep, target }: VerdictFacts): readonly string[] {
  if (keep) {
    const asked = describeKeep(keep.goal);
    return [
      keep.met ? `it keeps ${asked} on validation, as asked` : `less than asked, which was ${asked} on validation`,
    ];
  }
  if (!target || target.reached <= target.atMost * (1 + SAME_TIME)) return [];
  return [`the target ${describeTarget(target.target)} was missed`];
}

/** What may make a network better that lost more than a hundredth or its goal. */
function help(facts: VerdictFacts): readonly string[] {
  const { keep, delivered, tasks } = facts;
  const lost = Math.max(...tasks.map((task) => compare(task, facts).lost));
  const missed = keep ? !keep.met : lost > TIERS[0]!;
  if (!missed) return [];
  if (delivered.arm === 'refit') return ['training it on may help'];
  const ways = [
    ...(delivered.epochs !== null && delivered.epochs > 1 && delivered.bestEpoch === delivered.epochs
      ? ['more epochs']
      : []),
    ...(tasks.every((task) => compare(task, facts).noise) ? ['more images'] : []),
    'a larger network',
  ];
  return [`${ways.join(' or ')} may help`];
}

/** "balancedAccuracy" → "balanced accuracy"; initials stay. */
function words(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function percent(share: number, digits = 0): string {
  return `${(100 * share).toFixed(digits)} %`;
}
