import type { FailureKind } from '../registry.ts';

export const platformFailures = {
  INTERNAL: {
    cause: 'A defect in Kneepoint: an error that no rule foresaw.',
    cure: 'Report it with the log lines of the run.',
    retryable: true,
  },
} as const satisfies Record<string, FailureKind>;
