import figures from '../../../fixtures/torch-figures.json' with { type: 'json' };
import type { LossTerm } from '../../loss/loss.ts';
import type { OptimizerSpec } from '../../optimizer/optimizer.ts';

interface TorchFigures {
  readonly start: readonly number[];
  /** One list per step. */
  readonly gradients: readonly (readonly number[])[];
  readonly rates: readonly number[];
  readonly weightDecay: number;
  readonly optimizers: readonly { readonly spec: OptimizerSpec; readonly end: readonly number[] }[];
  /** rows × columns. */
  readonly answers: readonly number[];
  readonly rows: number;
  readonly columns: number;
  readonly losses: readonly {
    readonly term: Omit<LossTerm, 'name' | 'output'>;
    readonly labels: readonly number[];
    readonly value: number;
    readonly gradient: readonly number[];
  }[];
}

/** What PyTorch computes; fixtures/torch_figures.py made it and holds the command. */
export const torchFigures = figures as unknown as TorchFigures;
