import { RUN_STATES, STEP_STATES } from '@kneepoint/platform';
import { registerEnumType } from 'type-graphql';

export const RunKind = {
  IMPORT_MODEL: 'IMPORT_MODEL',
  IMPORT_DATASET: 'IMPORT_DATASET',
  ANALYSIS: 'ANALYSIS',
  PRUNE: 'PRUNE',
  FINETUNE: 'FINETUNE',
  COMPRESSION: 'COMPRESSION',
  BENCHMARK: 'BENCHMARK',
} as const;

export const RunState = named(RUN_STATES);
export const StepState = named(STEP_STATES);

registerEnumType(RunKind, { name: 'RunKind' });
registerEnumType(RunState, {
  name: 'RunState',
  description: 'SUCCEEDED, FAILED, CANCELED and TIMED_OUT are final.',
});
registerEnumType(StepState, { name: 'StepState', description: 'SUCCEEDED, FAILED and CANCELED are final.' });

function named(states: readonly string[]): Record<string, string> {
  return Object.fromEntries(states.map((state) => [state, state]));
}
