import { Failure } from '@kneepoint/failures';

/** ε of a knee when it lies between 0 and 1, else EPSILON_INVALID with the field it came by. */
export function requireEpsilon(epsilon: number, where = 'epsilon'): number {
  if (epsilon > 0 && epsilon < 1) return epsilon;
  throw new Failure('EPSILON_INVALID', `ε is ${epsilon}`, {
    where,
    fix: 'Pass a number greater than 0 and less than 1, such as 0.01.',
  });
}
