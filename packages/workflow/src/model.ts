import type { Preprocess } from '@kneepoint/datasets';
import type { FrozenBy } from './compression.ts';

/** Where a prunable layer is read, in graph order: after convolution, normalisation and activation, before pooling. */
export interface TapReference {
  /** Name of the convolution node; how people name the layer. */
  readonly layer: string;
  /** Name of the tensor in the graph that is pooled. */
  readonly value: string;
  /** Number of filters that the tap shows. */
  readonly channels: number;
  /** Height and width of its maps; absent for a layer without two such axes. */
  readonly size?: readonly [height: number, width: number];
  /** An operator without a derivative between the tap and the weights before it, which keeps them from being trained; absent where none is. */
  readonly untrained?: { readonly node: string; readonly operator: string };
}

export interface LayerSummary {
  readonly name: string;
  readonly op: string;
  readonly filters: number;
  readonly prunable: boolean;
  /** Why not; null when prunable. */
  readonly reason: string | null;
  /** The node and operator that froze it; absent when prunable. */
  readonly frozenBy?: FrozenBy;
  readonly parameters: number;
  readonly macs: number;
}

/** What is known of a model once it has been read, bounded, run on one image and walked by labels. */
export interface ModelInspection {
  readonly input: {
    readonly name: string;
    readonly channels: number;
    readonly height: number;
    readonly width: number;
    /** How many images the whole network takes at a time; absent where any number. */
    readonly batch?: number;
    /** With `batch`: whether its layers take any number all the same, so that what is cut at one of them does. */
    readonly layersFree?: boolean;
  };
  readonly opset: number;
  readonly producer: string;
  /** Learned parameters; batch-normalisation statistics are not counted. */
  readonly parameters: number;
  /** Multiply-accumulates of convolutions and matrix products for one image. */
  readonly macs: number;
  /** Bytes of the encoded file. */
  readonly bytes: number;
  readonly layers: readonly LayerSummary[];
  readonly taps: readonly TapReference[];
  /** What the reader should know: a batch size made free, a default that was assumed. */
  readonly notes: readonly string[];
}

/** A model that has been imported: its bytes, its skeleton (the graph without its large weights) and how pixels become its input. */
export interface ModelReference {
  readonly id: string;
  readonly name: string;
  readonly sha256: string;
  readonly skeletonSha256: string;
  readonly preprocess: Preprocess;
  readonly inspection: ModelInspection;
}
