import { DataType, elementCount } from '@kneepoint/onnx';
import { openSession } from '@kneepoint/runtime';
import { describe, expect, it } from 'vitest';
import { Emitter } from '../emit/emitter.ts';
import { torchFigures } from '../step/testing/torch-figures.ts';
import { hyperparameters, optimizerOf } from './index.ts';
import type { OptimizerSpec } from './optimizer.ts';

const { start, gradients, rates, weightDecay, optimizers } = torchFigures;

/** The weight after following the gradients, step by step through the runtime, in float64. */
async function followed(spec: OptimizerSpec, decay: number): Promise<number[]> {
  const emit = new Emitter({ float: DataType.DOUBLE });
  const dims = [start.length];
  const kind = optimizerOf(spec);
  const names = kind.slots(spec);
  for (const name of Object.keys(hyperparameters(spec, 1, 0))) emit.input(name, []);
  const update = kind.update(
    {
      emit,
      weight: emit.input('weight', dims),
      gradient: emit.input('gradient', dims),
      slots: names.map((name) => emit.input(`slot/${name}`, dims)),
      decay,
      scalar: (name) => name,
    },
    spec,
  );
  emit.namedOutput(update.weight, 'next/weight');
  update.slots.forEach((slot, i) => emit.namedOutput(slot, `next/slot/${names[i]!}`));
  const session = await openSession(emit.build(), { threads: 1 });
  let state: Record<string, ArrayLike<number>> = {
    weight: start,
    ...Object.fromEntries(names.map((name) => [`slot/${name}`, start.map(() => 0)])),
  };
  for (const [i, gradient] of gradients.entries()) {
    const scalars = hyperparameters(spec, i + 1, rates[i]!);
    const values: Record<string, ArrayLike<number>> = { ...state, gradient };
    const feeds = Object.fromEntries(
      session.inputs.map(({ name, dims: size }) => {
        const data = Float64Array.from(values[name] ?? [scalars[name]!]);
        expect(data.length).toBe(elementCount(size as number[]));
        return [name, { dims: size as number[], data }];
      }),
    );
    const results = await session.run(feeds);
    state = Object.fromEntries(
      Object.entries(results).map(([name, { data }]) => [name.slice('next/'.length), data as Float64Array]),
    );
  }
  await session.release();
  return Array.from(state['weight']!);
}

/** The textbook formulas, one number at a time. */
function reference(spec: OptimizerSpec, decay: number): number[] {
  return start.map((first, i) => {
    let [w, v, m, s] = [first, 0, 0, 0];
    gradients.forEach((gradient, t) => {
      const rate = rates[t]!;
      if (spec.kind === 'sgd') {
        const { momentum = 0, nesterov = false } = spec;
        const g = gradient[i]! + decay * w;
        v = momentum * v + g;
        w -= rate * (nesterov ? g + momentum * v : v);
        return;
      }
      const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = spec;
      const g = gradient[i]! + (spec.kind === 'adam' ? decay * w : 0);
      m = beta1 * m + (1 - beta1) * g;
      s = beta2 * s + (1 - beta2) * g * g;
      if (spec.kind === 'adamw') w *= 1 - rate * decay;
      w -= (rate * (m / (1 - beta1 ** (t + 1)))) / (Math.sqrt(s / (1 - beta2 ** (t + 1))) + epsilon);
    });
    return w;
  });
}

describe('20 steps end where PyTorch and the textbook end', () => {
  it.each(optimizers.map(({ spec, end }) => [JSON.stringify(spec), spec, end] as const))('%s', async (_, spec, end) => {
    const found = await followed(spec, weightDecay);
    const expected = reference(spec, weightDecay);
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(end[i]!, 12);
      expect(value).toBeCloseTo(expected[i]!, 12);
    });
  });

  it.each(optimizers.map(({ spec }) => [JSON.stringify(spec), spec] as const))('%s without decay', async (_, spec) => {
    const found = await followed(spec, 0);
    reference(spec, 0).forEach((value, i) => expect(found[i]).toBeCloseTo(value, 12));
  });
});

it.each<[OptimizerSpec, string]>([
  [{ kind: 'sgd', momentum: -0.1 }, 'momentum is -0.1'],
  [{ kind: 'adam', beta1: 1 }, 'beta1 is 1'],
  [{ kind: 'adamw', beta2: NaN }, 'beta2 is NaN'],
  [{ kind: 'adam', epsilon: 0 }, 'epsilon is 0'],
])('%j is refused', (spec, message) => {
  expect(() => optimizerOf(spec).check(spec)).toThrow(message);
});
