import { errorWithin, knee } from '@kneepoint/regression';
import type { TaskCurves } from './task-knees.ts';

/** What the head layer's curve promises a task, in the unit of its targets, on validation. */
export interface Forecast {
  readonly task: string;
  /** Filters of the head's layer that stay, as its tap counts them. */
  readonly filters: number;
  /** The lowest error that the task's path reaches with them alone. */
  readonly rmse: number;
  /** With all filters at their best, and with none. */
  readonly rmseMin: number;
  readonly rmseMax: number;
}

/** One forecast per task that has a curve there. */
export function forecasts(
  tasks: readonly TaskCurves[],
  headLayer: string,
  kept: readonly number[],
): readonly Forecast[] {
  return tasks.flatMap(({ task, curves }) => {
    const curve = curves.get(headLayer);
    if (!curve) return [];
    const { rmseMin, rmseMax } = knee(curve, 0.5);
    return [{ task, filters: kept.length, rmse: errorWithin(curve, new Set(kept)), rmseMin, rmseMax }];
  });
}
