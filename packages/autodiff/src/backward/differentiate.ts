import { Failure } from '@kneepoint/failures';
import type { Emitter } from '../emit/emitter.ts';
import { sameDims } from '../emit/emitter.ts';
import type { Placed } from '../forward/place.ts';
import { RULES } from '../rules/index.ts';
import type { Site } from '../rules/rule.ts';

/**
 * Reverse-mode differentiation (Griewank and Walther, ch. 3): walks the placed nodes backwards, asks each operator's rule for its
 * vector-Jacobian product and adds up what reaches a value from several consumers. Nothing is emitted where no gradient is wanted.
 * @param seeds by step-graph value: the derivative of the loss with respect to it
 * @returns by step-graph value, the derivative with respect to everything that trains; what the loss does not depend on is absent
 * @throws AUTODIFF_OPERATOR naming the node, for an operator without a rule on a path that needs one
 */
export function differentiate(
  emit: Emitter,
  placed: Placed,
  seeds: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const parts = new Map<string, string[]>();
  const contribute = (value: string, cotangent: string): void => {
    if (!sameDims(emit.shape(value), emit.shape(cotangent))) {
      const [wanted, given] = [emit.shape(value), emit.shape(cotangent)].map((dims) => `[${dims.join(', ')}]`);
      throw new Failure('INTERNAL', `the gradient of ${value} ${wanted} was given as ${given}`);
    }
    parts.set(value, [...(parts.get(value) ?? []), cotangent]);
  };
  const total = (value: string): string | undefined => {
    const [first, ...rest] = parts.get(value) ?? [];
    if (first === undefined) return undefined;
    const sum = rest.reduce((a, b) => emit.add(a, b), first);
    parts.set(value, [sum]);
    return sum;
  };
  for (const [value, cotangent] of seeds) contribute(value, cotangent);
  for (const site of placed.sites.toReversed()) {
    if (!site.inputs.some((_, i) => site.wants(i))) continue;
    const cotangents = site.outputs.map((output) => (output === '' ? undefined : total(output)));
    if (cotangents.every((cotangent) => cotangent === undefined)) continue;
    const results = ruleOf(site).vjp(site, cotangents);
    site.inputs.forEach((input, i) => {
      const result = results[i];
      if (site.wants(i) && result !== undefined) contribute(input, result);
    });
  }
  return new Map([...parts.keys()].map((value) => [value, total(value)!]));
}

function ruleOf(site: Site): (typeof RULES)[string] {
  const rule = RULES[site.node.opType];
  if (rule) return rule;
  throw new Failure('AUTODIFF_OPERATOR', `${site.node.opType} has no derivative here`, {
    where: `node ${site.name}`,
    fix: 'Freeze the layers before this node, or train the head only.',
  });
}
