import type { TaskSpec } from '@kneepoint/regression';

/** A data set that has been imported: one immutable archive, and its manifest as an artifact of its own for readers of labels. */
export interface DatasetReference {
  readonly id: string;
  readonly name: string;
  readonly sha256: string;
  readonly manifestSha256: string;
  readonly images: number;
  readonly tasks: readonly TaskSpec[];
  readonly subject: string | null;
}
