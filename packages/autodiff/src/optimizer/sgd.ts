import type { OptimizerKind, SgdSpec } from './optimizer.ts';
import { LEARNING_RATE } from './optimizer.ts';
import { bounded, refuse } from './options.ts';

export const sgd: OptimizerKind<SgdSpec> = {
  check({ momentum = 0, nesterov = false }) {
    bounded('momentum', momentum, 0, 1);
    if (nesterov && momentum === 0) refuse('nesterov without momentum', 'a momentum above 0');
  },
  slots: ({ momentum = 0 }) => (momentum === 0 ? [] : ['momentum']),
  scalars: () => ({}),
  update({ emit, weight, gradient, slots: [velocity], decay, scalar }, { momentum = 0, nesterov = false }) {
    const decayed = decay === 0 ? gradient : emit.add(gradient, emit.mul(weight, emit.scalar(decay)));
    if (velocity === undefined) return { weight: descend(decayed), slots: [] };
    const next = emit.add(emit.mul(velocity, emit.scalar(momentum)), decayed);
    const direction = nesterov ? emit.add(decayed, emit.mul(next, emit.scalar(momentum))) : next;
    return { weight: descend(direction), slots: [next] };

    function descend(along: string): string {
      return emit.sub(weight, emit.mul(along, scalar(LEARNING_RATE)));
    }
  },
};
