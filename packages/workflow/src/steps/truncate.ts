import { contentKey } from '@kneepoint/platform';
import type { MetricStages } from '../report.ts';
import type { AnalysedTask } from './analysed-task.ts';

/**
 * Image → task with nothing pruned: the network up to the head's layer and the linear head in closed form. What pruning starts
 * from, and what its rivals are trained from.
 */
export const TRUNCATE = { kind: 'truncate', service: 'pruner', version: 1 } as const;

export interface TruncateInput extends AnalysedTask {
  /** The layer that the head reads; the one that probes best on validation when absent. */
  readonly layer?: string;
}

export interface TruncateOutput {
  readonly modelSha256: string;
  readonly layer: string;
  readonly metric: Pick<MetricStages, 'name' | 'higherIsBetter' | 'chance' | 'probe'>;
}

/** Without ε, so that every ε shares the step and all that is trained from it. */
export function truncateKey(input: TruncateInput): string {
  const { modelName: _label, ...content } = input;
  return contentKey(TRUNCATE.kind, TRUNCATE.version, content);
}
