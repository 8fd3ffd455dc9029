import type { Rule } from '../trace/site.ts';

/** What happens to an operator without a rule: everything it touches stays, and the plan names it. */
export const unknownOperator: Rule = (site) => stop(site, 'has no channel rule');

/** Freezes the inputs and gives outputs that cannot lose anything. */
export function stop(site: Parameters<Rule>[0], why: string): ReturnType<Rule> {
  for (const value of site.values()) site.freeze(value.labels, why);
  // An axis of size 1 in the place of the batch is taken for it: an operand that copies its size is right either way.
  return site.node.output.map((_, i) => {
    const dims = site.knownDims(i) ?? [];
    if (i === 0 && dims[site.batch] !== 1) site.batch = -1;
    return site.fixed(dims.length, why);
  });
}
