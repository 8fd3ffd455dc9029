import type { ModelProto } from '@kneepoint/onnx';
import { Appended } from './appended.ts';
import { type Sampled, sampledInput, sampledOutput } from './sampling.ts';
import type { Unknowns } from './unknowns.ts';

/** Names of what the graphs here take and give, for one node. */
export const sums = {
  /** groups × rows × filters: the original's answers, for one cut of several. */
  targets: (node: string, cut = 0): string => `kneepoint.targets/${cut}/${node}`,
  /** groups × 1 × unknowns, and × filters: the point about which sums are taken. */
  pilot: (node: string): string => `kneepoint.pilot/${node}`,
  targetPilot: (node: string): string => `kneepoint.target-pilot/${node}`,
  /** groups × 1 × (unknowns + filters): means over the rows. */
  means: (node: string): string => `kneepoint.means/${node}`,
  /** groups × 1 × filters: mean squares of what is missed. */
  squares: (node: string): string => `kneepoint.squares/${node}`,
  /** groups × unknowns × (unknowns + filters): sums of products over the rows. */
  products: (node: string): string => `kneepoint.products/${node}`,
} as const;

/**
 * The original network, giving what its nodes answer at sampled positions, the filters that a cut keeps only: `sums.targets` of each.
 * @param cuts for each cut its sites; what several share is looked at in the same places
 */
export function targetsGraph(original: ModelProto, cuts: readonly (readonly Sampled[])[]): ModelProto {
  const to = new Appended(original);
  cuts.forEach((sampled, cut) => {
    for (const each of sampled) {
      const { node, filters, kept } = each.site;
      const name = sums.targets(node, cut);
      to.node('Identity', [sampledOutput(to, each, filters, kept)], {}, name);
      to.output(name);
    }
  });
  return to.build();
}

/** A site, its positions and what of it is fitted. */
export interface Fitted extends Sampled {
  readonly unknowns: Unknowns;
}

/**
 * The cut network from `sources` (values with their dimensions, fed instead of computed) to additive statistics of each site: with a
 * what a filter reads and e what the node misses of the original's answer, sums of a, e, a aᵀ, a eᵀ and e² about a pilot. Patches and
 * answers never leave the runtime. `values` come out too, as they are.
 */
export function statisticsGraph(
  cut: ModelProto,
  fitted: readonly Fitted[],
  {
    sources,
    values,
  }: { readonly sources: ReadonlyMap<string, readonly (number | string)[]>; readonly values: readonly string[] },
): ModelProto {
  const to = new Appended(cut);
  for (const [name, dims] of sources) to.feed(name, dims);
  for (const each of fitted) statistics(to, each);
  for (const value of values) to.output(value);
  return to.build();
}

function statistics(to: Appended, each: Fitted): void {
  const { site, unknowns } = each;
  const { node, layout } = site;
  const { groups, filters } = layout;
  const targets = to.feed(sums.targets(node), [groups, 'rows', filters]);
  const answers = sampledOutput(to, each, groups * filters);
  const shift = to.feed(sums.targetPilot(node), [groups, 1, filters]);
  const missed = to.node('Sub', [to.node('Sub', [targets, answers]), shift]);
  const give = (name: string): void => to.output(name);
  to.mean(to.node('Mul', [missed, missed]), 1, sums.squares(node));
  give(sums.squares(node));
  give(sums.means(node));
  if (unknowns.count === 0) {
    to.mean(missed, 1, sums.means(node));
    return;
  }
  const pilot = to.feed(sums.pilot(node), [groups, 1, unknowns.count]);
  const read = to.node('Sub', [perUnknown(to, sampledInput(to, each), unknowns), pilot]);
  const both = to.node('Concat', [read, missed], { axis: 2 });
  to.mean(both, 1, sums.means(node));
  to.node('MatMul', [to.transpose(read, [0, 2, 1]), both], {}, sums.products(node));
  give(sums.products(node));
}

/** Inputs that share an unknown are added up. */
function perUnknown(to: Appended, inputs: string, { count, channelOf }: Unknowns): string {
  if (!channelOf) return inputs;
  const members = new Float32Array(channelOf.length * count);
  channelOf.forEach((unknown, input) => (members[input * count + unknown] = 1));
  return to.node('MatMul', [inputs, to.floats([channelOf.length, count], members)]);
}
