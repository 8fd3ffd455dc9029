import { contentKey } from '@kneepoint/platform';
import type { Cell, CharacteristicCurve, TaskSpec } from '@kneepoint/regression';
import type { StepKind } from './step-kind.ts';

/** Fits every task on one layer's responses: a cell of the relationship matrix, one on its 2 × 2 averages, and a characteristic curve for each. */
export const REGRESS = {
  kind: 'regress',
  service: 'regressor',
  version: 7,
  timeoutSeconds: 24 * 3600,
} as const satisfies StepKind;

export interface RegressionSettings {
  /** Random 50/25/25 partitions of the matrix; the curve uses the first (paper §2). */
  readonly trials: number;
  readonly seed: number;
  /** Samples of the lasso path (paper §5). */
  readonly lambdas: number;
}

export const DEFAULT_REGRESSION: RegressionSettings = { trials: 3, seed: 1, lambdas: 100 };

export interface RegressInput {
  /** Content keys of the extraction shards, in image order. */
  readonly extractKeys: readonly string[];
  readonly layer: string;
  readonly channels: number;
  readonly manifestSha256: string;
  readonly tasks: readonly TaskSpec[];
  readonly settings: RegressionSettings;
}

/** What one layer says of one task. The curve itself, with its supports and exact segments, is an artifact. */
export interface LayerTaskResult {
  readonly task: string;
  readonly cell: Cell;
  /** The same probe on the layer's 2 × 2 averages, four for each filter; null where there is none. */
  readonly grid: Cell | null;
  /** Why there is none: the layer's maps are smaller than 2 × 2, or the fit would take longer than it can be worth. Null where there is one. */
  readonly gridAbsent: 'small' | 'cost' | null;
  readonly curveSha256: string;
  readonly points: CharacteristicCurve['points'];
  /** Indices of path samples whose duality gap stayed above the certificate's limit. */
  readonly uncertified: readonly number[];
  readonly [key: string]: unknown;
}

export interface RegressOutput {
  readonly layer: string;
  readonly channels: number;
  readonly results: readonly LayerTaskResult[];
}

export function regressKey(input: RegressInput): string {
  return contentKey(REGRESS.kind, REGRESS.version, input);
}

/** The key of one task's share of a step, so that a task fitted before is not fitted again when others join it. */
export function layerTaskKey(input: RegressInput, task: TaskSpec): string {
  return contentKey('layer-task', REGRESS.version, { ...input, tasks: [task] });
}
