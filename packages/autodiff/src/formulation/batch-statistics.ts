import type { Emitter } from '../emit/emitter.ts';

/** Batch normalisation by the batch's own mean and variance. */
export interface BatchNormalised {
  readonly y: string;
  /** Vectors of C; the variance divided by the count. */
  readonly mean: string;
  readonly variance: string;
}

/**
 * On the CPU the kernel in training mode, whose running statistics are the batch's own at a momentum of 0. The CUDA provider has no
 * such kernel; there the statistics are composed and the kernel for inference does the rest.
 */
export function batchStatistics(
  emit: Emitter,
  given: {
    readonly x: string;
    readonly scale: string;
    readonly bias: string;
    readonly runningMean: string;
    readonly runningVariance: string;
    readonly epsilon: number;
  },
): BatchNormalised {
  const { x, scale, bias, runningMean, runningVariance } = given;
  const epsilon = { float: given.epsilon };
  const vector = emit.typeOf(scale);
  if (emit.target === 'cpu') {
    // The kernel writes its statistics over the running ones that it is given, so it gets values of its own to write over. A factor
    // of their own, because equal nodes would be merged and the statistics of one layer written over those of another.
    const factor = emit.scalar(nextFactor(emit));
    const spare = [runningMean, runningVariance].map((running) => emit.mul(running, factor));
    const inputs = [x, scale, bias, ...spare];
    const attributes = { epsilon, momentum: { float: 0 }, training_mode: 1 };
    const types = [emit.typeOf(x), vector, vector];
    const [y, mean, variance] = emit.multi('BatchNormalization', inputs, types, attributes) as [string, string, string];
    return { y, mean, variance };
  }
  const axes = emit.shape(x).flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const mean = emit.reduceMean(x, axes);
  const centred = emit.sub(x, mean);
  const variance = emit.reshape(emit.reduceMean(emit.mul(centred, centred), axes), vector.dims);
  const flat = emit.reshape(mean, vector.dims);
  const y = emit.node('BatchNormalization', [x, scale, bias, flat, variance], emit.typeOf(x), { epsilon });
  return { y, mean: flat, variance };
}

const factors = new WeakMap<Emitter, number>();

/** 2, 3, 4, ... within one graph: multiplying by 1 would be optimised away. */
function nextFactor(emit: Emitter): number {
  const next = (factors.get(emit) ?? 1) + 1;
  factors.set(emit, next);
  return next;
}
