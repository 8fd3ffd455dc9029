import { centre, type CentredMoments, choleskyFactor, type Moments, scalingOf } from '@kneepoint/regression';
import { type Statistics, varianceOf } from './statistics.ts';
import { quadratic, solveRows } from './triangular.ts';

/** A correction of a unit's weights and biases, group by group. */
export interface Refit {
  /** Per group: filters × unknowns, added to the weights; undefined where only biases change. */
  readonly weights: readonly Float64Array[] | undefined;
  /** Per filter of all groups, added to the biases; undefined where nothing changes. */
  readonly biases: Float64Array | undefined;
  /** The penalty of the weights as a share of what they read, mean over directions; null where they are as they were cut. */
  readonly ridge: number | null;
  /** Share of the variance of the original's answers that is missed on validation, as cut and healed. */
  readonly before: number;
  readonly after: number;
}

/** Penalties are powers of √10, by their exponent. */
const LEAST_POWER = -16;
const MOST_POWER = 4;
const START_POWER = -2;
/** A decade, then what lies between; of many unknowns, of which each attempt takes seconds, decades alone. */
const STRIDES = [2, 1];
const MANY_UNKNOWNS = 1024;
/** A weaker penalty has to do better by this share: else weights would grow large for next to nothing. */
const GAIN = 0.01;
/** Filters of a unit by which a penalty is chosen; more would only cost time. */
const JUDGES = 32;
/** A pivot under this share of the mean diagonal is rounding. */
const LEAST_PIVOT = 1e-12;

/** One group: statistics about the means of the training rows. */
interface Centred {
  readonly train: CentredMoments;
  readonly validation: CentredMoments;
  readonly means: Float64Array;
  readonly targetMeans: Float64Array;
  /** Mean of the diagonal. */
  readonly level: number;
}

/**
 * Ridge least squares of what a unit misses (e) on what it reads (a): ΔW = (ÃᵀÃ + ρ·tr/n·I)⁻¹ ÃᵀẼ, centred on the training rows, so that
 * the penalty draws towards the weights as they were cut; the bias moves by the mean of e − ΔW a. ρ is chosen by the squared error on
 * validation, for all groups together; "infinite" (the bias alone) and no change at all are among the choices, so that what comes out
 * misses no more of the validation rows than what went in.
 * @param near a penalty from which to start the search, such as that of a layer before
 */
export function refit(train: Statistics, validation: Statistics, near?: number): Refit {
  const whole = varianceOf(validation.answers);
  const share = (error: number): number => (whole > 0 ? error / whole : error > 0 ? 1 : 0);
  const sliced = validation.groups.reduce((sum, moments) => sum + meanSquare(moments), 0);
  const before = share(sliced);
  const rows = train.groups[0]?.n ?? 0;
  if (rows < 2 || (validation.groups[0]?.n ?? 0) < 1) {
    return { weights: undefined, biases: undefined, ridge: null, before, after: before };
  }
  const groups = train.groups.map((moments, group) => centred(moments, validation.groups[group]!));
  const biased = groups.reduce((sum, { validation: { squares } }) => sum + total(squares), 0);
  const ridge = chooseRidge(groups.map(judged), near);
  const weights = ridge === undefined ? undefined : solve(groups, ridge);
  const healed = weights ? errorOf(groups, weights) : Infinity;
  if (weights && ridge !== undefined && healed < Math.min(biased, sliced)) {
    return { weights, biases: biasesOf(groups, weights), ridge, before, after: share(healed) };
  }
  if (biased < sliced) {
    return { weights: undefined, biases: biasesOf(groups), ridge: null, before, after: share(biased) };
  }
  return { weights: undefined, biases: undefined, ridge: null, before, after: before };
}

/** Mean of e² over rows, summed over targets. */
function meanSquare({ n, pilot, targetSums, targetSquares }: Moments): number {
  if (n === 0) return 0;
  return pilot.targetShift.reduce((sum, shift, t) => {
    return sum + Math.max(0, (targetSquares[t]! + 2 * shift * targetSums[t]!) / n + shift * shift);
  }, 0);
}

