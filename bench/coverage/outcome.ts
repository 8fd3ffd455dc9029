import type { Pruned } from './prune.task.ts';

/** A classification network of torchvision. */
export interface Network {
  readonly name: string;
  readonly transformer: boolean;
  /** As torchvision counts them. */
  readonly parameters: number;
}

/** What is done with a network: exported in two forms and pruned here, pruned by Torch-Pruning. */
export type Part = 'folded' | 'kept' | 'rival';

export interface Size {
  readonly parameters: number;
  /** Null where its own counter cannot tell. */
  readonly macs: number | null;
}

export interface Refused {
  readonly kind: 'refused';
  readonly reason: string;
}

/** Pruned here: proved, or pruned without passing every gate. */
export type Ours = ({ readonly kind: 'pruned'; readonly size: number } & Pruned) | Refused;

/** Pruned by Torch-Pruning: its network runs and gives an output of the right shape. */
export type Rival = { readonly kind: 'pruned'; readonly before: Size; readonly after: Size } | Refused;

/** What came of one network in one part, with the version of all code that it depends on. */
export type Entry = { readonly network: string; readonly version: string; readonly seconds: number } & (
  { readonly part: 'folded' | 'kept'; readonly outcome: Ours } | { readonly part: 'rival'; readonly outcome: Rival }
);
