import type { Emitter } from '../emit/emitter.ts';

/** Stochastic gradient descent (Sutskever et al. 2013, in PyTorch's form): v ← μ·v + g; w ← w − lr·v, or with Nesterov w − lr·(g + μ·v). */
export interface SgdSpec {
  readonly kind: 'sgd';
  /** μ, default 0. */
  readonly momentum?: number;
  /** Default false; needs momentum. */
  readonly nesterov?: boolean;
}

/** Adam (Kingma and Ba 2015); `adamw` decays weights apart from the gradient (Loshchilov and Hutter 2019). */
export interface AdamSpec {
  readonly kind: 'adam' | 'adamw';
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
}

export type OptimizerSpec = SgdSpec | AdamSpec;

/** What an optimizer sees of one weight. */
export interface UpdateSite {
  readonly emit: Emitter;
  readonly weight: string;
  readonly gradient: string;
  /** One per kind of slot, in the optimizer's order, of the weight's shape. */
  readonly slots: readonly string[];
  /** Weight decay of this weight; 0 for biases and normalisation parameters. */
  readonly decay: number;
  /** A number that the caller feeds at every step, by its name in `hyperparameters`. */
  readonly scalar: (name: string) => string;
}

export interface Update {
  readonly weight: string;
  readonly slots: readonly string[];
}

/** One kind of optimizer. */
export interface OptimizerKind<S extends OptimizerSpec> {
  /** Throws TRAINING_OPTION_INVALID. */
  check(this: void, spec: S): void;
  /** Kinds of state per weight, zero at the start. */
  slots(this: void, spec: S): readonly string[];
  /** Scalars besides the learning rate that are fed at step `step` (1 is the first). */
  scalars(this: void, spec: S, step: number): Readonly<Record<string, number>>;
  update(this: void, site: UpdateSite, spec: S): Update;
}

/** The input that carries the learning rate. */
export const LEARNING_RATE = 'lr';
