import type { Arm, ReportArm, ReportResult } from '@kneepoint/workflow';
import { compact, duration, metric } from './number.ts';
import { table } from './table.ts';

/** What each network of a comparison is. */
export const ARM_NAMES: Readonly<Record<Arm, string>> = {
  refit: 'pruned, head refitted',
  finetuned: 'pruned, finetuned',
  scratch: 'same architecture from scratch',
  headOnly: 'unpruned, head only',
  unpruned: 'unpruned, finetuned',
  quantized: 'delivered, in whole numbers',
};

/** All networks side by side, for a terminal. */
export function renderArms(report: ReportResult): string {
  return table(
    [
      'network',
      `${report.metric.name}, test`,
      'validation',
      'parameters',
      'MACs',
      'p50, ms',
      'best epoch',
      'time',
      'images/s',
    ],
    report.arms.map((arm) => [
      ARM_NAMES[arm.arm],
      `${metric(arm.metric, report.metric.name)}${intervalOf(arm, report)}`,
      metric(arm.validation, report.metric.name),
      compact(arm.parameters),
      compact(arm.macs),
      arm.latencyMs.p50.toFixed(2),
      ...trainingOf(arm),
    ]),
    ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
  );
}

/** The same as Markdown, with the digest by which each network is fetched. */
export function armsMarkdown(report: ReportResult): string {
  const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [
    row(
      'network',
      `${report.metric.name}, test`,
      'validation',
      'parameters',
      'MACs',
      'bytes',
      'p50, ms',
      'best epoch',
      'time',
      'images/s',
      'SHA-256',
    ),
    '|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|',
    ...report.arms.map((arm) =>
      row(
        ARM_NAMES[arm.arm],
        `${metric(arm.metric, report.metric.name)}${intervalOf(arm, report)}`,
        metric(arm.validation, report.metric.name),
        arm.parameters,
        arm.macs,
        arm.bytes,
        arm.latencyMs.p50.toFixed(2),
        ...trainingOf(arm),
        `\`${arm.modelSha256}\``,
      ),
    ),
  ].join('\n');
}

/** Where other images of the same kind would put it, in 95 of 100 draws. */
function intervalOf({ interval }: ReportArm, { metric: { name } }: ReportResult): string {
  return interval ? ` (${metric(interval.low, name)} – ${metric(interval.high, name)})` : '';
}

/** Best epoch of how many, time, rate; empty where nothing was trained. */
function trainingOf({ epochs, bestEpoch, seconds, imagesPerSecond }: ReportArm): readonly string[] {
  if (epochs === null || bestEpoch === null || seconds === null || imagesPerSecond === null) return ['', '', ''];
  return [`${bestEpoch}/${epochs}`, duration(seconds), imagesPerSecond.toFixed(0)];
}
