import { TEST, TRAIN, VALIDATION } from '../split.ts';
import { Moments, pilotOf } from '../statistics/moments.ts';
import type { TaskFamily } from './family.ts';

/** Statistics of one trial's training and validation rows. Test rows are only ever predicted. */
export interface TrialMoments {
  readonly train: Moments;
  readonly validation: Moments;
}

/**
 * Statistics for several splits of the same rows, each row's products computed once: rows that share their parts in every
 * trial form a cell, and a split's statistics are the sum of its cells. Only the sums are held: two Gram matrices per trial.
 * @param splits one per trial, an entry per row of `responses`
 */
export function* trialMoments(
  responses: Float32Array,
  filters: number,
  family: TaskFamily,
  splits: readonly Uint8Array[],
): Generator<void, TrialMoments[]> {
  const pilot = pilotOf(responses, filters, family.labels, family.targets, family.rows);
  const trials = splits.map(() => ({ train: new Moments(pilot), validation: new Moments(pilot) }));
  for (const rows of cellsOf(family.rows, splits)) {
    const parts = splits.map((split) => split[rows[0] as number]);
    if (parts.every((part) => part === TEST)) continue;
    const cell = new Moments(pilot).add(responses, family.labels, rows);
    parts.forEach((part, trial) => {
      if (part === TRAIN) trials[trial]?.train.merge(cell);
      if (part === VALIDATION) trials[trial]?.validation.merge(cell);
    });
    yield;
  }
  return trials;
}

function cellsOf(rows: Int32Array, splits: readonly Uint8Array[]): Int32Array[] {
  const cells = new Map<string, number[]>();
  for (const row of rows) {
    const key = splits.map((split) => split[row]).join('');
    const cell = cells.get(key);
    if (cell === undefined) cells.set(key, [row]);
    else cell.push(row);
  }
  return [...cells].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, members]) => Int32Array.from(members));
}
