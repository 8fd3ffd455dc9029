import {
  type CompressionReport,
  type EpochRecord,
  type FinetuneOutput,
  type NetworkFigures,
  type PruneOutput,
  type ReportArm,
  reportWarnings,
  type TrainedArm,
} from '@kneepoint/workflow';
import type { Measured } from './measure.task.ts';

export interface TrainedNetwork {
  readonly arm: TrainedArm;
  readonly output: FinetuneOutput;
}

/** Names under which the networks of a report are measured; an arm goes by its own. */
export const ORIGINAL = 'original';
export const REFIT = 'refit';

/**
 * The pruning's report with every trained arm beside it, and the times of all networks out of one measurement. What is delivered is
 * the finetuned network where there is one, else the refitted one.
 */
export function assembleReport(
  report: CompressionReport,
  trained: readonly TrainedNetwork[],
  measured: { readonly networks: Readonly<Record<string, Measured>>; readonly provider: string },
): CompressionReport {
  const latencyOf = (name: string): NetworkFigures['latencyMs'] => {
    const { p50, p95 } = measured.networks[name]!.latencyMs;
    return { p50, p95 };
  };
  const arms = [
    ...report.arms.map((arm): ReportArm => ({ ...arm, latencyMs: latencyOf(REFIT) })),
    ...trained.map(({ arm, output }) => trainedArm(arm, report.task, output, measured.networks[arm]!)),
  ];
  const finetuned = arms.find(({ arm }) => arm === 'finetuned');
  const { parameters, macs, bytes, latencyMs } = finetuned ?? { ...report.after, latencyMs: latencyOf(REFIT) };
  const found: Omit<CompressionReport, 'warnings'> = {
    ...report,
    metric: { ...report.metric, ...(finetuned ? { finetuned: finetuned.metric } : {}) },
    before: { ...report.before, latencyMs: latencyOf(ORIGINAL) },
    after: { parameters, macs, bytes, latencyMs },
    arms,
    provider: measured.provider,
  };
  return { ...found, warnings: [...reportWarnings(found), ...trained.flatMap(notesOf)] };
}

/** The network that the report delivers. */
export function deliveredSha256(pruning: PruneOutput, trained: readonly TrainedNetwork[]): string {
  return trained.find(({ arm }) => arm === 'finetuned')?.output.modelSha256 ?? pruning.modelSha256;
}

function trainedArm(
  arm: TrainedArm,
  task: string,
  { tasks, modelSha256, epochs, bestEpoch, seconds, imagesPerSecond }: FinetuneOutput,
  { parameters, macs, bytes, latencyMs: { p50, p95 } }: Measured,
): ReportArm {
  const { test, validation } = tasks.find((judged) => judged.task === task)!;
  return {
    arm,
    metric: test,
    validation,
    parameters,
    macs,
    bytes,
    latencyMs: { p50, p95 },
    modelSha256,
    // Epoch 0 is the network before training.
    epochs: epochs.filter(({ epoch }) => epoch > 0).length,
    bestEpoch,
    seconds,
    imagesPerSecond,
    history: epochs.map(inOrder),
  };
}

/** A database gives members back in an order of its own; a report is for readers. */
function inOrder(record: EpochRecord): EpochRecord {
  const { epoch, loss, validationLoss, metric, learningRate, imagesPerSecond, seconds } = record;
  return { epoch, loss, validationLoss, metric, learningRate, imagesPerSecond, seconds };
}

function notesOf({ arm, output }: TrainedNetwork): readonly string[] {
  return output.notes.map((note) => `${arm}: ${note}`);
}
