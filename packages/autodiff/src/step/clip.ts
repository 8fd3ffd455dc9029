import type { Emitter } from '../emit/emitter.ts';

/** The Euclidean norm of all gradients together, a scalar. */
export function gradientNorm(emit: Emitter, gradients: readonly string[]): string {
  const squares = gradients.map((gradient) =>
    emit.shape(gradient).length === 0
      ? emit.mul(gradient, gradient)
      : emit.reduce('ReduceSumSquare', gradient, undefined, false),
  );
  const [first, ...rest] = squares;
  const sum = rest.length === 0 ? first! : emit.node('Sum', squares, emit.typeOf(first!));
  return emit.unary('Sqrt', sum);
}

/** Gradients scaled by bound / max(norm, bound), so that their common norm is at most `bound` (Pascanu et al. 2013). */
export function clipped(
  emit: Emitter,
  gradients: readonly string[],
  norm: string,
  bound: number | undefined,
): readonly string[] {
  if (bound === undefined) return gradients;
  const factor = emit.div(emit.scalar(bound), emit.binary('Max', norm, emit.scalar(bound)));
  return gradients.map((gradient) => emit.mul(gradient, factor));
}
