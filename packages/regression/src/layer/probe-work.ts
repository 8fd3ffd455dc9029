import { RIDGE_LAMBDAS } from '../solve/choose-ridge.ts';

/** Shares of the rows in training, and in training and validation together (paper §2). */
const TRAINING = 0.5;
const READ = 0.75;

/**
 * Multiply-adds that the probes of a layer take without curves, for one family of tasks: Gram matrices of the filters once and a factorisation
 * for each trial and penalty; or both of the rows for each trial, where filters outnumber the training rows. To decide beforehand whether it is worth it.
 */
export function probeWork({
  rows,
  filters,
  trials,
}: {
  readonly rows: number;
  readonly filters: number;
  readonly trials: number;
}): number {
  const factorisations = (size: number): number => (trials * RIDGE_LAMBDAS.length * size ** 3) / 6;
  const training = TRAINING * rows;
  if (filters <= training) return (rows * filters ** 2) / 2 + factorisations(filters);
  return (trials * (READ * rows) ** 2 * filters) / 2 + factorisations(training);
}
