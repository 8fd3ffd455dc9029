import { binary } from './binary.ts';
import { categorical } from './categorical.ts';
import { distillation } from './distillation.ts';
import type { LossKind, LossTerm } from './loss.ts';
import { squaredError } from './squared-error.ts';

type Kinds = { readonly [K in LossTerm['kind']]: LossKind<Extract<LossTerm, { kind: K }>> };

/** Every kind of loss. Adding one is adding a file, its term and a line. */
export const LOSSES: Kinds = {
  squaredError: squaredError,
  ordered: squaredError,
  binary: binary,
  multilabel: binary,
  categorical,
  distillation,
};
