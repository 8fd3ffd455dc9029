import { Failure } from '@kneepoint/failures';
import type { HeadPool } from '@kneepoint/pruning';
import type { Cell } from '@kneepoint/regression';

/** How one layer probes for one task. */
export interface ProbedLayer {
  readonly layer: string;
  readonly cell: Pick<Cell, 'validation' | 'higherIsBetter'>;
}

/** What a head reads: a layer, over all its positions or on a 2 × 2 grid. */
export interface HeadChoice {
  readonly layer: string;
  readonly pool: HeadPool;
}

/** What a choice among heads looks at of a probe. */
export type HeadProbe = Pick<Cell, 'validation' | 'higherIsBetter' | 'n'> & {
  readonly trials: readonly Pick<Cell['trials'][number], 'heldOut'>[];
};

/** How one layer probes for one task with each pool; no grid where it has none. */
export interface ProbedHeads {
  readonly layer: string;
  readonly cell: HeadProbe;
  readonly grid: HeadProbe | null;
}

/** What a person has settled already, and what the others cost. */
export interface HeadOptions {
  readonly layer?: string;
  readonly pool?: HeadPool;
  /** Multiply-accumulates of the network up to a head, the head included. */
  readonly macs: (choice: HeadChoice) => number;
  /** Heads whose network takes less than this share of the costliest one's multiply-accumulates are left out, where others are left. Default 0. */
  readonly leastShare?: number;
}

/**
 * The least share of a network that is trained for the tasks: a probe reads what is there already, training makes more of a deeper network, so that
 * one of a few layers which probes as well, or better, ends far behind (figures in docs/method.md).
 */
export const TRAINED_SHARE = 0.5;

/**
 * The layer that probes best on validation, never on test. For several tasks the one of the best mean rank over them; of equals the one whose
 * worst rank is best, then the earliest.
 * @param tasks for each task its layers, the same ones in the same order
 */
export function headLayer(tasks: readonly (readonly ProbedLayer[])[]): string {
  const [first] = ranked(tasks.map((layers) => layers.map(({ cell }) => cell)));
  return tasks[0]![first!]!.layer;
}

/**
 * What the head shall read: the cheapest of what probes as well as the best. With v_kt(h) the metric of task k's probe on head h on the validation
 * rows of trial t (`heldOut`: its thresholds come from the training rows), greater being better, and h* the head of the best mean rank (as `headLayer` has it), h is as good where for every k
 *
 *     mean_t d ≤ min(sd_t(d) / √T, e),   d_t = v_kt(h*) − v_kt(h),
 *
 * one standard error of the difference, which trials show pair by pair because all heads are probed on the same rows (Breiman et al. 1984 choose
 * a tree so), and no more than e, the sampling error of v_k(h*) on n rows: √(v(1 − v)/n) for a share, v/√(2n) for an error. One trial shows no
 * spread: then e alone decides. Of these heads the one with the fewest MACs, of equals the better one, the earlier one, the one without a grid.
 * Throws HEAD_BAD_SHAPE where a grid is asked for and none was probed.
 * @param tasks for each task its layers, the same ones in the same order
 */
export function chooseHead(
  tasks: readonly (readonly ProbedHeads[])[],
  { layer, pool, macs, leastShare = 0 }: HeadOptions,
): HeadChoice {
  if (layer !== undefined && pool !== undefined) return { layer, pool };
  const asked = choicesOf(tasks).filter(
    (choice) => (layer === undefined || choice.layer === layer) && (pool === undefined || choice.pool === pool),
  );
  const choices = layer === undefined && leastShare > 0 ? deepEnough(asked, macs, leastShare) : asked;
  if (choices.length === 0) {
    // A layer that is not there is refused by who looks for it.
    if (layer !== undefined) return { layer, pool: 1 };
    throw new Failure('HEAD_BAD_SHAPE', 'no layer was probed on a 2 × 2 grid', {
      where: 'pool',
      fix: 'Pool over all positions, or name the layer that is to be read.',
    });
  }
  const order = ranked(tasks.map((layers) => choices.map((choice) => probeOf(layers, choice))));
  const best = choices[order[0]!]!;
  const alike = order
    .map((at) => choices[at]!)
    .filter((choice) => tasks.every((layers) => isAlike(probeOf(layers, choice), probeOf(layers, best))));
  if (alike.length === 1) return best;
  const costs = new Map(alike.map((choice) => [choice, macs(choice)]));
  return alike.reduce((cheapest, choice) => (costs.get(choice)! < costs.get(cheapest)! ? choice : cheapest));
}

