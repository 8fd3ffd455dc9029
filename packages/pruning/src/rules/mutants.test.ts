import type { ModelProto } from '@kneepoint/onnx';
import { floatTensor, Layers } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import type { Middle } from '../testing/middle.ts';
import type { Mutant } from '../testing/mutants.ts';
import { MUTANTS } from '../testing/mutants.ts';
import { withRule } from '../testing/mutations.ts';
import { expectProved, provePlan } from '../testing/prove-plan.ts';
import { RULES } from './index.ts';

/** Answers near 1e-4 behind a sigmoid, of which rounding alone changes a thousandth: the hardest case that a proof has to see through. */
function smallAnswersAround(middle: Middle, opset = 17): ModelProto {
  const net = new Layers(9, { opset });
  const inner = net.block(middle(net, net.block(net.image(3, 8), 8, { name: 'before' })), 6, { name: 'after' });
  const scores = net.linear(net.flatten(net.globalPool(inner)), 3);
  const low = net.graph.node('Sub', [scores, net.graph.init(floatTensor([], [9.5]))]);
  net.output(net.note(net.graph.node('Sigmoid', [low]), [3]));
  return net.build();
}

/** What a proof makes of a network: true, false, or the words of what was thrown. */
async function outcome(model: ModelProto): Promise<string> {
  try {
    const { proof } = await provePlan(model);
    return proof.passed ? 'passed' : 'noticed';
  } catch (error) {
    return error instanceof Error ? 'thrown' : 'unknown';
  }
}

describe('a wrong rule does not get through a proof', () => {
  it.each(MUTANTS.map((mutant) => [`${mutant.op} ${mutant.wrong}`, mutant] as const))(
    '%s',
    async (_, { op, middle, mutation, opset }: Mutant) => {
      const model = smallAnswersAround(middle, opset);
      expectProved((await provePlan(model)).proof);
      expect(await withRule(op, mutation(RULES[op]!), () => outcome(model))).not.toBe('passed');
    },
  );

  it('there is a wrong one for each rule', () => {
    const tried = new Set(MUTANTS.map(({ op }) => RULES[op]));
    const untried = Object.entries(RULES).flatMap(([op, rule]) => (tried.has(rule) ? [] : [op]));
    expect(untried).toEqual([]);
  });
});
