import { adam } from './adam.ts';
import type { OptimizerKind, OptimizerSpec } from './optimizer.ts';
import { LEARNING_RATE } from './optimizer.ts';
import { sgd } from './sgd.ts';

/** Every kind of optimizer. Adding one is adding a file, its settings and a line. */
const OPTIMIZERS = { sgd, adam, adamw: adam } as const;

/** The kind behind a specification. */
export function optimizerOf(spec: OptimizerSpec): OptimizerKind<OptimizerSpec> {
  return OPTIMIZERS[spec.kind];
}

/**
 * The scalars to feed at a step, by input of the step graph: `lr`, and what the optimizer needs besides.
 * @param step 1 for the first
 */
export function hyperparameters(
  spec: OptimizerSpec,
  step: number,
  learningRate: number,
): Readonly<Record<string, number>> {
  return { [LEARNING_RATE]: learningRate, ...optimizerOf(spec).scalars(spec, step) };
}
