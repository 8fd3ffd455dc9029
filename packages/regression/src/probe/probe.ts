import { trialNumbers } from '../layer/analyse-layer.ts';
import { analyseSteps } from '../layer/analyse-steps.ts';
import { finish } from '../run.ts';
import type { TaskSpec } from '../task/spec.ts';
import type { Cell } from './cell.ts';

export interface ProbeRequest {
  /** N × filters, row-major. */
  readonly responses: Float32Array;
  /** N × targets; a row with a NaN has no label. */
  readonly labels: Float64Array;
  readonly task: TaskSpec;
  readonly trials?: number;
  readonly seed: number;
  readonly groups?: Int32Array | undefined;
}

/**
 * How well a linear model on these responses does a task (paper §2): for each trial ridge weights on train, penalty and thresholds
 * chosen on validation, the metric read on test. Throws as `analyseLayer` does.
 */
export function probe({ responses, labels, task, trials = 3, seed, groups }: ProbeRequest): Cell {
  const { cells } = finish(
    analyseSteps({
      responses,
      tasks: [{ spec: task, labels }],
      groups,
      seed,
      trials: trialNumbers(trials),
      lambdas: 2,
      probes: true,
      curves: false,
      diagnostics: true,
    }),
  );
  return cells[0] as Cell;
}
