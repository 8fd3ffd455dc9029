import { CONTRACTIONS, intAttr } from '@kneepoint/onnx';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import { classGroups } from '../plan/class-groups.ts';
import type { Consumption } from '../trace/edits.ts';

/** Where nodes read a value that they sum over its channels. */
export interface Reading {
  /** Name of the value read. */
  readonly value: string;
  /** The axis along which its channels lie. */
  readonly axis: number;
  /** Whoever reads it here: node name and position among the node's inputs. */
  readonly readers: readonly { readonly node: string; readonly input: number }[];
  /** Into so many groups the readers divide the channels: one group's output sees nothing of another's input. */
  readonly parts: number;
  /** Channels of each part. */
  readonly width: number;
  /** Where a flattened map is read, so many positions along the axis are one channel. Else 1. */
  readonly positions: number;
  /** Positions along the axis, parts × width × positions. */
  readonly channels: readonly number[];
  /** Class of each channel, parts × width. */
  readonly classes: readonly number[];
}

/**
 * Where the classes that may go are read, a reading for each group of classes and each value that contractions sum over; nodes that
 * divide a value into groups in the same way read it together. A group that no contraction reads is found where anything else sums over it.
 */
export function readingsOf(analysis: ChannelAnalysis): Reading[] {
  const consumptions = analysis.trace.consumptions.map((consumption) => ({
    ...consumption,
    classes: Array.from(consumption.labels, (label) => analysis.classOf(label) ?? -1),
  }));
  return classGroups(analysis).flatMap((group) => {
    const own = new Set(group);
    const reading = consumptions.filter(({ classes }) => classes.some((id) => own.has(id)));
    const contractions = reading.filter(({ node }) => CONTRACTIONS.has(node.opType));
    const sites = new Map<string, Read[]>();
    for (const read of contractions.length > 0 ? contractions : reading) {
      const key = JSON.stringify([read.value, read.axis, groupsOf(read)]);
      sites.set(key, [...(sites.get(key) ?? []), read]);
    }
    return [...sites.values()].map((reads) => readingOf(analysis, reads, own));
  });
}

interface Read extends Consumption {
  /** By position along the axis. */
  readonly classes: readonly number[];
}

function groupsOf({ node }: Consumption): number {
  return node.opType === 'Conv' || node.opType === 'ConvTranspose' ? intAttr(node, 'group', 1) : 1;
}

function readingOf(analysis: ChannelAnalysis, reads: readonly Read[], own: ReadonlySet<number>): Reading {
  const [first] = reads as [Read, ...Read[]];
  const { value, axis, rank, classes } = first;
  const channels = [...classes.keys()].filter((position) => own.has(classes[position]!));
  const groups = partsOf(channels, classes.length / groupsOf(first));
  const positions = groups.length === 1 && rank === 2 ? flattened(analysis, channels, classes) : 1;
  const ordered = positions > 1 ? [...channels].sort((a, b) => classes[a]! - classes[b]! || a - b) : channels;
  return {
    value,
    axis,
    readers: reads.map(({ node, input }) => ({ node: node.name, input })),
    parts: groups.length,
    width: channels.length / groups.length / positions,
    positions,
    channels: ordered,
    classes: ordered.filter((_, i) => i % positions === 0).map((position) => classes[position]!),
  };
}

/** Channels by the group of the convolution that they lie in; all together where groups hold differently many. */
function partsOf(channels: readonly number[], size: number): number[][] {
  const parts = new Map<number, number[]>();
  for (const position of channels) {
    const part = Math.floor(position / size);
    parts.set(part, [...(parts.get(part) ?? []), position]);
  }
  const all = [...parts.values()];
  return all.every(({ length }) => length === all[0]!.length) ? all : [[...channels]];
}

/**
 * Of how many positions each filter is, where a dense layer reads a map that was flattened: as long as the runs are in which a class lies, and no longer
 * than what there is of it for each of its filters. 1 where classes differ in that, and where positions are not side by side (unless they are too
 * many to be told apart).
 */
function flattened(analysis: ChannelAnalysis, channels: readonly number[], classes: readonly number[]): number {
  const lengths = new Map<number, number>();
  const runs = new Map<number, number>();
  for (const position of channels) {
    const id = classes[position]!;
    lengths.set(id, (lengths.get(id) ?? 0) + 1);
    if (classes[position - 1] !== id) runs.set(id, (runs.get(id) ?? 0) + 1);
  }
  const [count = 1, ...others] = new Set(
    [...lengths].map(([id, length]) => {
      const perFilter = length / Math.max(...analysis.classes[id]!.members.map(({ filters }) => filters.length));
      const run = length / runs.get(id)!;
      const wide = run === 1 && channels.length > MOST_CHANNELS;
      return Math.max(1, wide ? perFilter : Math.min(run, perFilter));
    }),
  );
  return others.length === 0 && Number.isInteger(count) ? count : 1;
}

/** More channels of one reading than this are not told apart from positions: the work grows with the cube. */
const MOST_CHANNELS = 4096;
