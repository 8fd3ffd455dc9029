import type { Cell } from '@kneepoint/regression';

/** How one layer probes for one task. */
export interface ProbedLayer {
  readonly layer: string;
  readonly cell: Pick<Cell, 'validation' | 'higherIsBetter'>;
}

/**
 * The layer that the head reads: the one that probes best on validation, never on test. For several tasks the one of the best mean rank over
 * them; of equals the one whose worst rank is best, then the earliest.
 * @param tasks for each task its layers, the same ones in the same order
 */
export function headLayer(tasks: readonly (readonly ProbedLayer[])[]): string {
  const ranks = new Map<string, { sum: number; worst: number }>();
  for (const layers of tasks) {
    for (const { layer, cell } of layers) {
      const rank = layers.filter(({ cell: { validation } }) =>
        cell.higherIsBetter ? validation > cell.validation : validation < cell.validation,
      ).length;
      const { sum, worst } = ranks.get(layer) ?? { sum: 0, worst: 0 };
      ranks.set(layer, { sum: sum + rank, worst: Math.max(worst, rank) });
    }
  }
  return [...ranks].reduce((best, candidate) => {
    const [a, b] = [candidate[1], best[1]];
    return (a.sum - b.sum || a.worst - b.worst) < 0 ? candidate : best;
  })[0];
}
