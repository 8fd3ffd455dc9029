import type { CostKind, CostTerm, MeasuredTerm } from './cost-terms.ts';
import type { TraceOptions } from '../trace/trace.ts';

/** What a layer keeps. */
export interface PlanLayer {
  /** Node name. */
  readonly name: string;
  readonly filters: number;
  /** Filters that stay, ascending. */
  readonly kept: readonly number[];
  /** Why none could go. */
  readonly reason?: string;
  /** How many the layer would have kept had no multiple been asked for; absent where rounding changed nothing. */
  readonly rounded?: { readonly from: number; readonly to: number };
  /** Where damage was known, what is lost here: a share of what the layer can lose. */
  readonly damage?: number;
  /** Where it keeps less than a quarter of it: what the same share of every layer would leave it. */
  readonly even?: number;
}

/** Weights and work of a network for one image. */
export interface PlanFigures {
  readonly parameters: number;
  readonly macs: number;
  /** Bytes of all stored tensors. */
  readonly bytes: number;
}

/** The channel classes kept, as plain data: it can be stored, read by a person, and applied to the model later. */
export interface Plan {
  /** Every layer with filters, in graph order. */
  readonly layers: readonly PlanLayer[];
  /** Ids of the classes that go, ascending. */
  readonly removedClasses: readonly number[];
  /** Layers of which nothing can go, with the node and operator in the way. */
  readonly frozen: readonly {
    readonly layer: string;
    readonly node: string;
    readonly op: string;
    readonly reason: string;
  }[];
  readonly before: PlanFigures;
  readonly after: PlanFigures;
  /** How channels were tied; surgery must tie in the same way. */
  readonly options: TraceOptions;
}

/** Limits on what a plan may remove. */
export interface PlanLimits {
  /** Filters that every layer keeps at least; a narrower layer stays whole. Default 1. */
  readonly minFilters?: number;
  /** The same for single layers, by name, where it should differ. A tap that is no layer counts its channels. */
  readonly layerMinFilters?: Readonly<Record<string, number>>;
  /** Every layer keeps a multiple of this many filters where its classes allow, or all it has. Default 1. */
  readonly roundTo?: number;
}

/** A bound on what the whole network costs after the cut. */
export type Target = CostTarget | TimeTarget;

export interface CostTarget {
  readonly kind: CostKind;
  readonly atMost: number;
}

/** A bound on the time of one image, as a table of its layers forecasts it. */
export interface TimeTarget {
  readonly kind: 'time';
  /** Milliseconds. */
  readonly atMost: number;
  /** Of the network that is planned, in milliseconds; see `timeTerms`. */
  readonly terms: readonly (CostTerm | MeasuredTerm)[];
}
