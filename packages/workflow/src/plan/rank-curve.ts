import { type CharacteristicCurve, errorByFilters, knee } from '@kneepoint/regression';
import { joiningWorth } from './joining-worth.ts';
import { explained, type TaskCurves, tellingCurves } from './task-knees.ts';
import type { LayerRanking, Rankings } from '@kneepoint/pruning';

/**
 * A layer's filters as its curve ranks them. Worth: see `joiningWorth`. Loss of keeping k: (RMSE(k) − RMSE_min) / (RMSE_max − RMSE_min)
 * on validation, with RMSE(k) the lowest error of at most k filters: the ε of the knee that keeps k. A flat curve loses nothing.
 */
export function rankCurve(curve: CharacteristicCurve): LayerRanking {
  const { rmseMin, rmseMax } = knee(curve, 0.5);
  const drop = rmseMax - rmseMin;
  const loss = errorByFilters(curve).map((rmse) => (drop > 0 ? within((rmse - rmseMin) / drop) : 0));
  return { worth: joiningWorth(curve), loss };
}

/**
 * The rankings by which filters are chosen for all tasks at once. Worth of a filter is the largest that any task gives it. Among
 * the first k in that order are for each task the first n of its own, and the loss is the mean over tasks of what n of its own promise. A task
 * whose curve of a layer does not count there says only that each filter that goes loses the same: 1 − k/C.
 */
export function rankTasks(tasks: readonly TaskCurves[], headLayer: string): Rankings {
  return rankAll(tasks, headLayer, { lossOf: (curve) => rankCurve(curve).loss, untold: () => 1 });
}

/**
 * The same with losses that can be set against each other over layers: the share of the labels' variance on validation that is no longer explained,
 * (RMSE(k)² − RMSE_min²) / RMSE_0² with RMSE_0 that of no filter. A layer whose curve does not count, whose filters others build on, loses with each
 * filter the same part of the most that any layer explains.
 */
export function varianceLosses(tasks: readonly TaskCurves[], headLayer: string): Rankings {
  return rankAll(tasks, headLayer, {
    lossOf: (curve) => {
      const { rmseMin, rmseMax } = knee(curve, 0.5);
      return errorByFilters(curve).map((rmse) => (rmseMax > 0 ? within((rmse ** 2 - rmseMin ** 2) / rmseMax ** 2) : 0));
    },
    untold: (telling) => Math.max(0, ...[...telling.values()].map((curve) => explained(knee(curve, 0.5)))),
  });
}

interface Losses {
  readonly lossOf: (curve: CharacteristicCurve) => ArrayLike<number>;
  /** What a layer loses in all whose curve does not count, by those of the task that do. */
  readonly untold: (telling: ReadonlyMap<string, CharacteristicCurve>) => number;
}

function rankAll(tasks: readonly TaskCurves[], headLayer: string, { lossOf, untold }: Losses): Rankings {
  const telling = tasks.map((task) => tellingCurves(task, headLayer));
  const silent = telling.map(untold);
  const layers = new Set(tasks.flatMap(({ curves }) => [...curves.keys()]));
  return new Map(
    [...layers].map((layer) => {
      const { filters } = tasks.map(({ curves }) => curves.get(layer)).find((curve) => curve !== undefined)!;
      const opinions = tasks.map(({ curves }, index): LayerRanking => {
        const curve = telling[index]!.get(layer);
        if (curve) return { worth: joiningWorth(curve), loss: lossOf(curve) };
        const known = curves.get(layer);
        const worth = known ? joiningWorth(known) : new Float64Array(filters);
        return { worth, loss: evenLoss(filters).map((loss) => loss * silent[index]!) };
      });
      return [layer, opinions.length === 1 ? opinions[0]! : joined(opinions, filters)];
    }),
  );
}

function within(share: number): number {
  return Math.min(1, Math.max(0, share));
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
