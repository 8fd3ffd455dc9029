import { DataType } from '@kneepoint/onnx';
import type { Appended } from './appended.ts';
import type { Site } from './units.ts';

/** A site and how many of its output positions are looked at in every image. */
export interface Sampled {
  readonly site: Site;
  readonly positions: number;
}

/** Names of what sampling feeds, for one node. */
export const feeds = {
  /** int64 P: flat output positions. */
  positions: (node: string): string => `kneepoint.positions/${node}`,
  /** int64 P·K and float P·K: where the positions read a map, see `tapsAt`. */
  taps: (node: string): string => `kneepoint.taps/${node}`,
  inside: (node: string): string => `kneepoint.inside/${node}`,
} as const;

/**
 * What a site gives at its positions: groups × rows × filters in float32, rows being image by image and position by position.
 * @param filters how many the network at hand has
 * @param kept those that are wanted; all by default
 */
export function sampledOutput(to: Appended, { site, positions }: Sampled, filters: number, kept?: Int32Array): string {
  const { node, output, layout } = site;
  const { groups, reading } = layout;
  const chosen = to.feed(feeds.positions(node), [positions], DataType.INT64);
  const value = to.node('Cast', [output], { to: DataType.FLOAT });
  const count = kept?.length ?? filters;
  const some = (from: string, axis: number): string =>
    count < filters ? to.node('Gather', [from, to.ints([...kept!])], { axis }) : from;
  if (reading.kind === 'rows') {
    const rows = to.reshape(channelsLast(to, value, reading.rank, reading.outputAxis), [-1, layout.positions, filters]);
    return to.reshape(some(to.node('Gather', [rows, chosen], { axis: 1 }), 2), [1, -1, count]);
  }
  const map = to.reshape(value, [-1, filters, layout.positions]);
  const grouped = to.reshape(some(to.node('Gather', [map, chosen], { axis: 2 }), 1), [
    -1,
    groups,
    count / groups,
    positions,
  ]);
  return to.reshape(to.transpose(grouped, [1, 0, 3, 2]), [groups, -1, count / groups]);
}

/**
 * What the filters of a site multiply their weights by at its positions: groups × rows × (channels · taps) in float32. The zeros of a
 * padding come out as zeros.
 */
export function sampledInput(to: Appended, { site, positions }: Sampled): string {
  const { node, input, layout } = site;
  const { groups, channels, taps, reading } = layout;
  const value = to.node('Cast', [input], { to: DataType.FLOAT });
  if (reading.kind === 'rows') {
    const chosen = to.feed(feeds.positions(node), [positions], DataType.INT64);
    const rows = to.reshape(channelsLast(to, value, reading.rank, reading.inputAxis), [-1, layout.positions, channels]);
    return to.reshape(to.node('Gather', [rows, chosen], { axis: 1 }), [1, -1, channels]);
  }
  const places = to.feed(feeds.taps(node), [positions * taps], DataType.INT64);
  const inside = to.feed(feeds.inside(node), [positions * taps]);
  const size = reading.window!.input.reduce((product, length) => product * length, 1);
  const flat = to.reshape(value, [-1, groups * channels, size]);
  const seen = to.node('Mul', [to.node('Gather', [flat, places], { axis: 2 }), inside]);
  const patches = to.reshape(seen, [-1, groups, channels, positions, taps]);
  return to.reshape(to.transpose(patches, [1, 0, 3, 2, 4]), [groups, -1, channels * taps]);
}

function channelsLast(to: Appended, value: string, rank: number, axis: number): string {
  const others = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis);
  return to.transpose(value, [...others, axis]);
}
