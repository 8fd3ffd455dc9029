import { contentKey } from '@kneepoint/platform';
import type { CompressionReport, TrainedArm } from '../report.ts';

/** Times the original, the pruned and the trained networks against each other and puts them side by side in one report. */
export const REPORT = { kind: 'report', service: 'trainer', version: 1 } as const;

export interface ReportInput {
  /** No part of the key. */
  readonly modelName: string;
  readonly originalSha256: string;
  readonly task: string;
  readonly epsilon: number;
  /** Content key of the pruning. */
  readonly pruneKey: string;
  /** Content key of the training of each arm, in the order in which they are shown. */
  readonly arms: readonly { readonly arm: TrainedArm; readonly key: string }[];
}

export interface ReportOutput {
  /** The network that is delivered. */
  readonly modelSha256: string;
  readonly reportSha256: string;
  readonly report: CompressionReport;
}

export function reportKey(input: ReportInput): string {
  const { modelName: _label, ...content } = input;
  return contentKey(REPORT.kind, REPORT.version, content);
}
