import { Failure } from '@kneepoint/failures';

/** Throws TRAINING_OPTION_INVALID unless low ≤ value < high. */
export function bounded(field: string, value: number, low: number, high: number): void {
  if (!(value >= low && value < high)) refuse(`${field} is ${value}`, `a number from ${low} to below ${high}`);
}

export function refuse(problem: string, fix: string): never {
  throw new Failure('TRAINING_OPTION_INVALID', problem, { where: 'optimizer', fix });
}
