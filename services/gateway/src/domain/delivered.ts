import {
  type DeliveredResult,
  goalLabel,
  type MeasuredResult,
  type PruneInput,
  type PruneOutput,
  REPORT,
  type ReportInput,
  type ReportOutput,
  resultOf,
} from '@kneepoint/workflow';
import type { Context } from '../context.ts';
import type { ReportResult } from '../schema/report-result.ts';
import type { Pruning } from '../schema/run.ts';
import { artifactOf } from './artifacts.ts';
import type { MadeRow } from './run-lists.ts';

/** A network that a step delivers; what was measured of it is read for who asks. */
export async function toDelivered(loaders: Context['loaders'], row: MadeRow): Promise<Pruning> {
  const { label, sha256 } = deliveredBy(row);
  const { report } = row.output as PruneOutput | ReportOutput;
  const { modelName } = row.input as PruneInput | ReportInput;
  const model = await artifactOf(loaders, sha256, `${modelName}-${report.task}-${label}.onnx`);
  return { label, epsilon: report.epsilon, model, rowId: row.id };
}

/** What was measured of a network that a step delivers; null where an earlier version did, which said less. */
export async function resultOfDelivered(
  { loaders }: Context,
  { label, model, rowId }: Pruning,
): Promise<ReportResult | null> {
  const step = await loaders.made.load(rowId);
  if (step === null) return null;
  const { report } = step.output as unknown as PruneOutput | ReportOutput;
  const { tasks = [] } = step.input as unknown as PruneInput | ReportInput;
  const { sha256, bytes } = model;
  return isMeasured(report) ? resultOf({ label, sha256, measured: report, bytes }, tasks) : null;
}

/** What tells a network apart from others of its run, and its digest. */
export function deliveredBy({ kind, input, output }: MadeRow): Pick<DeliveredResult, 'label' | 'sha256'> {
  if (kind === REPORT.kind) {
    return { label: (input as ReportInput).label, sha256: (output as ReportOutput).modelSha256 };
  }
  const { modelSha256, declaredSha256 = modelSha256 } = output as PruneOutput;
  return { label: goalLabel((input as PruneInput).options), sha256: declaredSha256 };
}

/** Results of earlier versions do not say where they were measured, nor more that a report needs. */
export function isMeasured(report: Partial<MeasuredResult>): report is MeasuredResult {
  return report.measured !== undefined;
}
