import {
  ChannelMoments,
  exposeMoments,
  foldableNormalisations,
  foldNormalisations,
  insertFreshNormalisation,
  insertNormalisation,
  type Moments,
  normalisationSites,
  type NormalisationSite,
  trainableOf,
  untie,
} from '@kneepoint/autodiff';
import { inputSpec, type ModelProto } from '@kneepoint/onnx';
import { batchSizeFor, type Dense, shapesOf, type TaskContext } from '@kneepoint/runtime';
import type { ImageRows } from '../rows/image-rows.ts';
import { runBatches } from '../rows/answers.ts';
import { readHead, withoutHead } from './head.ts';

/** A network as it is trained with identity normalisation. */
export interface NormalisedNetwork {
  readonly model: ModelProto;
  /** Node names of the normalisations that were put in. */
  readonly norms: readonly string[];
  /** Those of them that go by their batch; the others see too few values at once. */
  readonly byBatch: ReadonlySet<string>;
  /** What a reader should know. */
  readonly notes: readonly string[];
}

/** A network before its normalisations are put in: those of its own that directly follow a layer are folded into it. */
export interface PreparedNetwork {
  readonly model: ModelProto;
  readonly sites: readonly NormalisationSite[];
  readonly skipped: readonly { readonly layer: string; readonly reason: string }[];
  /** At the training's batch size. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

/** Every layer that trains but the linear head gets a normalisation; what the network computes stays. */
export async function prepareNetwork(
  network: ModelProto,
  { batch, freeze = [] }: { readonly batch: number; readonly freeze?: readonly string[] | undefined },
): Promise<PreparedNetwork> {
  const own = untie(network);
  const { channels, height, width } = inputSpec(own);
  const dims = [batch, channels, height, width];
  const shapes = await shapesOf(own, {
    input: { data: new Float32Array(dims.reduce((size, dim) => size * dim, 1)), dims },
  });
  const options = { shapes, except: [readHead(own).node] };
  const foldable = foldableNormalisations(own, { ...options, trainable: trainableOf(own, { freeze }) });
  const model = foldNormalisations(own, foldable);
  return { model, shapes, ...normalisationSites(model, { ...options, trainable: trainableOf(model, { freeze }) }) };
}

/** Values of a channel in a batch from which a mean and a variance can be taken. */
const LEAST_VALUES = 16;

/** Puts the normalisations in: without effect by the moments of what each layer makes, or fresh ones for a network that has learned nothing. */
export function normalised(
  { model, sites, skipped, shapes }: PreparedNetwork,
  moments?: ReadonlyMap<string, Moments>,
): NormalisedNetwork {
  const { model: inside, norms } = moments
    ? insertNormalisation(model, sites, moments)
    : insertFreshNormalisation(model, sites);
  const values = ({ value }: NormalisationSite): number => {
    const [rows = 1, , ...positions] = shapes.get(value)!;
    // One image alone is no batch: what it has of its own would be taken away.
    return rows === 1 ? 0 : positions.reduce((size, dim) => size * dim, rows);
  };
  const byBatch = sites.filter((site) => values(site) >= LEAST_VALUES).map(({ layer }) => norms.get(layer)!);
  const notes = skipped.map(({ layer, reason }) => `layer "${layer}" is trained without normalisation: ${reason}`);
  return { model: inside, norms: [...norms.values()], byBatch: new Set(byBatch), notes };
}

/** Images whose responses say what is normal. */
const MOST_IMAGES = 1024;

/** What one pass over images says of a network. */
export interface Survey {
  /** What the head reads: rows × width, in the order of the rows. */
  readonly features: Float32Array;
  readonly width: number;
  /** Of each site's value over training images. */
  readonly moments: ReadonlyMap<string, Moments>;
}

/**
 * Reads features and moments at once.
 * @param rows training images first
 * @param train how many of them there are
 */
export async function survey(
  { model, sites, shapes }: PreparedNetwork,
  images: ImageRows,
  rows: Int32Array,
  train: number,
  { provider, signal, progress }: Pick<TaskContext, 'provider' | 'signal' | 'progress'>,
): Promise<Survey> {
  const headless = withoutHead(model);
  const { input, features: width } = readHead(model);
  const { model: telling, exposed } = exposeMoments(
    headless,
    sites.map(({ value }) => value),
    shapes,
  );
  const sums = new Map(sites.map(({ value }) => [value, new ChannelMoments(shapes.get(value)![1]!)]));
  const features = new Float32Array(rows.length * width);
  const batch = batchSizeFor(inputSpec(model));
  const telltales = [...exposed.values()].flatMap(({ mean, variance }) =>
    variance === undefined ? [mean] : [mean, variance],
  );
  const told = Math.min(train, MOST_IMAGES);
  await read(telling, 0, told, [input, ...telltales], (results) => {
    for (const [value, { mean, variance }] of exposed) {
      sums.get(value)!.add(numbers(results[mean]), variance === undefined ? undefined : numbers(results[variance]));
    }
  });
  await read(headless, told, rows.length, [input], () => undefined);
  return { features, width, moments: new Map([...sums].map(([value, sum]) => [value, sum.moments()])) };

  async function read(
    network: ModelProto,
    from: number,
    to: number,
    outputs: readonly string[],
    tell: (results: Readonly<Record<string, Dense>>) => void,
  ): Promise<void> {
    if (from === to) return;
    let at = from * width;
    const request = { model: network, rows: rows.subarray(from, to), source: images, batch, provider, signal };
    await runBatches(request, outputs, (results, done) => {
      const found = numbers(results[input]);
      features.set(found, at);
      at += found.length;
      tell(results);
      progress({ done: from + done, total: rows.length, unit: 'images', message: 'reading responses' });
    });
  }
}

function numbers(value: Dense | undefined): Float32Array {
  return value!.data as Float32Array;
}