function deepEnough(
  choices: readonly HeadChoice[],
  macs: HeadOptions['macs'],
  leastShare: number,
): readonly HeadChoice[] {
  const costs = choices.map(macs);
  const most = Math.max(...costs.filter(Number.isFinite));
  return choices.filter((_, at) => costs[at]! >= leastShare * most);
}

/** In graph order, the mean over all positions before the grid; a grid only where every task has a probe on it. */
function choicesOf(tasks: readonly (readonly ProbedHeads[])[]): readonly HeadChoice[] {
  return (tasks[0] ?? []).flatMap(({ layer }, at): HeadChoice[] => {
    const gridded = tasks.every((layers) => layers[at]!.grid !== null);
    return [{ layer, pool: 1 }, ...(gridded ? [{ layer, pool: 2 } as const] : [])];
  });
}

function probeOf(layers: readonly ProbedHeads[], { layer, pool }: HeadChoice): HeadProbe {
  const { cell, grid } = layers.find((candidate) => candidate.layer === layer)!;
  return withHeldOut(pool === 2 ? grid! : cell);
}

/** With the mean over the trials of what was held out in the place of the validation that chose the thresholds. */
function withHeldOut(probe: HeadProbe): HeadProbe {
  const { trials } = probe;
  if (trials.length === 0) return probe;
  return { ...probe, validation: trials.reduce((sum, { heldOut }) => sum + heldOut, 0) / trials.length };
}

/** Whether two probes of a task cannot be told apart; see `chooseHead`. */
function isAlike(probe: HeadProbe, best: HeadProbe): boolean {
  const sign = best.higherIsBetter ? 1 : -1;
  const sampling = samplingError(best);
  const trials = Math.min(probe.trials.length, best.trials.length);
  if (trials < 2) return sign * (best.validation - probe.validation) <= sampling;
  const differences = Array.from(
    { length: trials },
    (_, t) => sign * (best.trials[t]!.heldOut - probe.trials[t]!.heldOut),
  );
  const mean = differences.reduce((sum, value) => sum + value, 0) / trials;
  const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (trials - 1);
  return mean <= Math.min(Math.sqrt(variance / trials), sampling);
}

function samplingError({ validation, higherIsBetter, n }: HeadProbe): number {
  const rows = Math.max(1, n.validation);
  if (!higherIsBetter) return validation / Math.sqrt(2 * rows);
  return Math.sqrt(Math.max(0, validation * (1 - validation)) / rows);
}

/** Positions of the candidates, best first: by mean rank over the tasks, then worst rank, then position. */
function ranked(tasks: readonly (readonly ProbedLayer['cell'][])[]): readonly number[] {
  const ranks = tasks.map((cells) =>
    cells.map(
      (cell) =>
        cells.filter(({ validation }) =>
          cell.higherIsBetter ? validation > cell.validation : validation < cell.validation,
        ).length,
    ),
  );
  const sum = (at: number): number => ranks.reduce((total, own) => total + own[at]!, 0);
  const worst = (at: number): number => Math.max(...ranks.map((own) => own[at]!));
  return [...(ranks[0] ?? []).keys()].sort((a, b) => sum(a) - sum(b) || worst(a) - worst(b) || a - b);
}
