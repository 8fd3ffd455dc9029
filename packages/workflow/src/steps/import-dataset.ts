import type { DatasetSchema, Reading } from '@kneepoint/datasets';
import type { Source } from './import-model.ts';
import type { StepKind } from './step-kind.ts';

/** Validates a folder or an uploaded archive of images and labels, and stores it as one immutable archive. */
export const IMPORT_DATASET = {
  kind: 'import-dataset',
  service: 'extractor',
  version: 1,
  timeoutSeconds: 8 * 3600,
} as const satisfies StepKind;

export interface ImportDatasetInput {
  readonly name: string;
  readonly source: Source;
  readonly schema?: DatasetSchema;
  /** Column whose value keeps images together when the set is split. */
  readonly group?: string;
  /** How the folder is read, where that is not told by what lies there. */
  readonly reading?: Reading;
}

/** The data set's row is on the run: the same archive is the same data set. */
export interface ImportDatasetOutput {
  readonly sha256: string;
  readonly manifestSha256: string;
  readonly images: number;
}