function centred(train: Moments, validation: Moments): Centred {
  const scaling = scalingOf(train, { standardise: false });
  const own = centre(train, scaling);
  const level = traceOf(own) / Math.max(1, own.filters);
  const { mean: means, targetMean: targetMeans } = scaling;
  return { train: own, validation: centre(validation, scaling), means, targetMeans, level };
}

function traceOf({ gram, filters }: CentredMoments): number {
  let sum = 0;
  for (let i = 0; i < filters; i++) sum += gram[i * filters + i]!;
  return sum;
}

/** The same group with evenly spaced filters alone. */
function judged(group: Centred): Centred {
  const { filters: unknowns, targets } = group.train;
  if (targets <= JUDGES) return group;
  const chosen = Array.from({ length: JUDGES }, (_, i) => Math.floor((i * targets) / JUDGES));
  const some = (moments: CentredMoments): CentredMoments => ({
    ...moments,
    targets: JUDGES,
    cross: Float64Array.from({ length: JUDGES * unknowns }, (_, at) => {
      return moments.cross[chosen[Math.floor(at / unknowns)]! * unknowns + (at % unknowns)]!;
    }),
    squares: Float64Array.from(chosen, (target) => moments.squares[target]!),
  });
  return { ...group, train: some(group.train), validation: some(group.validation) };
}

/**
 * The strongest penalty with next to the least error on validation, which falls and rises but once along the penalties; undefined where
 * it does no better than the bias alone.
 */
function chooseRidge(groups: readonly Centred[], near?: number): number | undefined {
  if (groups.every(({ level }) => level <= 0)) return undefined;
  const known = new Map<number, number>();
  const errorAt = (power: number): number => {
    const weights = known.has(power) ? undefined : solve(groups, penalty(power));
    const error = known.get(power) ?? (weights ? errorOf(groups, weights) : Infinity);
    known.set(power, error);
    return error;
  };
  let at = near === undefined ? START_POWER : Math.round(2 * Math.log10(near));
  let least = errorAt(at);
  const go = (power: number, allowed: number): boolean => {
    if (power < LEAST_POWER || power > MOST_POWER || !(errorAt(power) <= allowed && errorAt(power) < Infinity))
      return false;
    at = power;
    least = Math.min(least, errorAt(power));
    return true;
  };
  const many = Math.max(...groups.map(({ train }) => train.filters)) > MANY_UNKNOWNS;
  for (const stride of many ? STRIDES.slice(0, 1) : STRIDES) {
    while (go(at - stride, (1 - GAIN) * errorAt(at)));
    while (go(at + stride, least / (1 - GAIN)));
  }
  const biasAlone = groups.reduce((sum, { validation: { squares } }) => sum + total(squares), 0);
  return errorAt(at) < (1 - GAIN) * biasAlone ? penalty(at) : undefined;
}

function penalty(power: number): number {
  return 10 ** (power / 2);
}

/** ΔW of every group, filters × unknowns; undefined where the penalty does not make a matrix positive definite. */
function solve(groups: readonly Centred[], ridge: number): Float64Array[] | undefined {
  const solved: Float64Array[] = [];
  for (const { train, level } of groups) {
    const { gram, filters: unknowns, cross } = train;
    const weights = cross.slice();
    solved.push(weights);
    if (level <= 0) continue;
    const matrix = gram.slice();
    for (let i = 0; i < unknowns; i++) matrix[i * unknowns + i]! += ridge * level;
    const factor = choleskyFactor(matrix, unknowns, LEAST_PIVOT * level);
    if (!factor) return undefined;
    solveRows(factor, unknowns, weights);
  }
  return solved;
}

/** Mean squared error on validation, summed over filters. */
function errorOf(groups: readonly Centred[], weights: readonly Float64Array[]): number {
  return groups.reduce((sum, { validation: { gram, filters, cross, squares } }, group) => {
    return sum + Math.max(0, total(squares) + quadratic(gram, filters, weights[group]!, cross));
  }, 0);
}

function biasesOf(groups: readonly Centred[], weights?: readonly Float64Array[]): Float64Array {
  return Float64Array.from(
    groups.flatMap(({ means, targetMeans }, group) => {
      const own = weights?.[group];
      return [...targetMeans].map((mean, t) => {
        if (!own) return mean;
        return means.reduce((bias, input, i) => bias - own[t * means.length + i]! * input, mean);
      });
    }),
  );
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
