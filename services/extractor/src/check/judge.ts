import type { Preprocess } from '@kneepoint/datasets';
import type { InputMoments, Moments } from './measure.ts';
import type { PixelReading } from './readings.ts';
import type { Remembered } from './remembered.ts';

/** Something that looks wrong with what a network is fed. */
export interface InputFinding {
  readonly kind: 'statistics' | 'scale' | 'channels';
  /** Whether it is worth a warning where nobody asked; else it is only worth a look. */
  readonly clear: boolean;
  readonly message: string;
}

/** A spread that is so many times too large or too small has another scale, whatever the pictures show. */
const OTHER_SCALE = 12;
/** Nats per channel beyond which two normal distributions are not the same, and from which on they are near. */
const FAR = 0.5;
const NEAR = 0.15;
/** What one channel can say at most: one that is dead in the network's memory must not outvote the others. */
const MOST = 20;

/** Means and spreads of what was declared to be standardised: by the mean and the spread of the training images. */
export function judgeStandardised(
  { mean, variance }: Moments,
  declared: Preprocess,
  names: readonly string[],
): readonly InputFinding[] {
  const standardised = declared.mean.some((value) => value !== 0) && declared.std.some((value) => value !== 1);
  if (!standardised) return [];
  const spreads = Array.from(variance, Math.sqrt);
  const wrong = names.flatMap((name, i) => {
    const [centre, spread] = [mean[i]!, spreads[i]!];
    const far = Math.abs(centre) > 2.5 || spread > 5 || spread < 0.1;
    return far ? [`${name} has mean ${short(centre)} and spread ${short(spread)}`] : [];
  });
  if (wrong.length === 0) return [];
  const clear = spreads.every((spread) => spread > 20) || Array.from(mean).every((centre) => Math.abs(centre) > 10);
  const message = `mean and std are declared, so the input should have about mean 0 and spread 1: ${wrong.join('; ')}`;
  return [{ kind: 'statistics', clear, message }];
}

/**
 * Holds what a batch normalisation gets, for each way to read pixels, against what it stores of its training. The distance is that of
 * normal distributions (Kullback–Leibler, from what is stored to what is measured), as the mean over channels. Each half of the pictures
 * must say the same.
 */
export function judgeStatistics(
  readings: readonly PixelReading[],
  measured: readonly (readonly [Moments, Moments])[],
  remembered: Remembered & { readonly kind: 'statistics' },
): readonly InputFinding[] {
  const distances = measured.map((halves) => halves.map((half) => distance(half, remembered)));
  const worst = (i: number): number => Math.max(...distances[i]!);
  // Better in each half, by a factor and by so many nats.
  const better = (a: number, b: number, factor: number, least: number): boolean =>
    distances[a]!.every((found, half) => found * factor < distances[b]![half]! && distances[b]![half]! - found > least);
  const least = (indices: readonly number[]): number => indices.reduce((a, b) => (worst(b) < worst(a) ? b : a));
  const all = readings.map((_, i) => i);
  const declaredScale = all.filter((i) => !readings[i]!.otherScale);
  // The scale is told by the better order of the declared one, so that swapped channels do not look like another scale.
  const own = least(declaredScale);
  const best = least(all);
  const where = `batch normalisation ${remembered.node}`;
  const ratioOf = (i: number): number => Math.min(...measured[i]!.map((half) => spreadRatio(half, remembered)));
  const ratio = ratioOf(0);
  const far = ratio > OTHER_SCALE || ratio < 1 / OTHER_SCALE;
  const rescaled = readings[best]!.otherScale && worst(own) > FAR && better(best, own, 4, FAR);
  const chosen = rescaled || far ? best : own;
  const twin = all.find(
    (i) => readings[i]!.otherOrder !== readings[chosen]!.otherOrder && sameNumbers(readings[i]!, readings[chosen]!),
  );
  const swapped =
    twin !== undefined && readings[chosen]!.otherOrder && worst(chosen) < NEAR && better(chosen, twin, 3, 0.1);
  const findings: InputFinding[] = [];
  const spread = `before ${where} the spread is ${short(ratio)} times what is stored of the training`;
  if (rescaled) {
    // Named in the declared order unless the other one is told, too.
    const named = swapped || twin === undefined || !readings[best]!.otherOrder ? best : twin;
    findings.push({
      kind: 'scale',
      clear: far || worst(best) < NEAR,
      message: `${spread}; with ${scaleOf(readings[named]!.preprocess)} it is ${short(ratioOf(named))} times`,
    });
  } else if (far) {
    findings.push({ kind: 'scale', clear: true, message: `${spread}, and no usual scale of the input fits it` });
  }
  if (swapped) {
    const orders = [chosen, twin].map((i) => `${readings[i]!.preprocess.channels} (${short(worst(i))})`);
    findings.push({
      kind: 'channels',
      clear: true,
      message: `${where} stores statistics that fit channels ${orders[0]} clearly better than ${orders[1]}, by their distance from those of the pictures`,
    });
  }
  return findings;
}

/** Without stored statistics: a first layer whose biases outweigh whatever the pictures make of it hardly sees them. */
export function judgeBiases(
  input: InputMoments,
  [one, other]: readonly [Moments, Moments],
  { node, bias }: Remembered & { readonly kind: 'biases' },
): readonly InputFinding[] {
  const shares = Array.from(bias).flatMap((value, i) => {
    const spread = Math.sqrt(Math.max(one.variance[i]!, other.variance[i]!));
    return Math.abs(value) > 1e-6 ? [spread / Math.abs(value)] : [];
  });
  if (shares.length * 2 < bias.length) return [];
  const share = median(shares);
  const reach = Math.max(Math.abs(input.least), Math.abs(input.most));
  if (share < 0.02 && reach < 10) {
    const message = `what layer ${node} makes of the pictures is ${short(share)} of its biases: the input, up to ${short(reach)}, looks too small for it`;
    return [{ kind: 'scale', clear: true, message }];
  }
  if (share > 100 && reach > 20) {
    const message = `what layer ${node} makes of the pictures is ${short(share)} times its biases: the input, up to ${short(reach)}, may be too large for it`;
    return [{ kind: 'scale', clear: false, message }];
  }
  return [];
}

function distance(
  { mean, variance }: Moments,
  stored: { readonly mean: Float64Array; readonly variance: Float64Array },
): number {
  let sum = 0;
  for (let i = 0; i < mean.length; i += 1) {
    const [own, known] = [Math.max(variance[i]!, 1e-12), Math.max(stored.variance[i]!, 1e-12)];
    const apart = (mean[i]! - stored.mean[i]!) ** 2;
    sum += Math.min(MOST, 0.5 * ((own + apart) / known - 1 - Math.log(own / known)));
  }
  return sum / mean.length;
}

function spreadRatio({ variance }: Moments, stored: { readonly variance: Float64Array }): number {
  return median(Array.from(variance, (own, i) => Math.sqrt(own / Math.max(stored.variance[i]!, 1e-12))));
}

function sameNumbers(a: PixelReading, b: PixelReading): boolean {
  const key = ({ preprocess: { range, mean, std } }: PixelReading): string =>
    JSON.stringify([range, [...mean].sort(), [...std].sort()]);
  return key(a) === key(b);
}

export function scaleOf({ range, mean, std }: Preprocess): string {
  return `range [${range.join(', ')}], mean ${listed(mean)}, std ${listed(std)}`;
}

const listed = (values: readonly number[]): string =>
  values.length === 1 ? short(values[0]!) : `[${values.map(short).join(', ')}]`;

export const short = (value: number): string => String(Number(value.toPrecision(3)));

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
