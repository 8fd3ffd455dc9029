import { describe, expect, it } from 'vitest';
import { RULES } from '../rules/index.ts';
import type { OperatorRule } from '../rules/rule.ts';
import { checkGradient, gradientsOf } from './check-gradient.ts';
import { oneNode } from './one-node.ts';

const model = oneNode('Identity', { x: [2, 3] });

async function withRule(rule: OperatorRule, work: () => Promise<void>): Promise<void> {
  const rules = RULES as Record<string, OperatorRule>;
  const right = rules['Identity']!;
  rules['Identity'] = rule;
  try {
    await work();
  } finally {
    rules['Identity'] = right;
  }
}

describe('the gradient check', () => {
  it('passes what is right', async () => {
    await checkGradient({ model });
  });

  it('names what is wrong by a part in ten thousand', async () => {
    const wrong: OperatorRule = {
      vjp: ({ emit }, [dy]) => [emit.mul(dy!, emit.scalar(1.0001))],
    };
    await withRule(wrong, async () => {
      await expect(checkGradient({ model })).rejects.toThrow(/^float64 difference quotient, by x: element/);
    });
  });

  it('fails where a gradient is left out', async () => {
    await withRule({ vjp: () => [undefined] }, async () => {
      await expect(checkGradient({ model })).rejects.toThrow(/, expected 0 /);
    });
  });

  it('hands out the weights of the outputs as the gradient of Identity', async () => {
    const { gradients, weights } = await gradientsOf({ model });
    expect(gradients['x']!.data).toEqual(Float32Array.from(weights['identity1']!.data as Float64Array));
  });
});
