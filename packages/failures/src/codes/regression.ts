import type { FailureKind } from '../registry.ts';

export const regressionFailures = {} as const satisfies Record<string, FailureKind>;
