import type { LabelTensor } from '../labels/label-tensor.ts';
import { varyingAxes } from '../labels/label-tensor.ts';
import { unary } from '../rules/elementwise.ts';
import { RULES } from '../rules/index.ts';
import { reduceOfZero } from '../rules/reduce.ts';
import type { Rule, Site } from '../trace/site.ts';

/** A rule made wrong. */
export type Mutation = (rule: Rule) => Rule;

/** The labels of one channel stand where the next one's belong. */
export const shifted: Mutation = (rule) => (site) => rule(site).map((labels) => rotated(labels));
/** A sum is not said to be one: what is removed is not masked in front of it. */
export const unsummed = changed((site) => ({ consume: () => site.batch }));
/** Weights lose another input or filter than the one that goes. */
export const cutsAnother = changed((site) => {
  const cut = site.cut.bind(site);
  return {
    cut: (input, how) => {
      if (how.kind === 'axis') cut(input, { ...how, labels: ring(how.labels) });
      else cut(input, { ...how, minor: ring(how.minor), major: ring(how.major) });
    },
  };
});
/** Sizes and positions in the file stay as they were. */
export const unwritten = changed((site) => ({ rewrite: () => site.batch }));
/** Channels that meet are not tied. */
export const untied = changed((site) => ({ tie: () => site.batch }));
/** A removed channel does not count, where it counts as zero. */
export const averages = changed((site) => ({ consume: site.average.bind(site) }));
/** Channels go through an operator that mixes them. */
export const passes: Mutation = () => unary;
/** A mean of those that stay is taken for one of all. */
export const sums: Mutation = () => reduceOfZero;
/** Nothing is kept for the operator's sake. */
export const unfrozen = changed((site) => ({ freeze: () => site.batch }));

function changed(
  methods: (site: Site) => Partial<Pick<Site, 'consume' | 'average' | 'cut' | 'rewrite' | 'tie' | 'freeze'>>,
): Mutation {
  return (rule) => (site) => rule(Object.assign(site, methods(site)));
}

function rotated(labels: LabelTensor): LabelTensor {
  return varyingAxes(labels).length === 1 ? { dims: labels.dims, data: ring(labels.data) } : labels;
}

function ring(labels: Int32Array): Int32Array {
  return labels.map((_, i) => labels[(i + 1) % labels.length]!);
}

/** Runs something while the rule of one operator is another. */
export async function withRule<T>(op: string, rule: Rule, work: () => Promise<T>): Promise<T> {
  const registry: Record<string, Rule | undefined> = RULES;
  const right = registry[op];
  registry[op] = rule;
  try {
    return await work();
  } finally {
    registry[op] = right;
  }
}
