import { type Graph, type ModelProto, type NodeProto, isDropped } from '@kneepoint/onnx';
import type { Plan } from '../plan/plan.ts';
import type { Consumption } from '../trace/edits.ts';
import type { Shapes, Trace } from '../trace/trace.ts';
import type { Removed } from './removed.ts';
import { resolvePlan } from './resolve-plan.ts';
import { zeroChannels } from './zero-channels.ts';

/** A node that takes a statistic over channels of which some go, so that "equal to masking" has to be said. */
export interface OverChannels {
  readonly node: string;
  readonly op: string;
  /**
   * What went was zero there, and still counts: a mean is that of the kept × kept ÷ all. Otherwise the statistic is over those that stay,
   * in the cut network and in the masked one.
   */
  readonly countsRemoved: boolean;
}

/** Operators that can count a removed channel as zero: kept ÷ all times the mean, the larger of the maximum and 0, the lesser. */
const COUNTING: ReadonlySet<string> = new Set(['ReduceMean', 'ReduceMax', 'ReduceMin']);

/** What a plan takes from under statistics over channels. Throws as `prune` does. */
export function overChannels(model: ModelProto, shapes: Shapes, plan: Plan): readonly OverChannels[] {
  const { trace, removed } = resolvePlan(model, shapes, plan);
  return statisticsOf(trace, removed);
}

/** The nodes that would take statistics over other channels after some cut. */
export function statisticsAtStake(trace: Trace): readonly Pick<OverChannels, 'node' | 'op'>[] {
  return trace.averages.flatMap(({ node, labels }) =>
    labels.some((label) => trace.labels.reason(label) === undefined) ? [{ node: node.name, op: node.opType }] : [],
  );
}

export function statisticsOf(trace: Trace, removed: Removed): readonly OverChannels[] {
  const touched = trace.averages.filter(({ labels }) => labels.some(removed));
  if (touched.length === 0) return [];
  const hasWeights = !trace.graph.proto.initializer.some(isDropped);
  const zero = hasWeights ? zeroChannels(trace, removed) : new Map<string, ReadonlySet<number>>();
  const counts = (average: Consumption) =>
    COUNTING.has(average.node.opType) &&
    average.labels.every((label) => !removed(label) || zero.get(average.value)?.has(trace.labels.find(label)) === true);
  const over = touched.filter((average) => !counts(average)).map(({ node }) => node);
  return touched.map((average) => ({
    node: average.node.name,
    op: average.node.opType,
    // A variance over the kept of deviations from a mean over all would be neither the one nor the other.
    countsRemoved: counts(average) && !leadsTo(trace.graph, average.node, new Set(over)),
  }));
}

/** Sums of products, behind which a statistic is just another number. */
const CONTRACTIONS: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul', 'Einsum']);

function leadsTo(graph: Graph, from: NodeProto, targets: ReadonlySet<NodeProto>): boolean {
  const seen = new Set<NodeProto>([from]);
  const open = [from];
  for (let node = open.pop(); node; node = open.pop()) {
    for (const { node: reader } of node.output.flatMap((name) => graph.consumers(name))) {
      if (targets.has(reader)) return true;
      if (seen.has(reader) || CONTRACTIONS.has(reader.opType)) continue;
      seen.add(reader);
      open.push(reader);
    }
  }
  return false;
}

/** For a report: what "equal to masking" means where statistics are over channels. One sentence for each kind. */
export function meaningOfEqual(found: readonly OverChannels[]): readonly string[] {
  const [counted, left] = [
    found.filter(({ countsRemoved }) => countsRemoved),
    found.filter((one) => !one.countsRemoved),
  ];
  return [
    ...(left.length > 0
      ? [
          `Over the channels that stay: ${named(left)}. The proof says that the cut network equals the original with the removed channels left out of these statistics, not the original with them in.`,
        ]
      : []),
    ...(counted.length > 0
      ? [`Over all channels as before, since those removed were zero there: ${named(counted)}.`]
      : []),
  ];
}

/** The same before a plan is made. */
export function meaningAtStake(found: readonly Pick<OverChannels, 'node' | 'op'>[]): readonly string[] {
  if (found.length === 0) return [];
  return [
    `Statistics over channels that can go: ${named(found)}. After a cut they are over the channels that stay, unless those removed are zero there: a proof then says that the cut network equals the original with these channels left out of the statistics, not the original with them in.`,
  ];
}

const NAMED = 5;

function named(found: readonly Pick<OverChannels, 'node' | 'op'>[]): string {
  const list = found.slice(0, NAMED).map(({ node, op }) => `${node} (${op})`);
  return `${list.join(', ')}${found.length > NAMED ? ` and ${found.length - NAMED} more` : ''}`;
}
