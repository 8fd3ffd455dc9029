import { errorByFilters, knee } from '@kneepoint/regression';
import { joiningWorth } from './joining-worth.ts';
import type { TaskCurves } from './task-knees.ts';

/** What the head layer's curve promises a task, in the unit of its targets, on validation. */
export interface Forecast {
  readonly task: string;
  /** Kept filters of the head's layer that the task's path ever holds. */
  readonly filters: number;
  /** The lowest error that the path reaches with at most so many. */
  readonly rmse: number;
  /** With all filters at their best, and with none. */
  readonly rmseMin: number;
  readonly rmseMax: number;
}

/** One forecast per task that has a curve there. `kept`: filters of the head's layer as its tap counts them. */
export function forecasts(
  tasks: readonly TaskCurves[],
  headLayer: string,
  kept: readonly number[],
): readonly Forecast[] {
  return tasks.flatMap(({ task, curves }) => {
    const curve = curves.get(headLayer);
    if (!curve) return [];
    const worth = joiningWorth(curve);
    const filters = kept.filter((filter) => worth[filter]! > 0).length;
    const { rmseMin, rmseMax } = knee(curve, 0.5);
    return [{ task, filters, rmse: errorByFilters(curve)[filters]!, rmseMin, rmseMax }];
  });
}
