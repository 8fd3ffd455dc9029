import type { LossKind, LossParts, LossSite, SquaredErrorTerm } from './loss.ts';
import { onePerColumn, option } from './options.ts';

/** ((answer − label) / scale)², or Huber's form of it, averaged over columns. */
export const squaredError: LossKind<SquaredErrorTerm> = (site, term) => {
  const scale = onePerColumn(term, 'scale', term.scale, site.columns);
  if (term.huber !== undefined) option(term, 'huber', term.huber, (value) => value > 0, 'above 0');
  return scaledError(site, scale, term.huber);
};

/** The error in units of `scale`; `huber`: where the square gives way to a line of the same slope, 2δ|e| − δ². */
export function scaledError(site: LossSite, scale: readonly number[] | undefined, huber?: number): LossParts {
  const { emit, columns } = site;
  const inverse =
    scale &&
    emit.floats(
      [1, columns],
      scale.map((unit) => 1 / unit),
    );
  const { counts } = site;
  const counted = (each: string): string => (counts === undefined ? each : emit.mul(each, counts));
  const difference = emit.sub(site.answers, site.labels);
  const error = inverse === undefined ? difference : emit.mul(difference, inverse);
  // Clipped to ±δ, error is the slope; e² = c(2e − c) with c = e, and the line is the same formula with c = ±δ.
  const clipped = huber === undefined ? error : clip(site, error, huber);
  const value = counted(emit.mul(clipped, emit.sub(emit.mul(error, emit.scalar(2)), clipped)));
  const slope = counted(emit.mul(clipped, emit.scalar(2 / columns)));
  return {
    rows: emit.reduceMean(value, [1]),
    gradient: inverse === undefined ? slope : emit.mul(slope, inverse),
  };
}

function clip({ emit }: LossSite, value: string, bound: number): string {
  const bounds = [emit.scalar(-bound), emit.scalar(bound)];
  return emit.node('Clip', [value, ...bounds], emit.typeOf(value));
}
