import type { LayerTime, NetworkFigures } from '../report-measured.ts';
import type { StepKind } from './step-kind.ts';

/** Times networks against each other in one run. */
export const BENCHMARK = {
  kind: 'benchmark',
  service: 'trainer',
  version: 1,
  timeoutSeconds: 2 * 3600,
} as const satisfies StepKind;

export interface BenchmarkInput {
  readonly networks: readonly { readonly name: string; readonly sha256: string }[];
  /** Images per run. */
  readonly batch: number;
  /** Timed runs of each network. */
  readonly runs: number;
  /** The worker's own when absent. */
  readonly provider?: 'cpu' | 'cuda' | 'auto';
}

export interface BenchmarkedNetwork extends NetworkFigures {
  readonly name: string;
  readonly sha256: string;
  /** At the median. */
  readonly imagesPerSecond: number;
  /** In graph order; empty where a card does the work. Absent of what was measured before layers were. */
  readonly layers?: readonly LayerTime[];
}

export interface BenchmarkOutput {
  readonly provider: string;
  readonly batch: number;
  readonly runs: number;
  readonly networks: readonly BenchmarkedNetwork[];
}
