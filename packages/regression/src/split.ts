import { Failure } from '@kneepoint/failures';
import { Random } from './random.ts';

/** Part of a split that a row belongs to. LEFT_OUT: the row has no label for the task. */
export const TRAIN = 0;
export const VALIDATION = 1;
export const TEST = 2;
export const LEFT_OUT = 3;

export const PART_NAMES = ['train', 'validation', 'test'] as const;

/** Shares of paper §2. */
const SHARES = [0.5, 0.25, 0.25] as const;

export interface SplitRequest {
  readonly rows: number;
  readonly seed: number;
  /** Each trial is another partition (paper §2 reads three). */
  readonly trial: number;
  /** One id per row; rows of one group stay in one part. */
  readonly groups?: Int32Array | undefined;
}

/**
 * Divides rows 50 / 25 / 25 into train (0), validation (1) and test (2); the result has one entry per row. Without groups the
 * shares are exact to one row. With groups, in random order, each goes where the most rows are missing, so a share is
 * off by at most about the largest group. No part is ever empty.
 * Throws REGRESSION_TOO_FEW_ROWS under 3 rows, REGRESSION_SPLIT_IMPOSSIBLE under 3 groups, REGRESSION_SHAPE.
 */
export function splitRows({ rows, seed, trial, groups }: SplitRequest): Uint8Array {
  if (rows < 3) {
    throw new Failure('REGRESSION_TOO_FEW_ROWS', `${rows} labelled rows cannot fill training, validation and test`, {
      fix: 'at least 3 labelled rows',
    });
  }
  const random = Random.seeded(seed, trial);
  return groups === undefined ? splitSingly(rows, random) : splitByGroup(rows, groups, random);
}

function splitSingly(rows: number, random: Random): Uint8Array {
  const order = random.shuffle(Int32Array.from({ length: rows }, (_, i) => i));
  const validation = Math.max(1, Math.floor((rows + 1) / 4));
  const test = Math.max(1, Math.floor((rows + 2) / 4));
  const parts = new Uint8Array(rows).fill(TRAIN);
  for (let k = 0; k < validation; k++) parts[order[k] as number] = VALIDATION;
  for (let k = validation; k < validation + test; k++) parts[order[k] as number] = TEST;
  return parts;
}

function splitByGroup(rows: number, groups: Int32Array, random: Random): Uint8Array {
  if (groups.length !== rows) {
    throw new Failure('REGRESSION_SHAPE', `${groups.length} group ids for ${rows} rows`, {
      fix: 'one group id per row',
    });
  }
  const sizes = new Map<number, number>();
  for (const id of groups) sizes.set(id, (sizes.get(id) ?? 0) + 1);
  if (sizes.size < 3) {
    throw new Failure('REGRESSION_SPLIT_IMPOSSIBLE', `${sizes.size} groups cannot fill training, validation and test`, {
      fix: 'at least 3 groups, or a split by row',
    });
  }
  // Sorted first, so that the partition depends on the ids and not on the order in which rows arrive.
  const order = random.shuffle(Int32Array.from(sizes.keys()).sort());
  const filled = [0, 0, 0];
  const members: number[][] = [[], [], []];
  for (const id of order) {
    const part = neediest(filled, rows);
    (members[part] as number[]).push(id);
    filled[part] = (filled[part] as number) + (sizes.get(id) as number);
  }
  fillEmptyParts(members, sizes);
  const partOf = new Map<number, number>();
  members.forEach((ids, part) => ids.forEach((id) => partOf.set(id, part)));
  return Uint8Array.from(groups, (id) => partOf.get(id) as number);
}

/** The part whose share is furthest from full, relative to the share; ties go to train. */
function neediest(filled: readonly number[], rows: number): number {
  let best = 0;
  let bestNeed = -Infinity;
  SHARES.forEach((share, part) => {
    const need = 1 - (filled[part] as number) / (share * rows);
    if (need > bestNeed) [best, bestNeed] = [part, need];
  });
  return best;
}

function fillEmptyParts(members: number[][], sizes: ReadonlyMap<number, number>): void {
  for (const empty of members.filter((ids) => ids.length === 0)) {
    const richest = members.reduce((a, b) => (b.length > a.length ? b : a));
    const smallest = richest.reduce((a, b) => ((sizes.get(b) as number) < (sizes.get(a) as number) ? b : a));
    richest.splice(richest.indexOf(smallest), 1);
    empty.push(smallest);
  }
}
