import type { ArmFigures, CurveResult, CutResult, MetricOf, SmallResult, TransferResult } from './results.ts';

/** Whether a metric is a share, to be shown as percent. */
export function isShare(metric: string): boolean {
  return /accuracy|score/i.test(metric);
}

/** A figure of a metric: a share as percent, an error in the unit of its labels. */
export function shown(value: number, metric: string): string {
  return isShare(metric) ? `${(100 * value).toFixed(1)} %` : String(Number(value.toPrecision(3)));
}

/** How much better a is than b in the metric's own direction. */
export function gain(a: number, b: number, { higherIsBetter }: Pick<MetricOf, 'higherIsBetter'>): number {
  return higherIsBetter ? a - b : b - a;
}

/** How far a figure is from that of a constant answer, as a share of the way of another: 1 for as good, above 1 for better. */
export function kept(value: number, whole: number, chance: number): number | null {
  return whole === chance ? null : (value - chance) / (whole - chance);
}

/** Of the two ways to train a head the better one. */
export function bestHead({ headOnly, onImages, higherIsBetter }: TransferResult): number {
  return higherIsBetter ? Math.max(headOnly, onImages.value) : Math.min(headOnly, onImages.value);
}

export function armOf({ result }: CutResult, arm: ArmFigures['arm']): ArmFigures | undefined {
  return result.arms.find((entry) => entry.arm === arm);
}

/** Share that is gone, between 0 and 1. */
export function removed({ before, after }: CutResult['result'], what: 'parameters' | 'macs' | 'bytes'): number {
  return 1 - after[what] / before[what];
}

/** How many times faster one image is answered. */
export function speedUp({ before, after }: CutResult['result']): number {
  return before.latencyMs.p50 / after.latencyMs.p50;
}

/** Share of the time for each image of a batch that is gone. */
export function timeGone({ throughput: { before, after } }: SmallResult): number {
  return 1 - before / after;
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

/** Points of a share, or hundredths of the constant answer's error, by which a network that reads a task is better than that. */
const LEAST_READ = 0.01;

/** Whether anything of a task is in a network's responses: what is cut for one that they do not tell says nothing of cutting. */
export function isRead({ result: { metric } }: CutResult): boolean {
  const { name, probe, chance } = metric;
  return gain(probe, chance, metric) >= LEAST_READ * (isShare(name) ? 1 : chance);
}

/** Whether some layer's curve falls: a curve that does not has no knee. */
export function falls({ layers }: CurveResult): boolean {
  return layers.some(({ points }) => {
    const rmses = [...points].sort((a, b) => a.filters - b.filters).map(({ rmse }) => rmse);
    return rmses.length > 0 && Math.min(...rmses) <= (1 - LEAST_READ) * rmses[0]!;
  });
}

/** Cuts of one network for one task, in the order of ε. */
export function byTask(cuts: readonly CutResult[]): readonly (readonly CutResult[])[] {
  const groups = new Map<string, CutResult[]>();
  for (const cut of cuts) {
    const key = `${cut.network} ${cut.result.task}`;
    groups.set(key, [...(groups.get(key) ?? []), cut]);
  }
  return [...groups.values()];
}

/** The cut at the ε that the paper finds best, or at the nearest. */
export function atPaperEpsilon(cuts: readonly CutResult[]): CutResult {
  const distance = ({ result }: CutResult): number => Math.abs(Math.log((result.epsilon ?? 1) / 0.01));
  return cuts.reduce((a, b) => (distance(b) < distance(a) ? b : a));
}
