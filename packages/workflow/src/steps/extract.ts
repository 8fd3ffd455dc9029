import type { Preprocess } from '@kneepoint/datasets';
import { contentKey } from '@kneepoint/platform';
import type { TapReference } from '../model.ts';
import type { StepKind } from './step-kind.ts';

/** Runs the model over images [from, to) of a data set and stores the pooled responses of every tap: over all positions, and on a 2 × 2 grid. */
export const EXTRACT = {
  kind: 'extract',
  service: 'extractor',
  version: 4,
  timeoutSeconds: 8 * 3600,
} as const satisfies StepKind;

export interface ExtractInput {
  readonly modelSha256: string;
  readonly preprocess: Preprocess;
  readonly datasetSha256: string;
  readonly from: number;
  readonly to: number;
  readonly taps: readonly TapReference[];
}

export interface ExtractOutput {
  /**
   * Apache Arrow file: `index`, one FixedSizeList<Float32> column per tap, named by its layer, with its means over all positions, and one for each
   * tap whose maps are at least 2 × 2, with its means on a 2 × 2 grid (four times as many values, float32 as well).
   */
  readonly responsesSha256: string;
  readonly images: number;
  readonly provider: string;
  readonly imagesPerSecond: number;
  /** What is clearly wrong with what the network is fed, as far as its own statistics tell; of the first images alone. */
  readonly warnings?: readonly string[];
  /** A few of the first images as the network gets them. */
  readonly samples?: readonly InputSample[];
}

/** A picture as a network gets it, mapped back to what people see: a PNG. */
export interface InputSample {
  /** Path of the image in the data set. */
  readonly image: string;
  readonly sha256: string;
  /** What stands beside each other in it, from the left: the picture in its colours, then each channel of the input. */
  readonly shows: readonly string[];
}

/** The execution provider is not part of the key: responses of CPU and GPU agree within rounding, and the output says which ran. */
export function extractKey(input: ExtractInput): string {
  return contentKey(EXTRACT.kind, EXTRACT.version, input);
}
