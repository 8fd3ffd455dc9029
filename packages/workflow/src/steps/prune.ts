import type { Preprocess } from '@kneepoint/datasets';
import { contentKey } from '@kneepoint/platform';
import type { TaskSpec } from '@kneepoint/regression';
import type { TapReference } from '../model.ts';
import type { CompressionReport } from '../report.ts';
import type { RegressionSettings } from './regress.ts';

/** Cuts what the task does not need out of the graph, proves it, refits the head, measures, and writes the report. */
export const PRUNE = { kind: 'prune', service: 'pruner', version: 2 } as const;

export interface PruneOptions {
  readonly epsilon: number;
  /** Overrides ε for single layers. */
  readonly layerEpsilon?: Readonly<Record<string, number>>;
  /** The layer that the head reads; the one that probes best on validation when absent. */
  readonly layer?: string;
  readonly minFilters?: number;
}

export interface PruneInput {
  readonly modelSha256: string;
  readonly modelName: string;
  readonly preprocess: Preprocess;
  readonly datasetSha256: string;
  readonly manifestSha256: string;
  readonly taps: readonly TapReference[];
  readonly task: TaskSpec;
  readonly settings: RegressionSettings;
  readonly extractKeys: readonly string[];
  /** Content key of the regression of each layer, in graph order. */
  readonly regressKeys: readonly { readonly layer: string; readonly key: string }[];
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
