import type { Preprocess } from '@kneepoint/datasets';
import type { ModelInspection } from '../model.ts';
import type { StepKind } from './step-kind.ts';

/** Reads, bounds, validates and inspects a model file; stores it with external data inlined, in the form that it is worked on. */
export const IMPORT_MODEL = {
  kind: 'import-model',
  service: 'extractor',
  version: 4,
  timeoutSeconds: 8 * 3600,
} as const satisfies StepKind;

/** Bytes that a person handed over: an upload already in the store, or a path that the server itself may read (embedded mode). */
export type Source = { readonly artifact: string } | { readonly path: string };

export interface ImportModelInput {
  readonly name: string;
  readonly source: Source;
  /** Absent: the file beside the model, else the documented default with a note. */
  readonly preprocess?: Preprocess;
  /** The task that the network was trained for. */
  readonly primaryTask?: string;
}

/** The model's row is on the run: the same bytes with the same preprocessing are the same model. */
export interface ImportModelOutput {
  readonly sha256: string;
  readonly skeletonSha256: string;
  readonly inspection: ModelInspection;
}
