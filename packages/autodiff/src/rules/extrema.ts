import { asMask, route } from './indicator.ts';
import type { OperatorRule, RuleSet } from './rule.ts';

/** The larger and the smaller of several values, with broadcasting. Where they tie, the first of them gets all of the gradient. */
export const extrema: RuleSet = {
  Max: extremum('Max', 'GreaterOrEqual', 'Less'),
  Min: extremum('Min', 'LessOrEqual', 'Greater'),
};

/**
 * Folded from the left, two at a time, so that every step has two sides and a tie goes to the left one.
 * @param wins the comparison by which the left value is taken
 * @param loses the comparison by which the right value is taken
 */
function extremum(op: string, wins: string, loses: string): OperatorRule {
  return {
    forward: (site) => {
      const { emit, inputs } = site;
      const [first, ...rest] = inputs as [string, ...string[]];
      if (rest.length === 0) return [emit.unary('Identity', first)];
      let best = first;
      rest.forEach((value, i) => {
        best = emit.binary(op, best, value);
        site.saved.set(`best${i + 1}`, best);
      });
      return [best];
    },
    vjp: (site, [dy]) => {
      const { emit, inputs } = site;
      const results: (string | undefined)[] = inputs.map(() => undefined);
      const give = (input: number, cotangent: string): void => {
        if (site.wants(input)) results[input] = emit.unbroadcast(cotangent, emit.shape(inputs[input]!));
      };
      let flowing = dy!;
      for (let i = inputs.length - 1; i > 0; i--) {
        const [left, right] = [i === 1 ? inputs[0]! : site.saved.get(`best${i - 1}`)!, inputs[i]!];
        const goesLeft = inputs.slice(0, i).some((_, input) => site.wants(input));
        if (!goesLeft) {
          give(i, emit.mul(flowing, asMask(emit, emit.binary(loses, left, right))));
          return results;
        }
        const mask = asMask(emit, emit.binary(wins, left, right));
        if (site.wants(i)) {
          const [toLeft, toRight] = route(emit, flowing, mask);
          give(i, toRight);
          flowing = emit.unbroadcast(toLeft, emit.shape(left));
        } else {
          flowing = emit.unbroadcast(emit.mul(flowing, mask), emit.shape(left));
        }
      }
      give(0, flowing);
      return results;
    },
  };
}
