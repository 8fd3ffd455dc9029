import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPlan, type StepPlan } from './plan.ts';

function step(ref: string, dependsOn: readonly string[] = [], service = 'extractor'): StepPlan {
  return { ref, dependsOn, service, kind: 'work', name: ref, key: ref, input: {} };
}

describe('a plan', () => {
  it.each([
    ['has no steps', [], 'the plan has no steps'],
    ['uses a name twice', [step('a'), step('a')], 'two steps are called "a"'],
    ['depends on what is not there', [step('a', ['b'])], '"a" depends on "b", which is not in the plan'],
    ['depends on itself', [step('a', ['a'])], '"a" waits for itself through its dependencies'],
    [
      'runs in a circle',
      [step('a'), step('b', ['a', 'c']), step('c', ['b'])],
      '"b" waits for itself through its dependencies',
    ],
    ['names no possible service', [step('a', [], 'a.b')], '"a.b" can\'t be the name of a service'],
  ])('that %s is refused', (_what, steps, message) => {
    expect(() => checkPlan(steps)).toThrowError(expect.objectContaining({ code: 'PLAN_INVALID', message }) as Error);
  });

  it('whose steps only look back is accepted, in whatever order they stand', () => {
    const edges = fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 40 });
    fc.assert(
      fc.property(edges, fc.shuffledSubarray([...Array(12).keys()], { minLength: 12 }), (pairs, order) => {
        const steps = order.map((n) =>
          step(
            `${n}`,
            pairs.filter(([from, to]) => Math.max(from, to) === n && from !== to).map((pair) => `${Math.min(...pair)}`),
          ),
        );
        expect(() => checkPlan(steps)).not.toThrow();
      }),
    );
  });
});
