import type { Rule } from '../trace/site.ts';

/** What happens to an operator without a rule: everything it touches stays, and the plan names it. */
export const unknownOperator: Rule = (site) => stop(site, 'has no channel rule');

/** Freezes the inputs and gives outputs that cannot lose anything. */
export function stop(site: Parameters<Rule>[0], why: string): ReturnType<Rule> {
  for (const value of site.values()) site.freeze(value.labels, why);
  site.batch = -1;
  return site.node.output.map((name, i) => site.fixed(name === '' ? 0 : site.outputDims(i).length, why));
}
