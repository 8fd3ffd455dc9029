import type { ChannelAnalysis } from '../analysis/analysis.ts';
import type { CostTerm, MeasuredTerm } from '../plan/cost-terms.ts';
import { type Dimension, lengthOf, positions, Sizes } from '../plan/sizes.ts';
import type { LayerProbes } from './layer-probes.ts';

/** How long a layer takes at some widths. */
export interface LayerTimes extends Pick<LayerProbes, 'layer' | 'dimensions' | 'ticks'> {
  /** One for each combination of ticks, the last dimension moving fastest; as a share of the whole network's time. */
  readonly times: readonly number[];
}

/**
 * The time of a network as a function of the classes that stay: what its layers take at their widths, between those that were timed on straight lines, and
 * what is left of the whole network's time, given to the values that other nodes write, in proportion to their sizes. Layers
 * that take longer alone than in the network, where they share layouts and caches, are all scaled down alike.
 * @param layers those with a time, each once
 * @param whole milliseconds of the network with every class kept
 */
export function timeTerms(
  analysis: ChannelAnalysis,
  layers: readonly LayerTimes[],
  whole: number,
): (CostTerm | MeasuredTerm)[] {
  const alone = layers.reduce((sum, layer) => sum + interpolate(layer, layer.dimensions.map(positions)), 0);
  const scale = whole / Math.max(1, alone);
  const measured = layers.map((layer): MeasuredTerm => ({
    dimensions: layer.dimensions,
    at: (lengths) => scale * interpolate(layer, lengths),
  }));
  return [
    ...measured,
    ...otherTerms(analysis, new Set(layers.map(({ layer }) => layer)), Math.max(0, 1 - alone) * whole),
  ];
}

/** A time, shared out among what is written by nodes that are not in the table. */
function otherTerms(analysis: ChannelAnalysis, timed: ReadonlySet<string>, time: number): CostTerm[] {
  const sizes = new Sizes(analysis);
  const written = analysis.trace.graph.proto.node.flatMap(({ name, output }) =>
    timed.has(name) ? [] : [sizes.value(output[0]!) ?? []].filter((dims) => dims.length > 0),
  );
  const elements = written.map((dims) => dims.reduce<number>((product, size) => product * lengthOf(size), 1));
  const total = elements.reduce((sum, count) => sum + count, 0);
  if (time === 0 || total === 0) return [{ coefficient: time, dimensions: [] }];
  return written.map((dims, i) => {
    const dimensions = dims.filter((size): size is Dimension => typeof size !== 'number');
    const held = dimensions.reduce((product, dimension) => product * positions(dimension), 1);
    return { coefficient: (time * elements[i]!) / total / held, dimensions };
  });
}

/** Linear along every axis between the ticks beside a length, beyond the last ones as between them; never below 0. */
function interpolate({ ticks, times }: LayerTimes, lengths: readonly number[]): number {
  let corners = [{ index: 0, weight: 1 }];
  ticks.forEach((own, d) => {
    const [low, share] = place(own, lengths[d]!);
    corners = corners.flatMap(({ index, weight }) => {
      const start = index * own.length + low;
      const near = { index: start, weight: weight * (1 - share) };
      return share === 0 ? [near] : [near, { index: start + 1, weight: weight * share }];
    });
  });
  return Math.max(
    0,
    corners.reduce((sum, { index, weight }) => sum + weight * times[index]!, 0),
  );
}

/** The tick below a length, and how far towards the next one it lies. */
function place(ticks: readonly number[], length: number): readonly [number, number] {
  if (ticks.length === 1) return [0, 0];
  const above = ticks.findIndex((tick) => tick > length);
  const low = Math.min(Math.max(0, above < 0 ? ticks.length : above) - 1, ticks.length - 2);
  const at = Math.max(0, low);
  return [at, (length - ticks[at]!) / (ticks[at + 1]! - ticks[at]!)];
}
