import type { AdamSpec, OptimizerKind } from './optimizer.ts';
import { LEARNING_RATE } from './optimizer.ts';
import { bounded, refuse } from './options.ts';

/** 1 / (1 − β₁ᵗ) and 1 / (1 − β₂ᵗ): fed, because a graph does not count steps. */
const FIRST = 'correction/first';
const SECOND = 'correction/second';

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

export const adam: OptimizerKind<AdamSpec> = {
  check({ beta1 = BETA1, beta2 = BETA2, epsilon = EPSILON }) {
    bounded('beta1', beta1, 0, 1);
    bounded('beta2', beta2, 0, 1);
    if (!(epsilon > 0)) refuse(`epsilon is ${epsilon}`, 'a number above 0');
  },
  slots: () => ['first', 'second'],
  scalars: ({ beta1 = BETA1, beta2 = BETA2 }, step) => ({
    [FIRST]: 1 / (1 - beta1 ** step),
    [SECOND]: 1 / (1 - beta2 ** step),
  }),
  update({ emit, weight, gradient, slots, decay, scalar }, spec) {
    const { beta1 = BETA1, beta2 = BETA2, epsilon = EPSILON } = spec;
    const [first, second] = slots as [string, string];
    const coupled = spec.kind === 'adam' && decay !== 0;
    const slope = coupled ? emit.add(gradient, emit.mul(weight, emit.scalar(decay))) : gradient;
    const mean = (old: string, value: string, beta: number) =>
      emit.add(emit.mul(old, emit.scalar(beta)), emit.mul(value, emit.scalar(1 - beta)));
    const nextFirst = mean(first, slope, beta1);
    const nextSecond = mean(second, emit.mul(slope, slope), beta2);
    const rate = emit.mul(scalar(LEARNING_RATE), scalar(FIRST));
    const size = emit.add(emit.unary('Sqrt', emit.mul(nextSecond, scalar(SECOND))), emit.scalar(epsilon));
    const kept =
      spec.kind === 'adamw' && decay !== 0
        ? emit.mul(weight, emit.sub(emit.scalar(1), emit.mul(scalar(LEARNING_RATE), emit.scalar(decay))))
        : weight;
    return { weight: emit.sub(kept, emit.div(emit.mul(nextFirst, rate), size)), slots: [nextFirst, nextSecond] };
  },
};
