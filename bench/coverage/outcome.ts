import type { Pruned } from './prune.task.ts';

/** A classification network of torchvision. */
export interface Network {
  readonly name: string;
  readonly transformer: boolean;
  /** As torchvision counts them. */
  readonly parameters: number;
}

/** What a network is exported to before it is pruned here: two forms by the TorchScript exporter, one by that of PyTorch 2. */
export const FORMS = ['folded', 'kept', 'dynamo'] as const;
export type Form = (typeof FORMS)[number];

/** What is done with a network: exported and pruned here, or pruned by Torch-Pruning. */
export type Part = Form | 'rival';

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
  { readonly part: Form; readonly outcome: Ours } | { readonly part: 'rival'; readonly outcome: Rival }
);
