import type { FailureKind } from '../registry.ts';

export const datasetFailures = {} as const satisfies Record<string, FailureKind>;
