import { type Config, contentKey } from '@kneepoint/platform';
import type { TaskSpec } from '@kneepoint/regression';
import { normaliseOptions, type PruneOptions } from '../plan/prune-options.ts';
import type { MeasuredResult } from '../report-measured.ts';
import type { Round, RoundKeys } from '../rounds/round.ts';
import type { AnalysedTasks } from './analysed-tasks.ts';
import type { StepKind } from './step-kind.ts';

/** Cuts what the tasks do not need out of the graph, proves it, refits the head, measures, and writes the report. */
export const PRUNE = {
  kind: 'prune',
  service: 'pruner',
  version: 15,
  timeoutSeconds: 8 * 3600,
} as const satisfies StepKind;

export interface PruneInput extends AnalysedTasks {
  readonly options: PruneOptions;
  /** Specifications of the tasks of `options.avoid`. */
  readonly avoided?: readonly TaskSpec[];
  /** Content key of the pruning whose MACs take the place of ε or target: a comparison at equal cost. */
  readonly equalTo?: string;
  /** What the network is planned for, where that decides widths and is not the CPU. */
  readonly provider?: Exclude<Config['provider'], 'cpu'>;
  /** A cut of a network that was trained for the tasks, not of the registered one. */
  readonly round?: Round;
}

export interface PruneOutput {
  /** As it is worked on: float32 images with the channels first. */
  readonly modelSha256: string;
  /** As the original declares its inputs and outputs; absent where that is the same. */
  readonly declaredSha256?: string;
  readonly reportSha256: string;
  readonly report: MeasuredResult;
  /** Which channels of the registered model the network still has; where it was cut in rounds, by all of them together. */
  readonly kept: KeptChannels;
  /** The search was over: this is the output of an earlier round, passed on. */
  readonly settled?: RoundKeys;
  /** The search asked for a network that cannot be, or not be proved, so small: it ends here. */
  readonly unreachable?: true;
}

/** By layer: the filters that are left of each layer, and the channels that are left of the value that its tap reads. Ascending. */
export interface KeptChannels {
  readonly layers: Readonly<Record<string, readonly number[]>>;
  readonly taps: Readonly<Record<string, readonly number[]>>;
  /** Layers whose filters are mixtures of the registered ones, by this cut or an earlier one; none of the above. */
  readonly rotated: readonly string[];
}

export function pruneKey(input: PruneInput): string {
  const { modelName: _label, options, ...content } = input;
  return contentKey(PRUNE.kind, PRUNE.version, { ...content, options: normaliseOptions(options) });
}
