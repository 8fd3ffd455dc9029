import type { Cell } from '@kneepoint/regression';

/** How one layer probes for one task. */
export interface ProbedLayer {
  readonly layer: string;
  readonly cell: Pick<Cell, 'validation' | 'higherIsBetter'>;
}

/**
 * The layer that the head reads: the one that probes best on validation, never on test. For several tasks the one of the best mean rank over
 * them; of equals the earliest.
 * @param tasks for each task its layers, the same ones in the same order
 */
export function headLayer(tasks: readonly (readonly ProbedLayer[])[]): string {
  const ranks = new Map<string, number>();
  for (const layers of tasks) {
    for (const { layer, cell } of layers) {
      const better = layers.filter(({ cell: other }) =>
        cell.higherIsBetter ? other.validation > cell.validation : other.validation < cell.validation,
      );
      ranks.set(layer, (ranks.get(layer) ?? 0) + better.length);
    }
  }
  return [...ranks].reduce((best, candidate) => (candidate[1] < best[1] ? candidate : best))[0];
}
