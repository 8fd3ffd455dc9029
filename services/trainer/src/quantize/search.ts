import { Failure } from '@kneepoint/failures';
import { Graph, type ModelProto } from '@kneepoint/onnx';
import { type Histogram, quantisableLayers, quantize, type ValueRange } from '@kneepoint/pruning';
import type { FloatLayer } from '@kneepoint/workflow';

/** Shares of a value's numbers that its range may leave out at either end. */
const CLIPPED = [0, 1e-5, 1e-4, 1e-3];
/** What validation may fall by: a point; one image, where these are so few that a point is less. */
export function borneBy(images: number): number {
  return Math.max(0.01, 1 / images);
}

/** Answers of a network to the validation images, and by how much they are worse than those of the float one; see `Quantisation.fall`. */
export interface Judged {
  readonly answers: Float32Array;
  readonly fall: number;
}

export interface Found {
  readonly model: ModelProto;
  readonly layers: readonly string[];
  readonly left: readonly FloatLayer[];
  readonly clipped: number;
  readonly fall: number;
}

/**
 * The network in whole numbers that answers most like the float one on validation, by how ranges are read, of those that validation bears. Where it bears
 * none, layers stay float, those first that by themselves make it fall most, until it does: no more of them than it takes, whatever each does alone, since
 * what layers do is not the sum of that. Throws QUANTIZE_NOT_BORNE naming layers.
 */
export async function searchQuantisation(
  model: ModelProto,
  histograms: ReadonlyMap<string, Histogram>,
  {
    float,
    borne,
    judge,
  }: {
    readonly float: Float32Array;
    /** See `borneBy`. */
    readonly borne: number;
    readonly judge: (model: ModelProto) => Promise<Judged>;
  },
): Promise<Found> {
  const { layers, left } = quantisableLayers(new Graph(model));
  const names = layers.map(({ name }) => name);
  const never = left.map((one): FloatLayer => ({ ...one, fall: null }));
  if (names.length === 0) throw refusal('no layer can be in whole numbers', never);
  const tries: (Judged & { readonly clipped: number; readonly made: ModelProto })[] = [];
  for (const clipped of CLIPPED) {
    const made = quantize(model, { ranges: rangesOf(histograms, clipped) }).model;
    tries.push({ clipped, made, ...(await judge(made)) });
  }
  // One that validation bears, where there is one: of few images, the likest may be an image worse than the next.
  const bearable = tries.filter(({ fall }) => fall <= borne);
  const best = (bearable.length > 0 ? bearable : tries).reduce((a, b) =>
    distance(float, b.answers) < distance(float, a.answers) ? b : a,
  );
  const { clipped } = best;
  if (best.fall <= borne) return { model: best.made, layers: names, left: never, clipped, fall: best.fall };

  const ranges = rangesOf(histograms, clipped);
  const alone: { readonly layer: string; readonly fall: number; readonly distance: number }[] = [];
  for (const layer of names) {
    const { fall, answers } = await judge(
      quantize(model, { ranges, except: new Set(names.filter((name) => name !== layer)) }).model,
    );
    alone.push({ layer, fall, distance: distance(float, answers) });
  }
  const worst = [...alone].sort((a, b) => b.fall - a.fall || b.distance - a.distance);
  for (let count = 1; count < names.length; count++) {
    const stay = worst.slice(0, count);
    const made = quantize(model, { ranges, except: new Set(stay.map(({ layer }) => layer)) });
    const { fall } = await judge(made.model);
    if (fall > borne) continue;
    const kept = stay.map(({ layer, fall: own }): FloatLayer => ({ layer, reason: reasonOf(own, borne), fall: own }));
    return { model: made.model, layers: made.layers, left: [...never, ...kept], clipped, fall };
  }
  throw refusal(
    `in whole numbers validation falls by ${percent(best.fall)}`,
    worst.map(({ layer, fall }): FloatLayer => ({ layer, reason: reasonOf(fall, borne), fall })),
  );
}

/**
 * What a search finds that loses no more than `room`, which a goal leaves, where that is less than `borne`; else, and where nothing is within it, no more than
 * `borne`: a network that loses a point is of use, and the report says that the goal is no longer met.
 */
export async function withinRoom<Result>(
  search: (most: number) => Promise<Result>,
  borne: number,
  room: number | undefined,
): Promise<Result> {
  if (room === undefined || room >= borne) return search(borne);
  try {
    return await search(room);
  } catch (error) {
    if (error instanceof Failure && error.code === 'QUANTIZE_NOT_BORNE') return search(borne);
    throw error;
  }
}

function reasonOf(fall: number, borne: number): string {
  return fall > borne
    ? `in whole numbers it makes validation fall by ${percent(fall)} by itself`
    : 'with the others it makes validation fall by more than it bears';
}

function rangesOf(histograms: ReadonlyMap<string, Histogram>, clipped: number): ReadonlyMap<string, ValueRange> {
  return new Map(
    [...histograms].map(([value, histogram]) => [
      value,
      clipped === 0 ? histogram.extremes : histogram.within(clipped),
    ]),
  );
}

function distance(a: Float32Array, b: Float32Array): number {
  const sum = a.reduce((total, value, i) => total + (value - b[i]!) ** 2, 0);
  return Number.isFinite(sum) ? sum : Number.POSITIVE_INFINITY;
}

function refusal(message: string, layers: readonly FloatLayer[]): Failure {
  const shown = layers.slice(0, 5).map(({ layer, fall }) => (fall === null ? layer : `${layer} (${percent(fall)})`));
  return new Failure('QUANTIZE_NOT_BORNE', message, {
    ...(shown.length === 0 ? {} : { where: shown.join(', ') }),
    fix: 'deliver it as float, or keep more filters',
  });
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
