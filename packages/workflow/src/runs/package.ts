import type { StepPlan } from '@kneepoint/platform';
import { PACKAGE, type PackageInput, packageKey } from '../steps/package.ts';

/** One step: all else was done by the run that made the network. */
export function planPackage(input: PackageInput): readonly StepPlan[] {
  const { kind, service, timeoutSeconds } = PACKAGE;
  const name = `package ${input.label}`;
  return [{ ref: kind, kind, service, timeoutSeconds, name, key: packageKey(input), input, dependsOn: [] }];
}
