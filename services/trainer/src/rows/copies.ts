import { Random } from '@kneepoint/regression';
import type { TrainingSettings } from '@kneepoint/workflow';

/** Keeps this stream apart from the others of one seed. */
const COPY = 3;

/** How many variants of an image there really are. */
export function copiesOf({ crop, flip, copies }: TrainingSettings['augment']): number {
  return crop > 0 || flip ? copies : 1;
}

/** Which variant of each row an epoch takes: follows from seed, epoch and row alone. */
export function drawCopies(
  rows: Int32Array,
  epoch: number,
  { augment, seed }: Pick<TrainingSettings, 'augment' | 'seed'>,
): Uint8Array {
  const copies = copiesOf(augment);
  return Uint8Array.from(rows, (row) => (copies === 1 ? 0 : Random.seeded(COPY, seed, epoch, row).below(copies)));
}
