import { setImmediate } from 'node:timers/promises';
import { Failure } from '@kneepoint/failures';
import { type GivenParts, isComplete } from '../given-split.ts';
import { analyseSteps, type LayerAnalysis, type Progress } from './analyse-steps.ts';
import type { AnalysedTask } from './family.ts';

export interface LayerRequest {
  /** N × filters, row-major. */
  readonly responses: Float32Array;
  readonly tasks: readonly AnalysedTask[];
  /** One id per row; tasks with `splitBy: 'row'` pass over it. */
  readonly groups?: Int32Array | undefined;
  /** The data set's own split, by row; nothing is drawn where it is complete, so one trial says all. */
  readonly given?: GivenParts | undefined;
  readonly seed: number;
  /** Random partitions (paper §2: three); curves use the first. */
  readonly trials?: number;
  readonly lambdas?: number;
  /** Default true; without them, responses wider than the training rows are many cost no more than these. */
  readonly curves?: boolean;
  /** Intervals, LogME and H-score of cells too. Default true. */
  readonly diagnostics?: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * What one layer says of every task: a cell of the relationship matrix and a characteristic curve each, in the order of the
 * tasks. Tasks whose labelled rows and split agree share every Gram matrix. A task's result does not depend on which others are
 * asked for beside it. The event loop runs between steps; `signal` stops there with its own reason.
 * Throws REGRESSION_SHAPE, REGRESSION_NOT_FINITE, REGRESSION_LABEL_INVALID, REGRESSION_TOO_FEW_ROWS,
 * REGRESSION_SPLIT_IMPOSSIBLE, REGRESSION_SETTING_INVALID.
 */
export async function analyseLayer(request: LayerRequest): Promise<LayerAnalysis> {
  const {
    responses,
    tasks,
    groups,
    given,
    seed,
    trials = 3,
    lambdas = 100,
    curves = true,
    diagnostics = true,
    signal,
    onProgress,
  } = request;
  const asked = trialNumbers(trials);
  const numbers = given !== undefined && isComplete(given) ? asked.slice(0, 1) : asked;
  const steps = analyseSteps({
    responses,
    tasks,
    groups,
    given,
    seed,
    trials: numbers,
    lambdas,
    probes: true,
    curves,
    diagnostics,
  });
  for (;;) {
    signal?.throwIfAborted();
    const step = steps.next();
    if (step.done === true) return step.value;
    onProgress?.(step.value);
    await setImmediate();
  }
}

/** 0 … trials − 1. Throws REGRESSION_SETTING_INVALID unless 1 to 100 trials are asked for. */
export function trialNumbers(trials: number): number[] {
  if (!Number.isInteger(trials) || trials < 1 || trials > 100) {
    throw new Failure('REGRESSION_SETTING_INVALID', `${trials} trials`, {
      where: 'trials',
      fix: 'a whole number from 1 to 100',
    });
  }
  return Array.from({ length: trials }, (_, trial) => trial);
}
