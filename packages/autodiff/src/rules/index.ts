import type { RuleSet } from './rule.ts';
import { vjp } from './rule.ts';

/** One rule per operator of the default domain: how it is placed and differentiated. A new operator is a line here. */
export const RULES: RuleSet = {
  Identity: vjp((_site, [dy]) => [dy]),
};
