import { contentKey } from '@kneepoint/platform';
import type { CompressionReport } from '../report.ts';
import type { AnalysedTask } from './analysed-task.ts';

/** Cuts what the task does not need out of the graph, proves it, refits the head, measures, and writes the report. */
export const PRUNE = { kind: 'prune', service: 'pruner', version: 4 } as const;

export interface PruneOptions {
  readonly epsilon: number;
  /** Overrides ε for single layers. */
  readonly layerEpsilon?: Readonly<Record<string, number>>;
  /** The layer that the head reads; the one that probes best on validation when absent. */
  readonly layer?: string;
  readonly minFilters?: number;
}

export interface PruneInput extends AnalysedTask {
  readonly options: PruneOptions;
}

export interface PruneOutput {
  readonly modelSha256: string;
  readonly reportSha256: string;
  readonly report: CompressionReport;
}

export function pruneKey(input: PruneInput): string {
  const { modelName: _label, ...content } = input;
  return contentKey(PRUNE.kind, PRUNE.version, content);
}
