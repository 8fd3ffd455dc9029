import type { AdamSpec, OptimizerKind } from './optimizer.ts';
import { LEARNING_RATE } from './optimizer.ts';
import { bounded, refuse } from './options.ts';

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** What the learning rate is multiplied by, and ε, at a step: fed, because a graph does not count steps. */
const RATE = 'correction/rate';
const DAMPING = 'correction/epsilon';

/**
 * Adam and AdamW. The slots hold m / (1 − β₁) and v / (1 − β₂), and all that is the same for every weight is in two scalars: with
 * r = √((1 − β₂) / (1 − β₂ᵗ)), w ← w − lr · (1 − β₁) / ((1 − β₁ᵗ) · r) · M / (√V + ε / r). That is ten passes over a weight instead of thirteen.
 */
export const adam: OptimizerKind<AdamSpec> = {
  check({ beta1 = BETA1, beta2 = BETA2, epsilon = EPSILON }) {
    bounded('beta1', beta1, 0, 1);
    bounded('beta2', beta2, 0, 1);
    if (!(epsilon > 0)) refuse(`epsilon is ${epsilon}`, 'a number above 0');
  },
  slots: () => ['first', 'second'],
  scalars: ({ beta1 = BETA1, beta2 = BETA2, epsilon = EPSILON }, step) => {
    const root = Math.sqrt((1 - beta2) / (1 - beta2 ** step));
    return { [RATE]: (1 - beta1) / ((1 - beta1 ** step) * root), [DAMPING]: epsilon / root };
  },
  update({ emit, weight, gradient, slots, decay, scalar }, spec) {
    const { beta1 = BETA1, beta2 = BETA2 } = spec;
    const [first, second] = slots as [string, string];
    const coupled = spec.kind === 'adam' && decay !== 0;
    const slope = coupled ? emit.add(gradient, emit.mul(weight, emit.scalar(decay))) : gradient;
    const nextFirst = emit.add(emit.mul(first, emit.scalar(beta1)), slope);
    const nextSecond = emit.add(emit.mul(second, emit.scalar(beta2)), emit.mul(slope, slope));
    const direction = emit.div(nextFirst, emit.add(emit.unary('Sqrt', nextSecond), scalar(DAMPING)));
    const rate = emit.mul(scalar(LEARNING_RATE), scalar(RATE));
    const kept =
      spec.kind === 'adamw' && decay !== 0
        ? emit.mul(weight, emit.sub(emit.scalar(1), emit.mul(scalar(LEARNING_RATE), emit.scalar(decay))))
        : weight;
    return { weight: emit.sub(kept, emit.mul(direction, rate)), slots: [nextFirst, nextSecond] };
  },
};
