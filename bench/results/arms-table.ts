import { describeTarget, type ReportArm, type ReportResult } from '@kneepoint/workflow';

/** A metric for a table: shares as percent, errors as numbers. */
export function show(value: number, metric: string): string {
  return metric.includes('accuracy') ? `${(100 * value).toFixed(1)} %` : value.toPrecision(4);
}

/**
 * One row for each arm and goal, as Markdown: metric on test, size, latency of one image, time of training. Arms that start from the
 * network that was not pruned are the same for every goal and stand once.
 */
export function armsTable(reports: readonly ReportResult[]): string {
  const metric = reports[0]!.metric.name;
  const shared = reports[0]!.arms.filter(isShared).map((arm) => row('not pruned', arm, metric));
  const own = reports.flatMap((report) =>
    report.arms.filter((arm) => !isShared(arm)).map((arm) => row(goalOf(report), arm, metric)),
  );
  return [
    `| cut to | arm | ${metric} on test | on validation | parameters | MACs | latency p50, ms | epochs (best) | training, s | images/s |`,
    '|---|---|---:|---:|---:|---:|---:|---:|---:|---:|',
    ...own,
    ...shared,
  ].join('\n');
}

const NAMES: Readonly<Record<ReportArm['arm'], string>> = {
  refit: 'pruned, head refitted in closed form',
  finetuned: 'pruned, finetuned',
  scratch: 'the same pruned architecture from scratch',
  headOnly: 'head only (transfer learning)',
  unpruned: 'finetuned whole',
  quantized: 'in whole numbers',
};

function isShared({ arm }: ReportArm): boolean {
  return arm === 'headOnly' || arm === 'unpruned';
}

function goalOf({ epsilon, target }: ReportResult): string {
  return target ? describeTarget(target.target) : `ε = ${epsilon}`;
}

function row(goal: string, arm: ReportArm, metric: string): string {
  const cells = [
    goal,
    NAMES[arm.arm],
    show(arm.metric, metric),
    show(arm.validation, metric),
    `${(arm.parameters / 1e3).toFixed(1)} k`,
    `${(arm.macs / 1e6).toFixed(2)} M`,
    arm.latencyMs.p50.toFixed(2),
    arm.epochs === null ? '' : `${arm.epochs} (${arm.bestEpoch})`,
    arm.seconds?.toFixed(1) ?? '',
    arm.imagesPerSecond?.toFixed(0) ?? '',
  ];
  return `| ${cells.join(' | ')} |`;
}
