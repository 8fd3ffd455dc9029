import type { Preprocess } from '@kneepoint/datasets';
import type { WantedBatch } from '@kneepoint/onnx';
import { contentKey } from '@kneepoint/platform';
import type { TaskSpec } from '@kneepoint/regression';
import type { CriterionName } from '../plan/prune-options.ts';
import type { MeasuredResult, TrainedArm } from '../report-measured.ts';
import type { KeepGoal } from '../rounds/keep-goal.ts';
import type { RoundKeys } from '../rounds/round.ts';
import type { StepKind } from './step-kind.ts';

/** Times the original, the pruned and the trained networks against each other and puts them side by side in one report. */
export const REPORT = {
  kind: 'report',
  service: 'trainer',
  version: 7,
  timeoutSeconds: 2 * 3600,
} as const satisfies StepKind;

/** A pruning by another criterion at equal MACs, by content keys. */
export interface ReportRival {
  readonly criterion: CriterionName;
  readonly pruneKey: string;
  /** Its training on, where the network that it is compared with was trained on. */
  readonly finetuneKey?: string;
}

export interface ReportInput {
  /** No part of the key. */
  readonly modelName: string;
  readonly originalSha256: string;
  readonly preprocess: Preprocess;
  /** Name of the task, or of the tasks together. */
  readonly task: string;
  /** What readers need of them. No part of the key. */
  readonly tasks?: readonly Pick<TaskSpec, 'name' | 'unit'>[];
  /** What tells this network apart from others of the run; see `goalLabel`. No part of the key. */
  readonly label: string;
  /** Content key of the pruning. */
  readonly pruneKey: string;
  /** Content key of the training of each arm, in the order in which they are shown. */
  readonly arms: readonly { readonly arm: TrainedArm; readonly key: string }[];
  /** Content key of the network in whole numbers, which is delivered. */
  readonly quantizeKey?: string;
  /** In the order in which they are shown. */
  readonly rivals?: readonly ReportRival[];
  /** Where the network was cut in rounds: the training of the whole network, and the rounds in order. */
  readonly rounds?: { readonly whole: string; readonly made: readonly RoundKeys[] };
  /** The goal that was searched. */
  readonly keep?: KeepGoal;
  /** Of the file that is delivered, in place of the batch that the original declares. */
  readonly batch?: WantedBatch;
}

export interface ReportOutput {
  /** The network that is delivered, as the original declares its inputs and outputs; it names the run that delivered it. */
  readonly modelSha256: string;
  /** The same network as it is worked on, which the pruning or training made. */
  readonly workedSha256?: string;
  readonly reportSha256: string;
  readonly report: MeasuredResult;
}

export function reportKey(input: ReportInput): string {
  const { modelName: _name, label: _label, tasks: _tasks, ...content } = input;
  return contentKey(REPORT.kind, REPORT.version, content);
}
