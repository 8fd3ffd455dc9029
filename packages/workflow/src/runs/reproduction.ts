import type { StepPlan } from '@kneepoint/platform';
import { REPRODUCTION, type ReproductionInput, reproductionKey } from '../steps/reproduction.ts';

/** One step: what it took to make the results were runs of their own. */
export function planReproduction(input: ReproductionInput): readonly StepPlan[] {
  const { kind, service, timeoutSeconds } = REPRODUCTION;
  const key = reproductionKey(input);
  return [{ ref: kind, kind, service, timeoutSeconds, name: 'read results', key, input, dependsOn: [] }];
}
