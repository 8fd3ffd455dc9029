import { type CharacteristicCurve, errorByFilters, knee } from '@kneepoint/regression';
import { joiningWorth } from './joining-worth.ts';
import { type TaskCurves, tellingCurves } from './task-knees.ts';
import type { LayerRanking, Rankings } from '@kneepoint/pruning';

/**
 * A layer's filters as its curve ranks them. Worth: see `joiningWorth`. Loss of keeping k: (RMSE(k) − RMSE_min) / (RMSE_max − RMSE_min)
 * on validation, with RMSE(k) the lowest error of at most k filters: the ε of the knee that keeps k. A flat curve loses nothing.
 */
export function rankCurve(curve: CharacteristicCurve): LayerRanking {
  const { rmseMin, rmseMax } = knee(curve, 0.5);
  const drop = rmseMax - rmseMin;
  const loss = errorByFilters(curve).map((rmse) => (drop > 0 ? Math.min(1, Math.max(0, (rmse - rmseMin) / drop)) : 0));
  return { worth: joiningWorth(curve), loss };
}

/**
 * The rankings by which filters are chosen for all tasks at once. Worth of a filter is the largest that any task gives it. Among
 * the first k in that order are for each task the first n of its own, and the loss is the mean over tasks of what n of its own promise. A task
 * whose curve of a layer does not count there says only that each filter that goes loses the same: 1 − k/C.
 */
export function rankTasks(tasks: readonly TaskCurves[], headLayer: string): Rankings {
  const telling = tasks.map((task) => tellingCurves(task, headLayer));
  const layers = new Set(tasks.flatMap(({ curves }) => [...curves.keys()]));
  return new Map(
    [...layers].map((layer) => {
      const { filters } = tasks.map(({ curves }) => curves.get(layer)).find((curve) => curve !== undefined)!;
      const opinions = tasks.map(({ curves }, index): LayerRanking => {
        const curve = telling[index]!.get(layer);
        if (curve) return rankCurve(curve);
        const untold = curves.get(layer);
        return { worth: untold ? joiningWorth(untold) : new Float64Array(filters), loss: evenLoss(filters) };
      });
      return [layer, opinions.length === 1 ? opinions[0]! : joined(opinions, filters)];
    }),
  );
}

function evenLoss(filters: number): Float64Array {
  return Float64Array.from({ length: filters + 1 }, (_, kept) => 1 - kept / filters);
}

function joined(opinions: readonly LayerRanking[], filters: number): LayerRanking {
  const worth = Float64Array.from({ length: filters }, (_, filter) =>
    Math.max(...opinions.map((opinion) => opinion.worth[filter]!)),
  );
  const order = byWorth(worth);
  const loss = new Float64Array(filters + 1);
  for (const opinion of opinions) {
    const own = byWorth(opinion.worth);
    const there = new Set<number>();
    let first = 0;
    for (let k = 0; k <= filters; k++) {
      // How many of the task's own first filters are all among the k.
      while (first < filters && there.has(own[first]!)) first += 1;
      loss[k]! += opinion.loss[first]! / opinions.length;
      there.add(order[k]!);
    }
  }
  return { worth, loss };
}

function byWorth(worth: ArrayLike<number>): readonly number[] {
  return Array.from(worth, (_, filter) => filter).sort((a, b) => worth[b]! - worth[a]! || a - b);
}
