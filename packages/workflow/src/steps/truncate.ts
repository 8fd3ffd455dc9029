import { contentKey } from '@kneepoint/platform';
import type { HeadPool } from '@kneepoint/pruning';
import type { TaskStages } from '../report-measured.ts';
import type { AnalysedTasks } from './analysed-tasks.ts';
import type { StepKind } from './step-kind.ts';

/**
 * Image → tasks with nothing pruned: the network up to the head's layer and the linear head in closed form. What pruning starts
 * from, and what its rivals are trained from.
 */
export const TRUNCATE = {
  kind: 'truncate',
  service: 'pruner',
  version: 9,
  timeoutSeconds: 2 * 3600,
} as const satisfies StepKind;

export interface TruncateInput extends AnalysedTasks {
  /** The layer that the head reads, and how; what is absent is chosen on validation, see `chooseHead`. */
  readonly layer?: string;
  readonly pool?: HeadPool;
}

export interface TruncateOutput {
  readonly modelSha256: string;
  readonly layer: string;
  readonly pool: HeadPool;
  readonly tasks: readonly Pick<TaskStages, 'task' | 'name' | 'higherIsBetter' | 'chance' | 'probe'>[];
}

/** Without ε, so that every ε shares the step and all that is trained from it. */
export function truncateKey(input: TruncateInput): string {
  const { modelName: _label, ...content } = input;
  return contentKey(TRUNCATE.kind, TRUNCATE.version, content);
}
