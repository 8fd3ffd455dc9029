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
  /** Filters that every layer keeps at least. Default 1. */
  readonly minFilters?: number;
  /** Every layer keeps a multiple of this many filters where its classes allow, rounded up. Default 1. */
  readonly roundTo?: number;
}
