import { analyseSteps } from '../layer/analyse-steps.ts';
import { finish } from '../run.ts';
import type { TaskSpec } from '../task/spec.ts';
import type { CharacteristicCurve } from './characteristic-curve.ts';

export interface CurveOptions {
  /** N × filters, row-major. */
  readonly responses: Float32Array;
  /** N × targets; a row with a NaN has no label. */
  readonly labels: Float64Array;
  readonly task: TaskSpec;
  readonly seed: number;
  readonly groups?: Int32Array | undefined;
  /** Which random partition; the one of the same number in `probe`. */
  readonly trial?: number;
  readonly lambdas?: number;
}

/** The characteristic curve of one layer for one task (paper §5). Throws as `analyseLayer` does. */
export function curve(request: CurveOptions): CharacteristicCurve {
  const { responses, labels, task, seed, groups, trial = 0, lambdas = 100 } = request;
  const { curves } = finish(
    analyseSteps({
      responses,
      tasks: [{ spec: task, labels }],
      groups,
      seed,
      trials: [trial],
      lambdas,
      probes: false,
      curves: true,
      diagnostics: false,
    }),
  );
  return curves[0] as CharacteristicCurve;
}
